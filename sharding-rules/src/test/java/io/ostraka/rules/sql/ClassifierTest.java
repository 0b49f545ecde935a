package io.ostraka.rules.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.ostraka.rules.error.PgErrorException;
import io.ostraka.rules.error.SqlState;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ClassifierTest {
    private static StatementKind kind(String sql) {
        return Classifier.classify(StatementTemplate.of(sql).get(0));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            quoteCharacter = '\0',
            value = {
                "(SELECT 1) ~ Query[verb=select]",
                "with x as (select 1) insert into t table x ~ Query[verb=with]",
                "BEGIN ~ Begin[modes=]",
                "BEGIN WORK ISOLATION LEVEL REPEATABLE READ READ ONLY, NOT DEFERRABLE ~ Begin[modes=ISOLATION LEVEL REPEATABLE READ READ ONLY, NOT DEFERRABLE]",
                "START TRANSACTION READ WRITE ~ Begin[modes=READ WRITE]",
                "COMMIT ~ Commit[chain=false]",
                "END TRANSACTION AND CHAIN ~ Commit[chain=true]",
                "COMMIT AND NO CHAIN ~ Commit[chain=false]",
                "ROLLBACK ~ Rollback[chain=false]",
                "ABORT WORK AND CHAIN ~ Rollback[chain=true]",
                "ROLLBACK WORK TO SAVEPOINT S1 ~ RollbackToSavepoint[name=s1]",
                "ROLLBACK TO \"S1\" ~ RollbackToSavepoint[name=S1]",
                "ROLLBACK TO savepoint ~ RollbackToSavepoint[name=savepoint]",
                "SAVEPOINT a ~ Savepoint[name=a]",
                "RELEASE a ~ ReleaseSavepoint[name=a]",
                "RELEASE SAVEPOINT a ~ ReleaseSavepoint[name=a]",
                "PREPARE TRANSACTION 'x''y' ~ PrepareTransaction[id=x'y]",
                "COMMIT PREPARED 'x' ~ CommitPrepared[id=x]",
                "ROLLBACK PREPARED 'x' ~ RollbackPrepared[id=x]",
                "SET search_path TO a, 'B', \"C\" ~ Set[name=search_path, local=false, values=[a, B, C]]",
                "SET LOCAL Work_Mem = '4MB' ~ Set[name=work_mem, local=true, values=[4MB]]",
                "SET SESSION ostraka.x = -5 ~ Set[name=ostraka.x, local=false, values=[-5]]",
                "SET x TO DEFAULT ~ Set[name=x, local=false, values=[]]",
                "SET x = on ~ Set[name=x, local=false, values=[on]]",
                "SET TIME ZONE 'UTC' ~ Set[name=timezone, local=false, values=[UTC]]",
                "SET TIME ZONE LOCAL ~ Set[name=timezone, local=false, values=[]]",
                "SET LOCAL TIME ZONE -3.5 ~ Set[name=timezone, local=true, values=[-3.5]]",
                "SET NAMES 'UTF8' ~ Set[name=client_encoding, local=false, values=[UTF8]]",
                "SET ROLE NONE ~ Set[name=role, local=false, values=[none]]",
                "SET SESSION AUTHORIZATION DEFAULT ~ Set[name=session_authorization, local=false, values=[]]",
                "SET LOCAL SESSION AUTHORIZATION bob ~ Set[name=session_authorization, local=true, values=[bob]]",
                "SET SCHEMA 'x' ~ Set[name=search_path, local=false, values=[x]]",
                "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE ~ SetTransaction[session=false]",
                "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY ~ SetTransaction[session=true]",
                "SET CONSTRAINTS ALL DEFERRED ~ SetConstraints[]",
                "RESET ALL ~ Reset[name=all]",
                "RESET Session Authorization ~ Reset[name=session_authorization]",
                "SHOW TRANSACTION ISOLATION LEVEL ~ Show[name=transaction_isolation]",
                "SHOW \"DateStyle\" ~ Show[name=datestyle]",
                "DISCARD TEMP ~ Discard[what=temporary]",
                "DEALLOCATE ALL ~ Deallocate[name=]",
                "DEALLOCATE PREPARE a ~ Deallocate[name=a]",
                "DEALLOCATE prepare ~ Deallocate[name=prepare]",
                "PREPARE a (int, numeric(10,2)) AS SELECT $1 ~ Prepare[name=a, types=[int, numeric(10,2)], bodyStart=34]",
                "PREPARE transaction AS SELECT 1 ~ Prepare[name=transaction, types=[], bodyStart=23]",
                "EXECUTE a ~ Execute[name=a, arguments=[]]",
                "EXECUTE a('x', -1) ~ Execute[name=a, arguments=[ExecuteArgument[kind=STRING, text='x'], ExecuteArgument[kind=INTEGER, text=-1]]]",
                "EXECUTE a(1.5, true, null) ~ Execute[name=a, arguments=[ExecuteArgument[kind=NUMERIC, text=1.5], ExecuteArgument[kind=BOOLEAN, text=true], ExecuteArgument[kind=NULL, text=null]]]",
                "EXECUTE a(f(1, 2), 1 + 1) ~ Execute[name=a, arguments=[ExecuteArgument[kind=EXPRESSION, text=f(1, 2)], ExecuteArgument[kind=EXPRESSION, text=1 + 1]]]",
                "EXECUTE a(ARRAY[1, 2], -'1') ~ Execute[name=a, arguments=[ExecuteArgument[kind=EXPRESSION, text=ARRAY[1, 2]], ExecuteArgument[kind=EXPRESSION, text=-'1']]]",
                "DECLARE c SCROLL CURSOR WITH HOLD FOR SELECT 1 ~ DeclareCursor[name=c, hold=true, scroll=true, binary=false, bodyStart=38]",
                "FETCH 10 FROM c ~ FetchCursor[move=false, name=c, forward=Optional[10]]",
                "FETCH c ~ FetchCursor[move=false, name=c, forward=Optional[1]]",
                "FETCH next ~ FetchCursor[move=false, name=next, forward=Optional[1]]",
                "FETCH next forward ~ FetchCursor[move=false, name=forward, forward=Optional[1]]",
                "FETCH all in \"C d\" ~ FetchCursor[move=false, name=C d, forward=Optional[9223372036854775807]]",
                "FETCH FORWARD ALL c ~ FetchCursor[move=false, name=c, forward=Optional[9223372036854775807]]",
                "FETCH FORWARD 25 FROM c ~ FetchCursor[move=false, name=c, forward=Optional[25]]",
                "FETCH +3 c ~ FetchCursor[move=false, name=c, forward=Optional[3]]",
                "FETCH 0 c ~ FetchCursor[move=false, name=c, forward=Optional[0]]",
                "MOVE FORWARD -00 c ~ FetchCursor[move=true, name=c, forward=Optional[0]]",
                "FETCH RELATIVE 0 FROM c ~ FetchCursor[move=false, name=c, forward=Optional[0]]",
                "FETCH RELATIVE 1 FROM c ~ FetchCursor[move=false, name=c, forward=Optional.empty]",
                "FETCH BACKWARD c ~ FetchCursor[move=false, name=c, forward=Optional.empty]",
                "FETCH ABSOLUTE 0 c ~ FetchCursor[move=false, name=c, forward=Optional.empty]",
                "FETCH -1 FROM c ~ FetchCursor[move=false, name=c, forward=Optional.empty]",
                "MOVE BACKWARD ALL FROM c ~ FetchCursor[move=true, name=c, forward=Optional.empty]",
                "FETCH ABSOLUTE -2 IN c ~ FetchCursor[move=false, name=c, forward=Optional.empty]",
                "FETCH FORWARD -2 c ~ FetchCursor[move=false, name=c, forward=Optional.empty]",
                "DECLARE c NO SCROLL CURSOR FOR SELECT 1 ~ DeclareCursor[name=c, hold=false, scroll=false, binary=false, bodyStart=31]",
                "DECLARE c BINARY CURSOR FOR SELECT 1 ~ DeclareCursor[name=c, hold=false, scroll=false, binary=true, bodyStart=28]",
                "CLOSE ALL ~ CloseCursor[name=]",
                "LISTEN \"Ch\" ~ Listen[channel=Ch]",
                "UNLISTEN * ~ Unlisten[channel=]",
                "NOTIFY ch, 'x' ~ Notify[channel=ch]",
                "COPY s.t (a, b) FROM STDIN WITH (FORMAT csv) ~ CopyTable[table=s.t, from=true, client=true]",
                "COPY t TO '/tmp/x' ~ CopyTable[table=t, from=false, client=false]",
                "COPY (SELECT (1)) TO STDOUT ~ CopyQuery[queryStart=6, queryEnd=16, client=true]",
                "EXPLAIN SELECT 1 ~ Explain[analyze=false, bodyStart=8]",
                "EXPLAIN ANALYZE VERBOSE SELECT 1 ~ Explain[analyze=true, bodyStart=24]",
                "EXPLAIN (ANALYZE, FORMAT json) SELECT 1 ~ Explain[analyze=true, bodyStart=31]",
                "EXPLAIN (ANALYZE off, COSTS) SELECT 1 ~ Explain[analyze=false, bodyStart=29]",
                "EXPLAIN (SELECT 1) ~ Explain[analyze=false, bodyStart=8]",
                "LOCK TABLE ONLY a, s.b IN SHARE MODE ~ LockTable[tables=[a, s.b]]",
                "TRUNCATE a, b CASCADE ~ Truncate[tables=[a, b]]",
                "CREATE TEMP TABLE t (a int) ~ Ddl[verb=create, object=table, temporary=true]",
                "CREATE UNIQUE INDEX i ON t (a) ~ Ddl[verb=create, object=index, temporary=false]",
                "CREATE OR REPLACE FUNCTION f() ~ Ddl[verb=create, object=function, temporary=false]",
                "DROP MATERIALIZED VIEW v ~ Ddl[verb=drop, object=materialized view, temporary=false]",
                "ALTER DEFAULT PRIVILEGES REVOKE ALL ON TABLES FROM x ~ Ddl[verb=alter, object=default privileges, temporary=false]",
                "CREATE FOREIGN DATA WRAPPER w ~ Ddl[verb=create, object=foreign data wrapper, temporary=false]",
                "VACUUM FULL t ~ Maintenance[verb=vacuum]",
                "CALL s.p(1) ~ Call[procedure=s.p]",
                "DO $$ BEGIN END $$ ~ DoBlock[]",
                "REVOKE ALL ON t FROM u ~ Grant[revoke=true]",
                "COMMENT ON TABLE t IS 'x' ~ Comment[]",
                "frobnicate ~ Other[word=frobnicate]",
                "\"select\" 1 ~ Other[word=\"select\"]",
            })
    void aStatementIsWhatItsTokensSay(String sql, String kind) {
        assertEquals(kind, kind(sql).toString());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "COMMIT 1",
                "COMMIT WORK WORK",
                "BEGIN READ",
                "ROLLBACK TO",
                "SAVEPOINT select",
                "SET x 5",
                "SET x = 1 2",
                "RESET",
                "START",
                "RELEASE a b",
                "DEALLOCATE",
                "SHOW a b",
                "COMMIT AND",
                "SET TRANSACTION",
                "PREPARE a SELECT 1",
                "EXECUTE a(1",
                "EXECUTE a()",
                "EXECUTE a(1,)"
            })
    void malformedTransactionControlIsASyntaxError(String sql) {
        PgErrorException failure = assertThrows(PgErrorException.class, () -> kind(sql));
        assertEquals(SqlState.SYNTAX_ERROR, failure.error().state());
    }

    @Test
    void everyNameAStatementCouldHoldIsFound() {
        StatementNames names = StatementNames.of(StatementTemplate.of(
                        "CREATE VIEW V AS SELECT \"Ab\".x, 'Orders'::regclass, U&\"\\0061b\" FROM ü /* t2 */")
                .get(0));
        assertEquals(
                java.util.Set.of("create", "view", "v", "as", "select", "Ab", "x", "regclass", "ab", "from", "ü"),
                names.identifiers());
        assertEquals(true, names.hasText());
        assertEquals(java.util.Set.of("Orders", "orders"), names.wordsInText());
        assertEquals(false, StatementNames.of("VACUUM t", 0, 8).hasText());
    }
}
