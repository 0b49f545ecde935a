package io.ostraka.it.read;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.it.harness.BackendMessage;
import io.ostraka.it.harness.ClusterSpec;
import io.ostraka.it.harness.TestCluster;
import io.ostraka.it.harness.WireClient;
import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.postgresql.PGConnection;

/**
 * A table for each rule over three shards, one of them with a column of every common type, views over them, and their rows, the
 * same on the reference. No two values of a column are equal and yet differ, as 1.1 and 1.10 do: which of them DISTINCT keeps
 * depends on the order of the rows, in PostgreSQL too.
 */
final class Bazaar {
    /** The columns of {@code thing} whose values can be compared. */
    static final List<String> COLUMNS = List.of(
            "b",
            "i2",
            "i4",
            "i8",
            "f4",
            "f8",
            "n",
            "price",
            "t",
            "v",
            "c",
            "icu",
            "cc",
            "by",
            "d",
            "ti",
            "tz",
            "ts",
            "tstz",
            "iv",
            "u",
            "doc",
            "tags",
            "words",
            "nr",
            "pos",
            "mood",
            "positive",
            "ip",
            "mac",
            "bits");

    static final ClusterSpec SPEC = ClusterSpec.shards(3)
            .withDdl("""
                    CREATE TYPE point2 AS (x int, y numeric);
                    CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy', 'angry');
                    CREATE DOMAIN positive AS int CHECK (VALUE > 0);
                    CREATE FUNCTION twice(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 2';
                    CREATE TABLE thing (id int PRIMARY KEY, b bool, i2 int2, i4 int4, i8 int8, f4 float4, f8 float8, n numeric,
                        price numeric(10, 2), t text COLLATE "C", v varchar(20), c char(6), icu text COLLATE "en-x-icu",
                        cc text COLLATE "pg_c_utf8", by bytea, d date, ti time, tz timetz, ts timestamp, tstz timestamptz,
                        iv interval, u uuid, doc jsonb, tags int[], words text[], nr int4range, pos point2, mood mood,
                        positive positive, ip inet, mac macaddr, bits bit(4), raw json, no2 int);
                    CREATE TABLE part (thing_id int, no int, w numeric, PRIMARY KEY (thing_id, no));
                    CREATE TABLE event (at date, what text, v int);
                    CREATE TABLE account (region text, id int, v int, balance numeric(12, 2), PRIMARY KEY (region, id));
                    CREATE TABLE sess (id uuid PRIMARY KEY, name text, v int);
                    CREATE TABLE ledger (tenant int, account int, amount numeric, PRIMARY KEY (tenant, account));
                    CREATE TABLE note (v int, what text);
                    CREATE TABLE setting (v int, name text);
                    CREATE TABLE country (code varchar(20) PRIMARY KEY, name text);
                    CREATE TABLE "Odd Name" ("Key" int PRIMARY KEY, v text);
                    CREATE SCHEMA other;
                    CREATE TABLE other.thing (x int PRIMARY KEY, y text);
                    CREATE VIEW totals AS SELECT thing_id, sum(w) AS total FROM part GROUP BY thing_id;
                    CREATE VIEW totals_by_kind (k, total) AS SELECT i2, count(*) FROM thing GROUP BY i2;
                    CREATE VIEW renamed AS SELECT x.total AS number, t.t AS words FROM totals x JOIN thing t ON t.id = x.thing_id;
                    """ + Texts.of("bazaar/schema.sql"))
            .withTables("""
                    thing: { hash: id }
                    part: { hash: thing_id, colocate_with: thing }
                    event: { range: at, ranges: [ { to: "2000-01-01", shard: s0 }, { from: "2000-01-01", shard: s1 } ] }
                    account: { list: region, values: { eu: s0, us: s1, ca: s2 }, otherwise: s2 }
                    sess: { consistent_hash: id }
                    ledger: { hash: [tenant, account] }
                    note: { pinned: s1 }
                    country: { reference: true }
                    '"Odd Name"': { hash: '"Key"' }
                    other.thing: { hash: x, shards: [s1, s2] }
                    """ + Texts.of("bazaar/rules.yaml"))
            .withDatabase("schemas: { east: s0, west: s2 }");

