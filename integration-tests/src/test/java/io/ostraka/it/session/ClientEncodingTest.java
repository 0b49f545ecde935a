package io.ostraka.it.session;

import static io.ostraka.it.harness.FrontendMessages.copyDone;
import static io.ostraka.it.harness.FrontendMessages.describePortal;
import static io.ostraka.it.harness.FrontendMessages.execute;
import static io.ostraka.it.harness.FrontendMessages.parse;
import static io.ostraka.it.harness.FrontendMessages.query;
import static io.ostraka.it.harness.FrontendMessages.raw;
import static io.ostraka.it.harness.FrontendMessages.sync;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.it.harness.BackendMessage;
import io.ostraka.it.harness.ClusterSpec;
import io.ostraka.it.harness.Endpoint;
import io.ostraka.it.harness.TestCluster;
import io.ostraka.it.harness.WireClient;
import io.ostraka.proxy.wire.ClientEncoding;
import io.ostraka.rules.error.PgErrorException;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Clients whose texts are not in UTF-8, with keys that are not in ASCII: the same bytes to two shards and to one PostgreSQL. */
@ExtendWith(NoLeaks.class)
class ClientEncodingTest {
    private static final ClusterSpec SPEC = ClusterSpec.shards(2)
            .withDdl("CREATE TABLE p (name text COLLATE \"C\" PRIMARY KEY, v text, n int);"
                    + "CREATE TABLE q (name varchar(20) PRIMARY KEY, v text)")
            .withTables("p: { hash: name }\nq: { hash: name }")
            .withDatabase("pool: { size: 2 }");

    private static final ClientEncoding LATIN1 = ClientEncoding.require("LATIN1");

    private final TestCluster cluster = TestCluster.of(SPEC);

    @AfterEach
    void empty() throws SQLException {
        cluster.empty();
    }

    private Twins twins(String encoding) {
        return twins(cluster, encoding);
    }

    private static Twins twins(TestCluster cluster, String encoding) {
        return new Twins(cluster.proxy(), cluster.reference(), Map.of("client_encoding", encoding));
    }

    /** A message of texts and small numbers, as a client with this encoding sends it. */
    private static byte[] in(ClientEncoding encoding, byte[] message) {
        byte[] body = Arrays.copyOfRange(message, 1 + Integer.BYTES, message.length);
        return raw((char) message[0], encoding.bytes(new String(body, UTF_8)));
    }

    /** A portal, and a statement of the same name, whose parameters are in one format. */
    private static byte[] bind(ClientEncoding encoding, String name, int format, String... values) {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        body.writeBytes(encoding.bytes(name + "\0" + name + "\0\0\1\0" + (char) format + "\0" + (char) values.length));
        for (String value : values) {
            byte[] bytes = encoding.bytes(value);
            body.writeBytes(
                    ByteBuffer.allocate(Integer.BYTES).putInt(bytes.length).array());
            body.writeBytes(bytes);
        }
        body.writeBytes(new byte[Short.BYTES]);
        return raw('B', body.toByteArray());
    }

    /** Each with a character above ASCII, or with two whose later bytes may be those of a backslash, a bar or a letter. */
    private static List<String> names(ClientEncoding encoding) {
        Set<String> names = new LinkedHashSet<>();
        for (int c = 0x81; c < 0xFF; c++) {
            for (byte[] second : encoding.isSingleByte() ? SINGLE : SECOND) {
                byte[] bytes = new byte[1 + second.length];
                bytes[0] = (byte) c;
                System.arraycopy(second, 0, bytes, 1, second.length);
                try {
                    String character = encoding.text(bytes);
                    if (character.length() == 1) {
                        names.add(character + c % 5 + character);
                    }
                } catch (PgErrorException none) {
                    // Not all encodings have a character for each.
                }
            }
        }
        List<String> some = new ArrayList<>(names);
        Collections.shuffle(some, new Random(12));
        return some.subList(0, Math.min(some.size(), 60));
    }

