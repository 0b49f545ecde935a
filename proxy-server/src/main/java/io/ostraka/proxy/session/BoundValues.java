package io.ostraka.proxy.session;

import io.ostraka.proxy.wire.BindValue;
import io.ostraka.proxy.wire.BindView;
import io.ostraka.proxy.wire.ClientEncoding;
import io.ostraka.rules.plan.StatementValues;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The values of a Bind: its parameters, and the literals of the statement's text. Confined to the session's event loop. */
final class BoundValues implements StatementValues {
    private final BindView bind;
    private Optional<StatementValues> literals = Optional.empty();
    private List<Integer> oids = List.of();
    private ClientEncoding encoding = ClientEncoding.UTF8;

    BoundValues(BindView bind) {
        this.bind = bind;
    }

    /** The values of these parameters, to be bound to a statement of the proxy's own. */
    static List<BindValue> of(StatementValues values, List<Integer> numbers) {
        List<BindValue> bound = new ArrayList<>(numbers.size());
        for (int number : numbers) {
            bound.add(new BindValue(
                    values.parameterIsBinary(number),
                    values.parameterIsNull(number) ? Optional.empty() : Optional.of(values.parameter(number))));
        }
        return bound;
    }

    void use(StatementValues statementLiterals, List<Integer> parameterOids, ClientEncoding ofClient) {
        literals = Optional.of(statementLiterals);
        oids = parameterOids;
        encoding = ofClient;
    }

    @Override
    public CharSequence literal(int index) {
        return literals.orElseThrow().literal(index);
    }

    @Override
    public int parameterCount() {
        return bind.parameterCount();
    }

    @Override
    public boolean parameterIsNull(int number) {
        return bind.isNull(number);
    }

    @Override
    public int parameterOid(int number) {
        return number <= oids.size() ? oids.get(number - 1) : 0;
    }

    @Override
    public boolean parameterIsBinary(int number) {
        return bind.isBinary(number);
    }

    @Override
    public byte[] parameter(int number) {
        return bind.value(number);
    }

    @Override
    public byte[] inUtf8(byte[] text) {
        return encoding.inUtf8(text);
    }
}