    /** Those of schema.sql whose rows are copied to where the rules say. */
    private static final List<String> SHARDED = List.of(
            "curio",
            "worker",
            "sale",
            "sale_line",
            "reading",
            "town",
            "folder",
            "shelf",
            "journal",
            "lonely",
            "unset",
            "east.invoice",
            "west.invoice");

    private static final List<String> COPIES = List.of("currency", "calendar");

    private static final int THINGS = 60;

    private Bazaar() {}

    /** The cluster with its rows, which tests only read. */
    static TestCluster filled() throws SQLException {
        TestCluster cluster = TestCluster.of(SPEC);
        if (cluster.rowsByShard("thing").values().stream()
                        .mapToLong(Long::longValue)
                        .sum()
                == 0) {
            fill(cluster);
        }
        return cluster;
    }

    private static void fill(TestCluster cluster) throws SQLException {
        try (WireClient proxy = WireClient.login(cluster.proxy());
                WireClient reference = WireClient.login(cluster.reference())) {
            for (String sql : rows(new Random(7))) {
                for (WireClient client : List.of(proxy, reference)) {
                    List<BackendMessage> answer = client.query(sql);
                    assertTrue(answer.toString().contains("INSERT 0 "), sql + "\n" + answer);
                }
            }
        }
        cluster.everywhere(
                "INSERT INTO country VALUES ('a', 'Aland'), ('B', 'Belgium'), ('é', 'Estonia'), ('zz', NULL)");
        copy(cluster);
        for (long rows : cluster.rowsByShard("thing").values()) {
            assertTrue(rows > 5, "a shard has nearly no things");
        }
    }

    /** The rows of rows.sql, made on the reference and copied from there. */
    private static void copy(TestCluster cluster) throws SQLException {
        try (Connection reference = cluster.reference().connect();
                Statement statement = reference.createStatement();
                Connection proxy = cluster.connect()) {
            statement.execute(Texts.of("bazaar/rows.sql"));
            for (String table : SHARDED) {
                copy(table, reference, proxy);
            }
            for (String shard : List.of("s0", "s1", "s2")) {
                try (Connection there = cluster.shard(shard).connect()) {
                    for (String table : COPIES) {
                        copy(table, reference, there);
                    }
                }
            }
        }
    }