    private static final byte[][] SINGLE = {{}};
    private static final byte[][] SECOND = {
        {'\\'},
        {'|'},
        {'n'},
        {'@'},
        {'{'},
        {(byte) 0xA1},
        {(byte) 0xC4},
        {(byte) 0xB0, (byte) 0xE1},
        {'0', (byte) 0x9C, '3'}
    };

    @ParameterizedTest
    @ValueSource(
            strings = {
                "LATIN1",
                "LATIN8",
                "LATIN9",
                "WIN1252",
                "WIN1251",
                "KOI8R",
                "ISO_8859_7",
                "WIN866",
                "BIG5",
                "EUC_CN",
                "EUC_JP",
                "EUC_JIS_2004",
                "EUC_KR",
                "EUC_TW",
                "GB18030",
                "GBK",
                "JOHAB",
                "SJIS",
                "SHIFT_JIS_2004",
                "UHC"
            })
    void keysAreFoundWhicheverWayTheyAreWritten(String name) throws SQLException {
        ClientEncoding encoding = ClientEncoding.require(name);
        List<String> names = names(encoding);
        try (Twins twins = twins(name)) {
            for (int i = 0; i < names.size(); i++) {
                String key = names.get(i);
                String sql = "INSERT INTO p VALUES ($1, $2, " + i + ")";
                if (i % 3 == 0) {
                    String written = sql.replace("$1", "'" + key + "'").replace("$2", "'" + key + "'");
                    twins.exchange(in(encoding, query(written)));
                } else {
                    twins.exchange(
                            in(encoding, parse(key, sql + " -- " + key)),
                            bind(encoding, key, i % 3 - 1, key, key),
                            in(encoding, describePortal(key)),
                            in(encoding, execute(key, 0)),
                            sync());
                }
            }
            for (String key : names) {
                twins.exchange(in(encoding, query("SELECT name, v, n FROM p WHERE name = '" + key + "'")));
                twins.exchange(
                        in(encoding, parse("", "UPDATE p SET v = v || $2 WHERE name = lower($1) RETURNING *")),
                        bind(encoding, "", 0, key, "<" + key + ">"),
                        describePortal(""),
                        execute("", 0),
                        sync());
            }
            String[] whole = {
                "SELECT name, v FROM p ORDER BY name",
                "SELECT name, n FROM p ORDER BY name DESC LIMIT 7",
                "SELECT v FROM p WHERE name IN ('" + names.get(1) + "', '" + names.get(2) + "') ORDER BY name",
                "INSERT INTO q VALUES ('" + names.get(4) + "', 'a'), ('" + names.get(5) + "', 'b')",
                "UPDATE q SET v = v || '" + names.get(6) + "'",
                "BEGIN; DELETE FROM p WHERE name = '" + names.get(7) + "'; SAVEPOINT \"" + names.get(7) + "\"",
                "DELETE FROM p WHERE name IN ('" + names.get(8) + "', '" + names.get(9) + "')",
                "ROLLBACK TO \"" + names.get(7) + "\"",
                "COMMIT",
                "PREPARE \"" + names.get(1) + "p\" AS SELECT v, n FROM p WHERE name = $1",
                "EXECUTE \"" + names.get(1) + "p\" ('" + names.get(1) + "')",
                "DEALLOCATE \"" + names.get(1) + "p\""
            };
            for (String sql : whole) {
                if (encoding.isSingleByte() || !sql.contains("ORDER BY name")) {
                    twins.exchange(in(encoding, query(sql)));
                }
            }
        }
        assertEquals(rows(cluster.reference().connect()), rows(cluster.proxy().connect()));
        try (Connection other = cluster.proxy().connect();
                PreparedStatement find = other.prepareStatement("SELECT n FROM p WHERE name = ?")) {
            for (int i = 10; i < names.size(); i++) {
                find.setString(1, names.get(i));
                try (ResultSet found = find.executeQuery()) {
                    assertTrue(found.next(), names.get(i));
                    assertEquals(i, found.getInt(1));
                }
            }
        }
    }

