package io.ostraka.rules.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Each command of PostgreSQL 18's manual, "SQL Commands", is recognised as what it is. */
class CommandListTest {
    /** Objects with CREATE, ALTER and DROP, as the manual's list has them, and what may stand behind them. */
    private static final List<String> OBJECTS = List.of(
            "ACCESS METHOD",
            "AGGREGATE",
            "CAST",
            "COLLATION",
            "CONVERSION",
            "DATABASE",
            "DOMAIN",
            "EVENT TRIGGER",
            "EXTENSION",
            "FOREIGN DATA WRAPPER",
            "FOREIGN TABLE",
            "FUNCTION",
            "GROUP",
            "INDEX",
            "LANGUAGE",
            "MATERIALIZED VIEW",
            "OPERATOR",
            "OPERATOR CLASS",
            "OPERATOR FAMILY",
            "POLICY",
            "PROCEDURE",
            "PUBLICATION",
            "ROLE",
            "ROUTINE",
            "RULE",
            "SCHEMA",
            "SEQUENCE",
            "SERVER",
            "STATISTICS",
            "SUBSCRIPTION",
            "TABLE",
            "TABLESPACE",
            "TEXT SEARCH CONFIGURATION",
            "TEXT SEARCH DICTIONARY",
            "TEXT SEARCH PARSER",
            "TEXT SEARCH TEMPLATE",
            "TRANSFORM",
            "TRIGGER",
            "TYPE",
            "USER",
            "USER MAPPING",
            "VIEW");

    private static StatementKind kind(String sql) {
        return Classifier.classify(StatementTemplate.of(sql).get(0));
    }

