package io.ostraka.rules.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TableCreationTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '#',
            value = {
                "CREATE TABLE t AS SELECT 1 # t # SELECT 1 # true",
                "create unlogged table if not exists s.t (a, b) with (fillfactor=70) as table x with no data # s.t # table x # false",
                "CREATE TABLE t AS SELECT 1 WITH DATA # t # SELECT 1 # true",
                "CREATE TABLE \"As\" AS (VALUES (1)) # As # (VALUES (1)) # true",
                "CREATE TABLE t AS SELECT 'as' AS \"with\" # t # SELECT 'as' AS \"with\" # true",
            })
    void createTableAsIsTakenApart(String sql, String name, String query, boolean withData) {
        TableCreation creation = TableCreation.ofCreate(sql).orElseThrow();
        assertEquals(name, creation.name().toString());
        assertEquals(query, creation.query().strip());
        assertEquals(sql.indexOf(query), creation.query().indexOf(query));
        assertEquals(withData, creation.withData());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "CREATE TABLE t (a int, b int GENERATED ALWAYS AS (a * 2) STORED)",
                "CREATE TABLE t PARTITION OF p FOR VALUES IN (1)",
                "CREATE TABLE t (a int) INHERITS (p)",
                "CREATE VIEW v AS SELECT 1",
                "CREATE MATERIALIZED VIEW v AS SELECT 1",
            })
    void othersAreNone(String sql) {
        assertTrue(TableCreation.ofCreate(sql).isEmpty());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '#',
            value = {
                "SELECT a INTO t FROM x # SELECT a FROM x # t",
                "WITH q AS (SELECT 1) SELECT * INTO UNLOGGED TABLE s.t FROM q # WITH q AS (SELECT 1) SELECT * FROM q # s.t",
                "SELECT 1 INTO t # SELECT 1 # t",
            })
    void intoIsTakenOutOfAQuery(String sql, String query, String name) {
        TableCreation creation = TableCreation.ofSelectInto(sql).orElseThrow();
        assertEquals(query, creation.query().strip().replaceAll(" +", " "));
        assertEquals(sql.length(), creation.query().length());
        assertEquals(name, creation.name().toString());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT a FROM x",
                "INSERT INTO t SELECT 1",
                "WITH q AS (INSERT INTO t VALUES (1) RETURNING *) SELECT * FROM q",
                "WITH q AS (SELECT 1) INSERT INTO t SELECT * FROM q",
                "SELECT a AS \"into\" FROM x",
            })
    void othersHaveNoInto(String sql) {
        assertTrue(TableCreation.ofSelectInto(sql).isEmpty());
    }

    @Test
    void itsTextKnowsWhereTheClientsIs() {
        String sql = "CREATE TABLE IF NOT EXISTS t (a) AS SELECT wrong";
        TableCreation.Text empty = TableCreation.ofCreate(sql).orElseThrow().text("\"public\".\"t\"", false);
        assertEquals("CREATE TABLE IF NOT EXISTS \"public\".\"t\" (a) AS(SELECT wrong\n)\nWITH NO DATA", empty.sql());
        assertEquals(sql.indexOf("wrong"), empty.sql().indexOf("wrong") - empty.moved());
        String into = "SELECT wrong INTO t FROM x";
        TableCreation.Text made = TableCreation.ofSelectInto(into).orElseThrow().text("p.t", true);
        assertEquals("CREATE TABLE p.t AS SELECT wrong        FROM x", made.sql());
        assertEquals(into.indexOf("wrong"), made.sql().indexOf("wrong") - made.moved());
    }

    @Test
    void literalsOfSelectIntoAreNotLifted() {
        assertEquals(
                0, StatementTemplate.of("SELECT 1 INTO t WHERE 2 = 3").get(0).literals());
        assertEquals(2, StatementTemplate.of("SELECT 1 WHERE 2 = 2").get(0).literals() - 1);
        assertFalse(StatementTemplate.of("INSERT INTO t VALUES (1)").get(0).literals() == 0);
    }
}