    private static Set<String> rows(Connection connection) throws SQLException {
        Set<String> rows = new TreeSet<>();
        try (connection;
                Statement statement = connection.createStatement()) {
            for (String table : List.of("p", "q")) {
                try (ResultSet found = statement.executeQuery("SELECT name, v FROM " + table)) {
                    while (found.next()) {
                        rows.add(table + ":" + found.getString(1) + ":" + found.getString(2));
                    }
                }
            }
        }
        return rows;
    }

    @Test
    void theCharactersAreThoseOfPostgres() throws SQLException {
        try (Connection connection = cluster.reference().connect();
                PreparedStatement convert = connection.prepareStatement("SELECT convert_from(?, ?)")) {
            for (String name : List.of(
                    "LATIN1",
                    "LATIN2",
                    "LATIN3",
                    "LATIN4",
                    "LATIN5",
                    "LATIN6",
                    "LATIN7",
                    "LATIN8",
                    "LATIN9",
                    "LATIN10",
                    "ISO_8859_5",
                    "ISO_8859_6",
                    "ISO_8859_7",
                    "ISO_8859_8",
                    "WIN1250",
                    "WIN1251",
                    "WIN1252",
                    "WIN1253",
                    "WIN1254",
                    "WIN1255",
                    "WIN1256",
                    "WIN1257",
                    "WIN1258",
                    "WIN866",
                    "WIN874",
                    "KOI8R",
                    "KOI8U")) {
                ClientEncoding encoding = ClientEncoding.require(name);
                for (int c = 1; c < 0x100; c++) {
                    byte[] single = {(byte) c};
                    convert.setBytes(1, single);
                    convert.setString(2, name);
                    assertEquals(
                            outcome(() -> {
                                try (ResultSet converted = convert.executeQuery()) {
                                    converted.next();
                                    return converted.getString(1);
                                }
                            }),
                            outcome(() -> encoding.text(single)),
                            name + " " + c);
                }
            }
        }
    }

    private interface Conversion {
        String run() throws SQLException;
    }

    private static String outcome(Conversion conversion) throws SQLException {
        try {
            return conversion.run();
        } catch (PgErrorException e) {
            return e.error().state().code() + " " + e.error().message();
        } catch (SQLException e) {
            return e.getSQLState() + " " + e.getMessage().replace("ERROR: ", "");
        }
    }

    @Test
    void theEncodingIsSetInAllWaysThatPostgresKnows() {
        byte[] cafe = in(LATIN1, query("SELECT 'caf\u00e9', length('caf\u00e9'), pg_client_encoding()"));
        for (String sql : List.of(
                "SET client_encoding = 'LATIN1'",
                "SET NAMES 'iso-8859-1'",
                "SET client_encoding TO WIN1252; SELECT 1; SET SESSION client_encoding TO latin1")) {
            try (Twins twins = twins("UTF8")) {
                twins.query(sql);
                twins.exchange(cafe);
                twins.query("SHOW client_encoding", "BEGIN", "SET LOCAL client_encoding = 'LATIN1'", "COMMIT");
                twins.exchange(cafe);
                twins.query("RESET client_encoding", "SELECT 'caf\u00e9'", "SHOW client_encoding");
                twins.query("SET NAMES 'LATIN1'", "SET NAMES 'UTF8'", "SELECT 'caf\u00e9'");
                twins.query("SET NAMES 'LATIN1'", "SELECT 1 / 0", "RESET ALL", "SELECT 'caf\u00e9'");
                twins.query("SET NAMES 'LATIN1'; SELECT 1 / 0", "SELECT 'caf\u00e9'");
            }
        }
        try (Twins twins = twins("LATIN1")) {
            twins.query("SHOW client_encoding", "SET NAMES 'WIN1252'", "RESET client_encoding", "SHOW client_encoding");
            twins.exchange(cafe);
            twins.query("SET NAMES 'UTF8'", "SELECT 'caf\u00e9'", "DISCARD ALL", "SHOW client_encoding");
            twins.exchange(cafe);
            twins.exchange(parse("", "SET client_encoding = 'KOI8R'"), bind(LATIN1, "", 0), execute("", 0), sync());
            twins.exchange(cafe);
        }
    }