    @Test
    void everyObjectIsCreatedAlteredAndDroppedAsItself() {
        List<String> wrong = new ArrayList<>();
        for (String verb : List.of("create", "alter", "drop")) {
            for (String object : OBJECTS) {
                StatementKind.Ddl expected =
                        new StatementKind.Ddl(verb, object.toLowerCase(java.util.Locale.ROOT), false);
                String sql = verb + " " + object + " x";
                if (!kind(sql).equals(expected)) {
                    wrong.add(sql + " is " + kind(sql));
                }
            }
        }
        assertEquals(List.of(), wrong);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            quoteCharacter = '\0',
            value = {
                "CREATE OR REPLACE PROCEDURAL LANGUAGE x ~ create ~ procedural language",
                "CREATE TRUSTED LANGUAGE x ~ create ~ language",
                "CREATE OR REPLACE CONSTRAINT TRIGGER x AFTER INSERT ON t ~ create ~ trigger",
                "CREATE UNIQUE INDEX CONCURRENTLY i ON t (a) ~ create ~ index",
                "CREATE UNLOGGED TABLE t (a int) ~ create ~ table",
                "CREATE GLOBAL TEMPORARY TABLE t AS SELECT 1 ~ create ~ table",
                "CREATE OR REPLACE TEMP RECURSIVE VIEW v (a) AS SELECT 1 ~ create ~ view",
                "CREATE DEFAULT CONVERSION c FOR 'a' TO 'b' FROM f ~ create ~ conversion",
                "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO u ~ alter ~ default privileges",
                "ALTER LARGE OBJECT 1 OWNER TO u ~ alter ~ large object",
                "ALTER SYSTEM SET work_mem = '1MB' ~ alter ~ system",
                "DROP OWNED BY u ~ drop ~ owned",
                "IMPORT FOREIGN SCHEMA s FROM SERVER x INTO y ~ import ~ foreign",
                "REASSIGN OWNED BY a TO b ~ reassign ~ owned",
            })
    void modifiersDoNotHideTheObject(String sql, String verb, String object) {
        StatementKind.Ddl ddl = (StatementKind.Ddl) kind(sql);
        assertEquals(verb, ddl.verb());
        assertEquals(object, ddl.object());
        assertEquals(sql.contains("TEMP"), ddl.temporary());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            quoteCharacter = '\0',
            value = {
                "ABORT ~ Rollback",
                "ANALYZE t ~ Maintenance",
                "BEGIN ~ Begin",
                "CALL p() ~ Call",
                "CHECKPOINT ~ Maintenance",
                "CLOSE c ~ CloseCursor",
                "CLUSTER t USING i ~ Maintenance",
                "COMMENT ON TABLE t IS 'x' ~ Comment",
                "COMMIT ~ Commit",
                "COMMIT PREPARED 'x' ~ CommitPrepared",
                "COPY t TO STDOUT ~ CopyTable",
                "DEALLOCATE a ~ Deallocate",
                "DECLARE c CURSOR FOR SELECT 1 ~ DeclareCursor",
                "DELETE FROM t ~ Query",
                "DISCARD ALL ~ Discard",
                "DO 'x' ~ DoBlock",
                "END ~ Commit",
                "EXECUTE a ~ Execute",
                "EXPLAIN SELECT 1 ~ Explain",
                "FETCH c ~ FetchCursor",
                "GRANT SELECT ON t TO u ~ Grant",
                "INSERT INTO t DEFAULT VALUES ~ Query",
                "LISTEN c ~ Listen",
                "LOAD 'x' ~ Maintenance",
                "LOCK t ~ LockTable",
                "MERGE INTO t USING u ON true WHEN MATCHED THEN DELETE ~ Query",
                "MOVE c ~ FetchCursor",
                "NOTIFY c ~ Notify",
                "PREPARE a AS SELECT 1 ~ Prepare",
                "PREPARE TRANSACTION 'x' ~ PrepareTransaction",
                "REFRESH MATERIALIZED VIEW v ~ Maintenance",
                "REINDEX TABLE t ~ Maintenance",
                "RELEASE SAVEPOINT a ~ ReleaseSavepoint",
                "RESET a ~ Reset",
                "REVOKE SELECT ON t FROM u ~ Grant",
                "ROLLBACK ~ Rollback",
                "ROLLBACK PREPARED 'x' ~ RollbackPrepared",
                "ROLLBACK TO SAVEPOINT a ~ RollbackToSavepoint",
                "SAVEPOINT a ~ Savepoint",
                "SECURITY LABEL ON TABLE t IS 'x' ~ Comment",
                "SELECT 1 INTO t ~ Query",
                "SET a = 1 ~ Set",
                "SET CONSTRAINTS ALL DEFERRED ~ SetConstraints",
                "SET ROLE u ~ Set",
                "SET SESSION AUTHORIZATION u ~ Set",
                "SET TRANSACTION READ ONLY ~ SetTransaction",
                "SHOW a ~ Show",
                "START TRANSACTION ~ Begin",
                "TRUNCATE t ~ Truncate",
                "UNLISTEN c ~ Unlisten",
                "UPDATE t SET a = 1 ~ Query",
                "VACUUM t ~ Maintenance",
                "VALUES (1) ~ Query",
                "WITH x AS (SELECT 1) TABLE x ~ Query",
            })
    void everyOtherCommandIsItsKind(String sql, String kind) {
        assertEquals(kind, kind(sql).getClass().getSimpleName());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            quoteCharacter = '\0',
            value = {
                "ALTER TABLE IF EXISTS ONLY s.t ADD CONSTRAINT c FOREIGN KEY (a) REFERENCES p (b) ~ t p",
                "CREATE INDEX i ON ONLY s.t (a) ~ t",
                "CREATE TABLE c (LIKE l) INHERITS (p) ~ c l p",
                "CREATE TABLE c PARTITION OF p DEFAULT ~ c p",
                "ALTER TABLE p ATTACH PARTITION c FOR VALUES FROM (1) TO (2) ~ p c",
                "CREATE TRIGGER g AFTER UPDATE ON t FROM u EXECUTE FUNCTION f() ~ t u",
                "CREATE RULE r AS ON INSERT TO t DO INSTEAD INSERT INTO u VALUES (1) ~ t u",
                "CREATE POLICY y ON t USING (EXISTS (SELECT FROM u)) ~ t u",
                "CREATE STATISTICS x ON a, b FROM t ~ t",
                "CREATE PUBLICATION x FOR TABLE t (a) WHERE (a > 1), u ~ t u",
                "CREATE VIEW v AS SELECT * FROM t JOIN u USING (a) ~ v t u",
                "CREATE MATERIALIZED VIEW v AS TABLE t ~ v t",
                "CREATE FUNCTION f() RETURNS SETOF t BEGIN ATOMIC SELECT * FROM u; END ~ t u",
                "DROP TABLE IF EXISTS a, s.b CASCADE ~ a b",
                "DROP TRIGGER g ON t ~ t",
                "GRANT SELECT (a), UPDATE ON TABLE t, s.u TO x ~ t u",
                "COMMENT ON COLUMN s.t.a IS 'x' ~ t",
                "SECURITY LABEL ON TABLE t IS 'x' ~ t",
                "VACUUM (FULL, ANALYZE) t (a), u ~ t u",
                "REINDEX (VERBOSE) TABLE CONCURRENTLY s.t ~ t",
                "CLUSTER VERBOSE t USING i ~ t",
                "REFRESH MATERIALIZED VIEW CONCURRENTLY v ~ v",
                "ALTER SEQUENCE q OWNED BY t.a ~ q t",
                "COPY s.t (a) FROM STDIN ~ t",
                "LOCK TABLE ONLY t, u * IN SHARE MODE ~ t u",
                "DECLARE c CURSOR FOR SELECT * FROM t ~ t",
                "IMPORT FOREIGN SCHEMA s LIMIT TO (t, \"U\") FROM SERVER x INTO y ~ t U",
            })
    void everyTableThatACommandNamesIsAmongItsNames(String sql, String tables) {
        StatementTemplate statement = StatementTemplate.of(sql).get(0);
        assertFalse(kind(sql) instanceof StatementKind.Other);
        for (String table : tables.split(" ", -1)) {
            assertTrue(StatementNames.of(statement).identifiers().contains(table), table);
        }
    }
}
