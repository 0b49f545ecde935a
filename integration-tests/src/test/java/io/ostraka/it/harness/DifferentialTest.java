package io.ostraka.it.harness;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The comparison itself, on two plain servers: it agrees with likes and catches each kind of difference. */
class DifferentialTest {
    private final TestCluster cluster = TestCluster.of(ClusterSpec.shards(1)
            .withProxies(0)
            .withDdl("CREATE TABLE t (id int PRIMARY KEY, name text); CREATE TYPE colour AS ENUM ('red', 'blue')"));

    @BeforeEach
    void sameRowsInAnotherOrder() throws Exception {
        cluster.empty();
        try (var connection = cluster.reference().connect();
                var statement = connection.createStatement()) {
            statement.execute("INSERT INTO t VALUES (1, 'one'), (2, NULL)");
        }
        cluster.onShard("s0", "INSERT INTO t VALUES (2, NULL), (1, 'one')");
    }

    @ParameterizedTest
    @EnumSource
    void likesAgree(Protocol protocol) {
        try (Differential differential = differential(protocol)) {
            differential.check(
                    "SELECT * FROM t",
                    "BEGIN",
                    "INSERT INTO t VALUES (3, 'three')",
                    "INSERT INTO t VALUES (3, 'three')",
                    "SELECT 1",
                    "ROLLBACK",
                    "SELECT 'red'::colour, 1.50::numeric(8, 2), NULL, ''",
                    "");
            differential.checkOrdered("SELECT * FROM t ORDER BY id");
            assertTrue(differential.checkUnlessRefused("UPDATE t SET name = 'x'"));
        }
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "a row more        | INSERT INTO t VALUES (3, 'three')      | SELECT * FROM t",
                "a row less        | DELETE FROM t WHERE id = 1             | SELECT * FROM t",
                "another value     | UPDATE t SET name = 'x' WHERE id = 2   | SELECT * FROM t",
                "the same twice    | DELETE FROM t; INSERT INTO t VALUES (1, 'one') | SELECT 1 FROM t",
                "empty, not null   | UPDATE t SET name = '' WHERE id = 2    | SELECT * FROM t",
                "another count     | DELETE FROM t WHERE id = 1             | UPDATE t SET name = name",
                "another error     | DROP TABLE t                           | INSERT INTO t VALUES (1, 'one')",
                "an error less     | ALTER TABLE t DROP CONSTRAINT t_pkey   | INSERT INTO t VALUES (1, 'one')",
                "another type      | ALTER TABLE t ALTER id TYPE bigint     | SELECT * FROM t WHERE false",
                "another column    | ALTER TABLE t RENAME name TO title     | SELECT * FROM t WHERE false",
                "another modifier  | ALTER TABLE t ALTER name TYPE varchar(9) | SELECT name FROM t WHERE false",
            })
    void differencesAreCaught(String difference, String change, String sql) throws Exception {
        try (TestCluster own = TestCluster.start(
                ClusterSpec.shards(1)
                        .withProxies(0)
                        .withDdl(
                                "CREATE TABLE t (id int PRIMARY KEY, name text); INSERT INTO t VALUES (1, 'one'), (2, NULL)"))) {
            own.onShard("s0", change);
            for (Protocol protocol : Protocol.values()) {
                try (Differential differential = new Differential(own.shard("s0"), own.reference(), protocol)) {
                    assertThrows(AssertionError.class, () -> differential.check(sql));
                }
            }
        }
    }

    @Test
    void orderCountsOnlyWhereItIsAskedFor() {
        try (Differential differential = differential(Protocol.SIMPLE)) {
            differential.check("SELECT id FROM t");
            assertThrows(AssertionError.class, () -> differential.checkOrdered("SELECT id FROM t"));
        }
    }

    @Test
    void parametersAreBound() {
        try (Differential differential = differential(Protocol.EXTENDED)) {
            differential.checkWith("SELECT * FROM t WHERE id = $1 AND $2::text IS NULL", "1", null);
            assertThrows(AssertionError.class, () -> {
                differential.check("UPDATE t SET name = 'changed' WHERE id = 1");
                cluster.onShard("s0", "DELETE FROM t WHERE id = 1");
                differential.checkWith("SELECT * FROM t WHERE id = $1", "1");
            });
        }
    }

    @Test
    void aRefusalMustBeOneAndExplainItself() {
        String refused = "DO $$ BEGIN RAISE 'no' USING ERRCODE = '0A000', HINT = 'do otherwise'; END $$";
        String unexplained = "DO $$ BEGIN RAISE 'no' USING ERRCODE = '0A000'; END $$";
        try (Differential differential = differential(Protocol.SIMPLE)) {
            assertEquals(
                    "do otherwise",
                    assertDoesNotThrow(() -> differential.checkRefused(refused)).get('H'));
            assertThrows(AssertionError.class, () -> differential.checkRefused(unexplained));
            assertThrows(AssertionError.class, () -> differential.checkRefused("SELECT 1"));
            assertThrows(AssertionError.class, () -> differential.checkRefused("SELECT 1/0"));
            assertFalse(differential.checkUnlessRefused(refused));
        }
    }

    private Differential differential(Protocol protocol) {
        return new Differential(cluster.shard("s0"), cluster.reference(), protocol);
    }
}