    /** In a database of one shard, where PostgreSQL judges everything. */
    @Test
    void aFunctionMaySetTheEncoding() {
        TestCluster one = TestCluster.of(SimpleProtocolTest.SPEC);
        byte[] cafe = in(LATIN1, query("SELECT 'caf\u00e9', length('caf\u00e9'), pg_client_encoding()"));
        try (Twins twins = twins(one, "UTF8")) {
            twins.query("SELECT set_config('client_encoding', 'latin1', false)");
            twins.exchange(cafe);
            twins.query("SELECT set_config('client_encoding', 'WIN1252', true)");
            twins.exchange(cafe);
            twins.query("SELECT set_config('client_encoding', 'WIN1252', false); SELECT 1", "SHOW client_encoding");
            twins.query("RESET client_encoding", "SELECT 'caf\u00e9'", "SHOW client_encoding");
        }
        try (WireClient client = WireClient.login(one.proxy())) {
            client.send(
                    parse("", "SELECT set_config('client_encoding', 'LATIN1', false)"),
                    bind(LATIN1, "", 0),
                    execute("", 0),
                    sync());
            List<BackendMessage> answer = client.untilClosed();
            assertEquals("0A000", answer.get(answer.size() - 1).sqlState());
        }
    }

    @Test
    void errorsAreLikePostgresOwn() {
        try (Twins twins = twins("WIN1252")) {
            ClientEncoding win1252 = ClientEncoding.require("WIN1252");
            twins.exchange(in(win1252, query("SELECT '\u20ac 1'::int")));
            twins.exchange(in(win1252, query("SELECT \u00fc FROM p WHERE name = '\u20ac'")));
            twins.exchange(raw('Q', new byte[] {'S', 'E', 'L', 'E', 'C', 'T', ' ', '\'', (byte) 0x81, '\'', 0}));
            twins.exchange(in(win1252, query("SELECT '\u20ac'; SELECT U&'\\4E00'")));
            twins.query("BEGIN");
            twins.exchange(raw('Q', new byte[] {'-', '-', (byte) 0x81, 0}));
            twins.query("SELECT 1", "ROLLBACK");
            twins.exchange(
                    in(win1252, parse("", "SELECT n FROM p WHERE n = length($1) AND name = 'a'")),
                    raw('B', new byte[] {0, 0, 0, 0, 0, 1, 0, 0, 0, 1, (byte) 0x81, 0, 0}),
                    execute("", 0),
                    sync());
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "BIG5",
                "EUC_CN",
                "EUC_JP",
                "EUC_JIS_2004",
                "EUC_KR",
                "EUC_TW",
                "GB18030",
                "GBK",
                "JOHAB",
                "SJIS",
                "SHIFT_JIS_2004",
                "UHC"
            })
    void anyBytesAreReadOrRefusedAsPostgresDoes(String name) {
        Random random = new Random(name.hashCode());
        byte[] likely = {
            '\\', '\'', 'n', '0', '9', 0x40, 0x7E, (byte) 0x80, (byte) 0x8D, (byte) 0x8E, (byte) 0x8F, (byte) 0xFF
        };
        try (Twins twins = twins(name)) {
            for (int i = 0; i < 300; i++) {
                byte[] bytes = new byte[1 + random.nextInt(6)];
                for (int at = 0; at < bytes.length; at++) {
                    bytes[at] = random.nextInt(4) == 0
                            ? likely[random.nextInt(likely.length)]
                            : (byte) (0x80 + random.nextInt(0x80));
                }
                ByteArrayOutputStream sql = new ByteArrayOutputStream();
                sql.writeBytes("SELECT '".getBytes(UTF_8));
                sql.writeBytes(bytes);
                sql.writeBytes("', length('".getBytes(UTF_8));
                sql.writeBytes(bytes);
                sql.writeBytes("')\0".getBytes(UTF_8));
                twins.exchange(raw('Q', sql.toByteArray()));
            }
        }
    }

