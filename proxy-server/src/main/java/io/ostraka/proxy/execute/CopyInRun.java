package io.ostraka.proxy.execute;

import io.netty.buffer.ByteBuf;
import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.backend.Visibility;
import io.ostraka.proxy.wire.BackendMessages;
import io.ostraka.proxy.wire.ClientEncoding;
import io.ostraka.proxy.wire.ErrorFields;
import io.ostraka.proxy.wire.FieldReader;
import io.ostraka.proxy.wire.Frame;
import io.ostraka.proxy.wire.FrontendTag;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.PgErrorException;
import io.ostraka.rules.error.SqlState;
import io.ostraka.rules.plan.CopyLayout;
import io.ostraka.rules.plan.CopyTarget;
import io.ostraka.rules.plan.Plan;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * COPY FROM STDIN into a table of several shards: each row goes to the shard that owns its key, in the client's own bytes, as it
 * comes. A shard that is slow stops the client being read.
 *
 * <pre>
 * OPENING --all shards take data--> COPYING --CopyDone--> ENDING --all have answered--> ended
 *                                      +---what cannot be read--> DOUBTING
 * </pre>
 *
 * A row whose key cannot be read goes to some shard, which has the better error; should it take the row, the copy is refused
 * all the same. What is wrong with earlier rows is told first. Runs in a transaction, so that rows stay on all shards or on none. Confined to the session's event loop.
 */
public final class CopyInRun extends SharedRun implements CopyReader.Rows {
    private enum Phase {
        OPENING,
        COPYING,
        DOUBTING,
        ENDING
    }

    private static final Pattern LINE = Pattern.compile("(?m)^(COPY .*?, line )([0-9]+)");

    private final String sql;
    private final CopyTarget target;
    private final boolean isBinary;
    private final boolean mayEscapeBytes;
    private final boolean keepsTag;
    private final Map<ShardName, Lane> lanes = new HashMap<>();
    private final Set<Backend> copying = new HashSet<>();
    private final CopyReader reader;
    private Phase phase = Phase.OPENING;
    private long line;
    private Optional<PgError> doubt = Optional.empty();
    private int judged;
    private Optional<ByteBuf> tag = Optional.empty();

    /** One shard's rows on their way, and where these were in the client's data. */
    private record Lane(CopyLane rows, LineNumbers lines) {}

    /** {@code keepsTag}: the tag waits for {@link #takeTag}, because what was done is not committed yet. */
    public CopyInRun(
            Host host, List<Backend> backends, String sql, Plan.CopyIn plan, int maxRowBytes, boolean keepsTag) {
        super(host, backends);
        this.sql = sql;
        this.target = plan.target();
        this.isBinary = plan.layout().format() == CopyLayout.Format.BINARY;
        this.mayEscapeBytes = plan.layout().format() == CopyLayout.Format.TEXT;
        this.keepsTag = keepsTag;
        int[] places = target.keys().stream().mapToInt(CopyTarget.Key::place).toArray();
        this.reader = CopyReader.of(plan.layout(), client().encoding(), places, this, maxRowBytes);
        backends.forEach(
                backend -> lanes.put(backend.shard(), new Lane(new CopyLane(backend, client()), new LineNumbers())));
    }

    @Override
    public void start() {
        for (Backend backend : participants()) {
            backend.sendQuery(sql, Visibility.ROWS);
            backend.flush();
        }
    }

    /** CopyInResponse: the same for all, so the last one is told to the client. */
    @Override
    public void onCopyIn(Backend backend, ByteBuf borrowed, int frame, boolean syncIgnored) {
        copying.add(backend);
        if (isOver()) {
            stop(backend);
            backend.flush();
            return;
        }
        int columns = borrowed.getShort(frame + Frame.HEADER_BYTES + 1);
        if (columns != target.columns()) {
            fail(new PgError(
                    SqlState.FEATURE_NOT_SUPPORTED,
                    "COPY into table \"" + target.table() + "\" must list its columns",
                    "It takes " + columns + " of the table's " + target.columns() + ".",
                    "Write COPY " + target.table() + " (column, ...) FROM STDIN."));
            return;
        }
        if (copying.size() == participants().size()) {
            phase = Phase.COPYING;
            client().write(borrowed.copy(frame, 1 + borrowed.getInt(frame + 1)));
            client().flush();
            host().resume();
        }
    }

    /** Whether the client may send data, and nothing else. */
    public boolean isCopying() {
        return !isOver() && (phase == Phase.COPYING || phase == Phase.DOUBTING);
    }

    // ---- from the client -----------------------------------------------------------------------------------------

    /** CopyData, CopyDone or CopyFail of the client's, or its beginning; false: not yet. */
    public boolean onMessage(ByteBuf borrowed, int frame, int bytes, byte message) {
        if (isOver()) {
            return true;
        }
        if (phase == Phase.OPENING || phase == Phase.ENDING) {
            return false;
        }
        if (message == FrontendTag.COPY_DATA) {
            onData(borrowed, frame + Frame.HEADER_BYTES, bytes - Frame.HEADER_BYTES);
        } else if (message == FrontendTag.COPY_DONE) {
            onDone();
        } else {
            onFail(FieldReader.ofFrame(borrowed, frame, client().encoding()).string());
        }
        return true;
    }

    /** More of the data. */
    public void onData(ByteBuf borrowed, int from, int bytes) {
        if (!isOver() && phase == Phase.COPYING) {
            reader.feed(borrowed, from, bytes);
        }
    }

    private void onDone() {
        if (phase == Phase.DOUBTING) {
            return;
        }
        reader.finish();
        if (isOver() || phase == Phase.DOUBTING) {
            return;
        }
        phase = Phase.ENDING;
        List.copyOf(copying).forEach(this::end);
    }