    private static void copy(String table, Connection from, Connection to) throws SQLException {
        try {
            StringWriter rows = new StringWriter();
            from.unwrap(PGConnection.class).getCopyAPI().copyOut("COPY (SELECT * FROM " + table + ") TO STDOUT", rows);
            to.unwrap(PGConnection.class)
                    .getCopyAPI()
                    .copyIn("COPY " + table + " FROM STDIN", new StringReader(rows.toString()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<String> rows(Random random) {
        List<String> statements = new ArrayList<>();
        for (int id = 1; id <= THINGS; id++) {
            statements.add("INSERT INTO thing VALUES (" + id + ", " + thing(random) + ", " + id * 7 % THINGS + ")");
            for (int no = 1; no <= id % 4; no++) {
                statements.add("INSERT INTO part VALUES (" + id + ", " + no + ", "
                        + pick(random, "1.5", "1.50", "2", "NULL", "-3.25", "1e10") + ")");
            }
            statements.add("INSERT INTO event VALUES ("
                    + pick(random, "'1999-12-31'", "'2026-11-21'", "'infinity'", "'2000-01-01'") + ", '" + id + "', "
                    + id % 5
                    + ")");
            statements.add("INSERT INTO account VALUES (" + pick(random, "'eu'", "'us'", "'ca'", "'xx'") + ", " + id
                    + ", " + id % 7 + ", " + id + ".25)");
            statements.add("INSERT INTO ledger VALUES (" + id % 6 + ", " + id + ", " + id + ".5)");
        }
        for (int id = 1; id <= 20; id++) {
            statements.add("INSERT INTO sess VALUES ('%08d-0000-0000-0000-000000000000', 'name %d', %d)"
                    .formatted(id * 37, id % 3, id));
            statements.add("INSERT INTO \"Odd Name\" VALUES (" + id + ", 'odd " + id % 4 + "')");
            statements.add("INSERT INTO other.thing VALUES (" + id + ", 'y')");
        }
        statements.add("INSERT INTO note VALUES (1, 'one'), (2, 'two'), (NULL, 'none'), (7, NULL)");
        statements.add("INSERT INTO setting VALUES (2, 'two'), (3, 'three'), (7, 'seven')");
        return statements;
    }

    private static String thing(Random random) {
        return String.join(
                ", ",
                pick(random, "true", "false", "NULL"),
                pick(random, "-2", "0", "1", "2", "7", "NULL"),
                pick(random, "-2147483648", "-1", "0", "1", "5", "17", "NULL"),
                pick(random, "-9223372036854775808", "-1", "0", "1", "9223372036854775807", "NULL"),
                pick(random, "'NaN'", "0", "1.5", "'-Infinity'", "'Infinity'", "1e-30", "NULL"),
                pick(random, "'NaN'", "0", "1.5", "'-Infinity'", "'Infinity'", "-1e300", "0.5", "NULL"),
                pick(random, "'NaN'", "0.000", "1.10", "'Infinity'", "-0.00001", "1e-40", "-1e40", "NULL"),
                pick(random, "0.10", "19.99", "-5", "12345678.90", "NULL"),
                pick(random, "'a'", "'B'", "'b'", "'ä'", "'Z'", "''", "'a '", "'日本'", "'𝄞'", "'_'", "NULL"),
                pick(random, "'a'", "'B'", "'a '", "'é'", "'~'", "NULL"),
                pick(random, "'a'", "'B'", "'ab'", "''", "'ü'", "NULL"),
                pick(random, "'a'", "'A'", "'B'", "'ä'", "'Z'", "'_'", "NULL"),
                pick(random, "'a'", "'A'", "'B'", "'ä'", "'Z'", "'_'", "NULL"),
                pick(random, "'\\x'", "'\\x00'", "'\\xff'", "'\\x7f80'", "NULL"),
                pick(random, "'infinity'", "'-infinity'", "'2026-11-21'", "'0044-03-15 BC'", "'1999-12-31'", "NULL"),
                pick(random, "'00:00'", "'24:00'", "'12:34:56.789012'", "NULL"),
                pick(random, "'12:00+00'", "'14:00+02'", "'10:00-02'", "'23:00+11'", "NULL"),
                pick(random, "'infinity'", "'-infinity'", "'2026-11-21 06:00'", "'0001-01-01 BC'", "NULL"),
                pick(random, "'infinity'", "'-infinity'", "'2026-11-21 06:00+05'", "'2026-11-21 01:00Z'", "NULL"),
                pick(random, "'1 month'", "'1 day 2 hours'", "'-1 day'", "'infinity'", "NULL"),
                pick(
                        random,
                        "'00000000-0000-0000-0000-000000000001'",
                        "'ffffffff-0000-0000-0000-000000000000'",
                        "NULL"),
                pick(random, "'{\"a\": 1}'", "'{\"a\": [1, null, \"ä\"]}'", "'null'", "'[]'", "NULL"),
                pick(random, "'{1,2}'", "'{}'", "'{NULL,3}'", "'[0:1]={1,2}'", "'{{1,2},{3,4}}'", "NULL"),
                pick(random, "'{a,\"b c\"}'", "'{}'", "'{NULL,\"NULL\"}'", "'{ä}'", "NULL"),
                pick(random, "'empty'", "'[1,5)'", "'(,3]'", "'[2,)'", "NULL"),
                pick(random, "'(1,2.50)'", "'(,)'", "'(3,)'", "'(1,2.25)'", "NULL"),
                pick(random, "'sad'", "'ok'", "'happy'", "'angry'", "NULL"),
                pick(random, "1", "42", "NULL"),
                pick(random, "'10.0.0.1'", "'10.0.0.0/8'", "'::1'", "'fe80::/10'", "NULL"),
                pick(random, "'08:00:2b:01:02:03'", "'ff:ff:ff:00:00:00'", "NULL"),
                pick(random, "B'0000'", "B'1010'", "B'1111'", "NULL"),
                pick(random, "'{\"k\":  1}'", "'[1,  2]'", "'\"x\"'", "NULL"));
    }

    private static String pick(Random random, String... values) {
        return values[random.nextInt(values.length)];
    }
}