    @Test
    void whatCannotBeToldFromHowItIsSentIsRefused() {
        ClientEncoding sjis = ClientEncoding.require("SJIS");
        try (Twins twins = twins("SJIS")) {
            // A yen sign is sent as a backslash.
            twins.query("INSERT INTO p VALUES ('\\', U&'\\00A5')", "SELECT name, v FROM p");
            twins.query("SELECT v FROM p WHERE name = '\\'", "SELECT v FROM p WHERE v = U&'\\00A5'");
            twins.exchange(in(sjis, query("SELECT v FROM p WHERE name = lower('\u8868')")));
        }
        try (WireClient client = WireClient.login(cluster.proxy(), Map.of("client_encoding", "SJIS"))) {
            for (String sql : List.of(
                    "SELECT v FROM p WHERE name = chr(165)",
                    "SELECT v FROM p WHERE name = lower('\\')",
                    "SELECT name FROM p ORDER BY name")) {
                List<BackendMessage> answer = client.query(sql);
                assertEquals("0A000", answer.get(0).sqlState(), sql);
                assertEquals(2, answer.size(), sql);
            }
        }
    }

    @Test
    void encodingsThatPostgresDoesNotHaveAreRefusedInItsWords() {
        try (Twins twins = twins("UTF8")) {
            for (String name : List.of("LATIN11", "MULE_INTERNAL", "", "Shift JIS", "win949", "euc-cn", "mskanji")) {
                twins.query("SET client_encoding = '" + name + "'", "SHOW client_encoding");
            }
            twins.query("BEGIN", "SET NAMES 'nonsense'", "SELECT 1", "ROLLBACK");
        }
        for (String name : List.of("LATIN11", "MULE_INTERNAL", "mule-internal")) {
            assertEquals(refusal(cluster.reference(), name), refusal(cluster.proxy(), name));
        }
    }

    /** State and message of the error that ends a login. */
    private static List<String> refusal(Endpoint endpoint, String encoding) {
        Map<String, String> options = Map.of("client_encoding", encoding);
        AssertionError refused = assertThrows(
                AssertionError.class, () -> WireClient.login(endpoint, options).close());
        List<String> fields = Pattern.compile("[CM]=[^,}]*")
                .matcher(refused.getMessage())
                .results()
                .map(MatchResult::group)
                .toList();
        assertEquals(2, fields.size(), refused::getMessage);
        return fields;
    }

    @Test
    void whatTheProxySaysIsInTheClientsEncoding() {
        try (WireClient client = WireClient.login(cluster.proxy(), Map.of("client_encoding", "LATIN1"))) {
            client.send(in(LATIN1, query("SET ostraka.shard = 'caf\u00e9'")));
            String error = new String(client.untilReady().get(0).body(), ISO_8859_1);
            assertTrue(error.contains("\"caf\u00e9\""), error);
        }
    }

    @Test
    void whatIsNotDoneInOtherEncodingsIsRefused() {
        try (WireClient client = WireClient.login(cluster.proxy(), Map.of("client_encoding", "LATIN1"))) {
            for (String sql : List.of(
                    "SELECT count(*) FROM p",
                    "EXPLAIN SELECT * FROM p",
                    "CREATE TABLE made AS SELECT 1 AS name",
                    "ALTER TABLE p ADD COLUMN w int",
                    "SET LOCAL client_encoding = 'UTF8'")) {
                List<BackendMessage> answer = client.query(sql);
                assertEquals("0A000", answer.get(0).sqlState(), sql);
                assertEquals(2, answer.size(), sql);
            }
            client.query("BEGIN");
            assertEquals(
                    "0A000", client.query("SET client_encoding = 'UTF8'").get(0).sqlState());
            client.query("ROLLBACK");
            assertEquals(
                    "0A000",
                    client.query("BEGIN; SET client_encoding = 'UTF8'").get(0).sqlState());
            assertEquals('I', client.query("SELECT 1").get(3).transactionStatus());
        }
    }

