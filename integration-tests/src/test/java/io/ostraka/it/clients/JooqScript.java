package io.ostraka.it.clients;

import static org.jooq.impl.DSL.asterisk;
import static org.jooq.impl.DSL.constraint;
import static org.jooq.impl.DSL.count;
import static org.jooq.impl.DSL.excluded;
import static org.jooq.impl.DSL.field;
import static org.jooq.impl.DSL.multiset;
import static org.jooq.impl.DSL.name;
import static org.jooq.impl.DSL.select;
import static org.jooq.impl.DSL.sum;
import static org.jooq.impl.DSL.table;

import io.ostraka.it.harness.Endpoint;
import java.io.PrintWriter;
import java.math.BigDecimal;
import java.sql.Connection;
import java.util.stream.IntStream;
import org.jooq.BatchBindStep;
import org.jooq.CloseableDSLContext;
import org.jooq.Cursor;
import org.jooq.Field;
import org.jooq.Record;
import org.jooq.Table;
import org.jooq.exception.DataAccessException;
import org.jooq.impl.DSL;
import org.jooq.impl.SQLDataType;

/** jOOQ: DDL, batches, upserts, nested collections, cursors, nested transactions, its reading of the catalogs. */
final class JooqScript {
    private static final Table<Record> PEOPLE = table(name("people"));
    private static final Field<Integer> ID = field(name("people", "id"), SQLDataType.INTEGER);
    private static final Field<String> NAME = field(name("people", "name"), SQLDataType.VARCHAR(40));
    private static final Field<BigDecimal> WORTH = field(name("people", "worth"), SQLDataType.NUMERIC(10, 2));

    private JooqScript() {}

    static void run(Endpoint endpoint, PrintWriter out) throws Exception {
        try (CloseableDSLContext jooq = DSL.using(endpoint.jdbcUrl(), endpoint.user(), endpoint.password())) {
            jooq.createTable(PEOPLE)
                    .column(ID, SQLDataType.INTEGER.identity(true))
                    .column(NAME)
                    .column(WORTH)
                    .constraints(
                            constraint("people_key").primaryKey(ID),
                            constraint("people_name").unique(NAME))
                    .execute();
            var insert = jooq.insertInto(PEOPLE, NAME, WORTH).values("", BigDecimal.ZERO);
            BatchBindStep batch = jooq.batch(insert);
            for (int i = 0; i < 50; i++) {
                batch = batch.bind("p" + i, BigDecimal.valueOf(i, 1));
            }
            out.println(IntStream.of(batch.execute()).sum());
            out.println(jooq.insertInto(PEOPLE, NAME, WORTH)
                    .values("p1", BigDecimal.TEN)
                    .values("new", BigDecimal.ONE)
                    .onConflict(NAME)
                    .doUpdate()
                    .set(WORTH, excluded(WORTH))
                    .returning(ID, NAME)
                    .fetch());
            out.println(jooq.select(count(), sum(WORTH)).from(PEOPLE).fetch());
            out.println(jooq.select(
                            NAME,
                            multiset(select(NAME).from(PEOPLE).where(ID.le(3)).orderBy(ID)))
                    .from(PEOPLE)
                    .where(ID.eq(1))
                    .fetch());
            jooq.transaction(outer -> {
                outer.dsl()
                        .update(PEOPLE)
                        .set(WORTH, BigDecimal.ONE)
                        .where(ID.eq(1))
                        .execute();
                try {
                    outer.dsl().transaction(inner -> inner.dsl()
                            .insertInto(PEOPLE, NAME)
                            .values("p2")
                            .execute());
                } catch (DataAccessException e) {
                    out.println(e.sqlState());
                }
                try (Cursor<Record> cursor = outer.dsl()
                        .select(asterisk())
                        .from(PEOPLE)
                        .orderBy(ID)
                        .fetchSize(7)
                        .fetchLazy()) {
                    out.println(cursor.stream().mapToInt(row -> row.get(ID)).sum());
                }
            });
            out.println(jooq.fetchMany("SELECT 1 AS a; SELECT 2 AS b, 3 AS c"));
            out.println(jooq.deleteFrom(PEOPLE)
                    .where(ID.gt(45))
                    .returning(ID)
                    .fetch()
                    .size());
            try {
                jooq.fetch("SELECT 1/0");
            } catch (DataAccessException e) {
                out.println(e.sqlState());
            }
            Table<?> found = jooq.meta().getTables("people").get(0);
            for (Field<?> column : found.fields()) {
                out.println(column.getName() + " " + column.getDataType() + " "
                        + column.getDataType().nullable());
            }
            out.println(found.getKeys() + " " + found.getIndexes());
            jooq.dropTable(PEOPLE).execute();
        }
        try (Connection connection = endpoint.connect()) {
            out.println(DSL.using(connection).fetchValue("SELECT 'over a connection of the caller''s'"));
        }
    }
}