    private void end(Backend backend) {
        lanes.get(backend.shard()).rows.send();
        if (isBinary) {
            backend.sendCopyEnd();
        } else {
            backend.sendCopyDone();
        }
        copying.remove(backend);
        backend.flush();
    }

    private void onFail(String reason) {
        reader.stop();
        phase = Phase.ENDING;
        for (Backend backend : List.copyOf(copying)) {
            lanes.get(backend.shard()).rows.send();
            backend.sendCopyFail(reason);
            copying.remove(backend);
            backend.flush();
        }
    }

    /** What has come from the client has been read. */
    public void onReadEnd() {
        if (!isOver()) {
            lanes.values().forEach(lane -> lane.rows.send());
        }
    }

    // ---- rows ----------------------------------------------------------------------------------------------------

    @Override
    public void onRow(byte[] data, int start, int end, List<Optional<byte[]>> key, int lines) {
        line += lines;
        try {
            put(lanes.get(target.owner(inUtf8(key, data, start, end), isBinary)), data, start, end, lines);
        } catch (PgErrorException unknown) {
            put(lanes.get(participants().iterator().next().shard()), data, start, end, lines);
            doubt(unknown.error());
        }
    }

    /** The key as the database has it. Throws when only a server can tell. */
    private List<Optional<byte[]>> inUtf8(List<Optional<byte[]>> key, byte[] data, int start, int end) {
        ClientEncoding encoding = client().encoding();
        if (encoding.isUtf8()) {
            return key;
        }
        if (mayEscapeBytes && hasNonAscii(key) && hasEscapedByte(encoding, data, start, end)) {
            throw new PgError(
                            SqlState.FEATURE_NOT_SUPPORTED,
                            "a shard key in a row with escaped bytes is not supported in client encoding \""
                                    + encoding.name() + "\"",
                            "A byte that is written as \\x or in octal is one of the database's encoding, and not converted.",
                            "Set client_encoding to UTF8, or write the characters themselves.")
                    .toException();
        }
        List<Optional<byte[]>> converted = new ArrayList<>(key.size());
        for (int i = 0; i < key.size(); i++) {
            boolean isText = !isBinary || target.keys().get(i).type().hasCharacters();
            converted.add(isText ? key.get(i).map(encoding::inUtf8) : key.get(i));
        }
        return converted;
    }

    private static boolean hasNonAscii(List<Optional<byte[]>> key) {
        for (Optional<byte[]> field : key) {
            for (byte single : field.orElse(new byte[0])) {
                if (single < 0) {
                    return true;
                }
            }
        }
        return false;
    }

    private static boolean hasEscapedByte(ClientEncoding encoding, byte[] data, int start, int end) {
        for (int i = start; i < end - 1; i += encoding.lengthAt(data, i, end)) {
            byte escaped = data[i + 1];
            if (data[i] == '\\' && (escaped == 'x' || (escaped >= '0' && escaped <= '7'))) {
                return true;
            }
        }
        return false;
    }

    private void put(Lane lane, byte[] data, int start, int end, int lines) {
        lane.lines.add(lines, line);
        lane.rows.append(data, start, end);
    }

    @Override
    public void onHeader(byte[] data, int start, int end, int lines) {
        line += lines;
        lanes.values().forEach(lane -> put(lane, data, start, end, lines));
    }

    /** Takes nothing more, and has the shards judge what they have: it came first. */
    private void doubt(PgError error) {
        reader.stop();
        phase = Phase.DOUBTING;
        doubt = Optional.of(error);
        List.copyOf(copying).forEach(this::end);
    }

    @Override
    void onAnswered(Backend backend) {
        judged++;
        if (judged == participants().size()) {
            doubt.ifPresent(this::fail);
        }
    }

    @Override
    public void onFault(PgError error) {
        doubt(error);
    }

    @Override
    public void onEndMark() {
        reader.stop();
    }

    // ---- to the client -------------------------------------------------------------------------------------------

    @Override
    public void onWritable(Backend backend) {
        if (isCopying()) {
            host().resume();
            onReadEnd();
        }
    }

    /** With the client's own numbers of lines. */
    @Override
    ByteBuf told(Backend backend, ByteBuf borrowed, int frame) {
        copying.remove(backend);
        ByteBuf out = client().buffer();
        ErrorFields.copyWithContext(
                out,
                borrowed,
                frame,
                context -> renumbered(context, lanes.get(backend.shard()).lines),
                client().encoding());
        return out;
    }

    private static String renumbered(String context, LineNumbers lines) {
        Matcher numbered = LINE.matcher(context);
        return numbered.replaceAll(found -> {
            OptionalLong ofClient = lines.of(Long.parseLong(found.group(2)));
            return Matcher.quoteReplacement(
                    ofClient.isPresent()
                            ? found.group(1) + ofClient.getAsLong()
                            : found.group(1).replaceFirst(", line $", ", line ?"));
        });
    }

    @Override
    void stop(Backend backend) {
        releaseRows();
        reader.stop();
        if (copying.remove(backend)) {
            backend.sendCopyFail("the statement has failed");
        }
    }

    @Override
    void complete(long counted) {
        ByteBuf out = client().buffer();
        BackendMessages.commandComplete(out, "COPY " + counted);
        if (keepsTag) {
            tag = Optional.of(out);
        } else {
            client().write(out);
        }
    }

    /** The tag that was kept back, to be written or released by the caller. */
    public Optional<ByteBuf> takeTag() {
        Optional<ByteBuf> taken = tag;
        tag = Optional.empty();
        return taken;
    }

    @Override
    public void close() {
        super.close();
        releaseRows();
        takeTag().ifPresent(ByteBuf::release);
    }

    private void releaseRows() {
        lanes.values().forEach(lane -> lane.rows.drop());
    }
}