    @Test
    void noOtherSessionHasTheEncoding() {
        String[] names = {"caf\u00e9", "\u00fcber", "\u00e0", "\u00f1and\u00fa"};
        try (WireClient latin1 = WireClient.login(
                        cluster.proxy(), Map.of("client_encoding", "LATIN1", "ostraka_test.mine", "a"));
                WireClient utf8 = WireClient.login(cluster.proxy(), Map.of("ostraka_test.mine", "\u20ac \u4e00"));
                WireClient win1252 = WireClient.login(
                        cluster.proxy(), Map.of("client_encoding", "WIN1252", "ostraka_test.mine", "\u20ac"))) {
            for (String name : names) {
                utf8.query("INSERT INTO p VALUES ('" + name + "', '\u20ac')");
            }
            String mine =
                    "SELECT name, current_setting('ostraka_test.mine'), pg_client_encoding() FROM p WHERE name = '";
            for (int i = 0; i < 20; i++) {
                String name = names[i % names.length];
                latin1.send(in(LATIN1, query(mine + name + "'")));
                assertEquals(List.of(name, "a", "LATIN1"), row(LATIN1, latin1.untilReady()));
                utf8.send(query(mine + name + "'"));
                assertEquals(List.of(name, "\u20ac \u4e00", "UTF8"), row(ClientEncoding.UTF8, utf8.untilReady()));
                ClientEncoding encoding = ClientEncoding.require("WIN1252");
                win1252.send(in(encoding, query(mine + name + "'")));
                assertEquals(List.of(name, "\u20ac", "WIN1252"), row(encoding, win1252.untilReady()));
            }
        }
    }

    private static List<String> row(ClientEncoding encoding, List<BackendMessage> answer) {
        return answer.stream()
                .filter(message -> message.type() == 'D')
                .flatMap(message -> message.values().stream())
                .map(Optional::orElseThrow)
                .map(encoding::text)
                .toList();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"LATIN1", "BIG5", "EUC_JP", "EUC_TW", "GB18030", "GBK", "JOHAB", "SJIS", "SHIFT_JIS_2004", "UHC"
            })
    void copiedRowsGoWhereTheirKeysBelong(String encodingName) {
        ClientEncoding encoding = ClientEncoding.require(encodingName);
        List<String> names = names(encoding);
        try (Twins twins = twins(encodingName)) {
            for (String options : List.of(
                    "FORMAT text",
                    "FORMAT csv",
                    "FORMAT text, DELIMITER '|'",
                    "DELIMITER '|', FORMAT csv, ESCAPE '\\'")) {
                boolean isText = options.contains("text");
                char delimiter = options.contains("|") ? '|' : isText ? '\t' : ',';
                StringBuilder rows = new StringBuilder();
                for (int i = 0; i < names.size(); i++) {
                    String name = names.get(i);
                    boolean isEscaped = i % 3 == 0;
                    rows.append(isEscaped && isText ? "\\" : isEscaped ? "\"" : "")
                            .append(name)
                            .append(isEscaped && !isText ? "\"" : "")
                            .append(delimiter)
                            .append(name)
                            .append(i % 5 == 0 ? name : "")
                            .append('\n');
                }
                twins.send(query("COPY q FROM STDIN (" + options + ")"));
                twins.sameUpTo('G');
                byte[] data = encoding.bytes(rows.toString());
                for (int at = 0; at < data.length; at += 7) {
                    twins.send(raw('d', Arrays.copyOfRange(data, at, Math.min(data.length, at + 7))));
                }
                twins.send(copyDone());
                twins.same();
                for (String name : names) {
                    twins.exchange(in(encoding, query("SELECT v FROM q WHERE name = '" + name + "'")));
                }
                twins.query("DELETE FROM q");
            }
        }
    }

    @Test
    void copiedKeysBesideEscapedBytesAreRefused() {
        try (WireClient client = WireClient.login(cluster.proxy(), Map.of("client_encoding", "LATIN1"))) {
            client.send(query("COPY q FROM STDIN"));
            assertEquals('G', client.read().type());
            client.send(raw('d', LATIN1.bytes("caf\u00e9\\xC3\\xA9\t1\n")), copyDone());
            assertEquals("0A000", client.untilReady().get(0).sqlState());
            List<String> none = row(LATIN1, client.query("SELECT name FROM q"));
            assertEquals(List.of(), none);
        }
    }
}
