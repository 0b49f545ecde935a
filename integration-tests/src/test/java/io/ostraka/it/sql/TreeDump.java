package io.ostraka.it.sql;

import io.ostraka.rules.sql.PgNode;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlDynamicParam;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlNodeList;

/** All that a tree holds but its positions, as text: what any accessor of a node tells is in it. */
final class TreeDump {
    private final StringBuilder text = new StringBuilder();

    private TreeDump() {}

    static String of(SqlNode node) {
        TreeDump dump = new TreeDump();
        dump.add(node);
        return dump.text.toString();
    }

    private void add(Object value) {
        if (value instanceof PgNode node) {
            parts(node);
        } else if (value instanceof SqlNodeList list) {
            add(list.getList());
        } else if (value instanceof SqlDynamicParam parameter) {
            text.append('$').append(parameter.getIndex());
        } else if (value instanceof SqlIdentifier name) {
            text.append(name.names);
        } else if (value instanceof SqlCall call) {
            text.append(call.getOperator().getName()).append(call.getOperator().getSyntax());
            add(call.getOperandList());
        } else if (value instanceof Optional<?> optional) {
            add(optional.<Object>map(found -> found).orElse("none"));
        } else if (value instanceof List<?> list) {
            text.append('(');
            list.forEach(element -> {
                add(element);
                text.append(' ');
            });
            text.append(')');
        } else {
            text.append(value);
        }
    }

    private void parts(PgNode node) {
        text.append(node.getClass().getSimpleName()).append('{');
        Arrays.stream(node.getClass().getDeclaredMethods())
                .filter(method -> Modifier.isPublic(method.getModifiers()) && !Modifier.isStatic(method.getModifiers()))
                .filter(method -> method.getParameterCount() == 0 && !method.isSynthetic())
                .sorted(Comparator.comparing(Method::getName))
                .forEach(method -> {
                    text.append(method.getName()).append('=');
                    add(invoke(method, node));
                    text.append(' ');
                });
        text.append('}');
    }

    private static Object invoke(Method method, Object target) {
        try {
            return method.invoke(target);
        } catch (IllegalAccessException | InvocationTargetException e) {
            throw new IllegalStateException(method.toString(), e);
        }
    }
}
