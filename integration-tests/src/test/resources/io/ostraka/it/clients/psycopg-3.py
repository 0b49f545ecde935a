"""psycopg 3: server-side parameters, prepared statements, pipelines, binary, COPY, rows streamed, asyncio."""
import asyncio
import datetime
import decimal
import logging
import threading
import uuid

import psycopg
from psycopg.rows import dict_row, namedtuple_row
from psycopg.types.json import Jsonb


# Whether it tells of a pipeline that was left with errors depends on who was faster.
logging.getLogger("psycopg").setLevel(logging.CRITICAL)


def attempt(what, action):
    try:
        print(what, "->", action())
    except psycopg.Error as e:
        print(what, "->", type(e).__name__, e.sqlstate, str(e).strip())


def until_running(sql):
    """A cancel request that comes before its statement cancels nothing."""
    with psycopg.connect("", autocommit=True) as other:
        while other.execute("SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query = %s", (sql,)).fetchone() == (0,):
            pass


def cancel_when_running(connection, sql):
    until_running(sql)
    connection.cancel()


with psycopg.connect("") as connection:
    connection.execute("CREATE TABLE things (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text UNIQUE,"
                       " price numeric, at timestamptz, tags text[], more jsonb, raw bytea, key uuid, day date)")
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO things (name, price, at, tags, more, raw, key, day) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"
            " RETURNING id",
            [(f"thing {i}", decimal.Decimal(i) / 4, datetime.datetime(2026, 1, 1, i, tzinfo=datetime.timezone.utc),
              ["a", None, str(i)], Jsonb({"i": i}), bytes([0, i, 255]), uuid.UUID(int=i), datetime.date(2026, 1, 1 + i))
             for i in range(10)], returning=True)
        ids = []
        while True:
            ids += [row[0] for row in cursor.fetchall()]
            if not cursor.nextset():
                break
        print(ids, cursor.rowcount)
    connection.commit()

    for binary in (False, True):
        with connection.cursor(binary=binary) as cursor:
            cursor.execute("SELECT * FROM things WHERE id = ANY(%s) ORDER BY id", ([2, 4],))
            print([(column.name, column.type_code, column.internal_size) for column in cursor.description])
            for row in cursor:
                print(row)
    # From the sixth execution on, prepared on the server.
    for i in range(12):
        print(connection.execute("SELECT name FROM things WHERE id = %s", (i,)).fetchone(), end=" ")
    print()
    connection.execute("ALTER TABLE things ADD COLUMN extra int DEFAULT 5")
    connection.commit()
    for i in range(3):
        print(connection.execute("SELECT * FROM things WHERE id = %s", (1,), prepare=True).fetchone()[-1])
    connection.commit()
    connection.execute("ALTER TABLE things DROP COLUMN extra")
    connection.commit()
    attempt("after the table has changed",
            lambda: len(connection.execute("SELECT * FROM things WHERE id = %s", (1,), prepare=True).fetchone()))
    connection.rollback()

    with connection.cursor("named") as named:
        named.itersize = 3
        named.execute("SELECT id FROM things WHERE id > %s ORDER BY id", (2,))
        print([row[0] for row in named])
    with connection.cursor("scrolling", scrollable=True, withhold=True) as scrolling:
        scrolling.execute("SELECT id FROM things ORDER BY id")
        connection.commit()
        scrolling.scroll(4)
        print(scrolling.fetchone())
        scrolling.scroll(0, mode="absolute")
        print(scrolling.fetchmany(2))
    print([row[0] for row in connection.cursor().stream("SELECT generate_series(1, %s)", (5,))])
    print(connection.cursor(row_factory=dict_row).execute("SELECT 1 AS a, 2 AS b").fetchone())
    print(connection.cursor(row_factory=namedtuple_row).execute("SELECT 1 AS a, 2 AS b").fetchone())
    client = psycopg.ClientCursor(connection)
    print(client.mogrify("SELECT %s, %s", ["it's", 1]), client.execute("SELECT %s, %s", ["it's", 1]).fetchone())
    connection.commit()

    with connection.cursor() as cursor:
        with cursor.copy("COPY things (name, price) FROM STDIN") as copy:
            copy.write_row(("c1", 1.5))
            copy.write_row(("c2", None))
        print(cursor.rowcount)
        with cursor.copy("COPY things (name, price) FROM STDIN (FORMAT binary)") as copy:
            copy.set_types(["text", "numeric"])
            copy.write_row(("c3", decimal.Decimal("3.25")))
        with cursor.copy("COPY (SELECT name, price FROM things WHERE name LIKE 'c%%' AND name <> %s ORDER BY 1) TO STDOUT", ("c9",)) as copy:
            print(list(copy.rows()))
        def copy_in(sql, data, failure=None):
            with cursor.copy(sql) as copy:
                copy.write(data)
                if failure:
                    raise failure
        attempt("left in the middle", lambda: copy_in("COPY things (name) FROM STDIN", "never\n", ValueError("enough")))
        print(connection.info.transaction_status)
        connection.rollback()
        attempt("a bad line", lambda: copy_in("COPY things (price) FROM STDIN", "x\n"))
        connection.rollback()

with psycopg.connect("", autocommit=True) as connection:
    with connection.pipeline() as pipeline:
        connection.execute("INSERT INTO things (name) VALUES (%s)", ["p1"])
        one = connection.execute("SELECT count(*) FROM things WHERE name LIKE %s", ["p%"])
        pipeline.sync()
        print(one.fetchone())
        two = connection.execute("SELECT 'second'")
        three = connection.cursor()
        three.executemany("INSERT INTO things (name) VALUES (%s)", [("p2",), ("p3",)])
        print(two.fetchone(), three.rowcount)

    def failing():
        with connection.pipeline():
            connection.execute("INSERT INTO things (name) VALUES ('p4')")
            connection.execute("SELECT 1/0")
            connection.execute("INSERT INTO things (name) VALUES ('p5')")
    attempt("a pipeline that fails", failing)
    print(connection.execute("SELECT array_agg(name ORDER BY name) FROM things WHERE name LIKE 'p_'").fetchone())
    with connection.transaction():
        try:
            with connection.transaction() as inner:
                connection.execute("INSERT INTO things (name) VALUES ('p6')")
                connection.execute("INSERT INTO things (name) VALUES ('p6')")
        except psycopg.errors.UniqueViolation as e:
            print(e.diag.constraint_name, e.diag.message_detail)
        connection.execute("INSERT INTO things (name) VALUES ('p7')")
    print(connection.execute("SELECT array_agg(name ORDER BY name) FROM things WHERE name LIKE 'p_'").fetchone())
    connection.isolation_level = psycopg.IsolationLevel.SERIALIZABLE
    connection.read_only = True
    with connection.transaction():
        print(connection.execute("SHOW transaction_isolation").fetchone())
        attempt("a write", lambda: connection.execute("DELETE FROM things"))
    connection.isolation_level = None
    connection.read_only = None

    connection.execute("LISTEN news")
    with psycopg.connect("", autocommit=True) as other:
        for payload in ("one", "two", "stop"):
            other.execute("SELECT pg_notify('news', %s)", (payload,))
    heard = connection.notifies()
    for notify in heard:
        print(notify.channel, notify.payload)
        if notify.payload == "stop":
            heard.close()
    connection.add_notice_handler(lambda diag: print(diag.severity, diag.message_primary))
    connection.execute("DO $$ BEGIN RAISE NOTICE 'noticed'; END $$")
    started = threading.Thread(target=cancel_when_running, args=(connection, "SELECT pg_sleep(60)"))
    started.start()
    attempt("cancelled", lambda: connection.execute("SELECT pg_sleep(60)"))
    started.join()
    print(connection.execute("SELECT 'goes on'").fetchone())
    print(connection.info.server_version, connection.info.encoding, connection.info.parameter_status("TimeZone"))

    if connection.pgconn.socket >= 0:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1; SELECT 2; INSERT INTO things (name) VALUES ('s1'); SELECT 3")
            while True:
                print(cursor.statusmessage, cursor.fetchall() if cursor.description else None)
                if not cursor.nextset():
                    break
    enum = connection.execute("CREATE TYPE colour AS ENUM ('red', 'green')")
    print(psycopg.types.TypeInfo.fetch(connection, "colour").name)
    psycopg.types.enum.register_enum(psycopg.types.enum.EnumInfo.fetch(connection, "colour"), connection)
    print(connection.execute("SELECT 'red'::colour").fetchone())
    connection.execute("CREATE TYPE pair AS (a int, b text)")
    psycopg.types.composite.register_composite(psycopg.types.composite.CompositeInfo.fetch(connection, "pair"), connection)
    print(connection.execute("SELECT ROW(1, 'x')::pair").fetchone())


async def together():
    async with await psycopg.AsyncConnection.connect("", autocommit=True) as first:
        async with await psycopg.AsyncConnection.connect("", autocommit=True) as second:
            results = await asyncio.gather(*[
                connection.execute("SELECT %s::int", (i,)) for i, connection in enumerate((first, second))])
            print([await result.fetchone() for result in results])
            async with first.pipeline():
                cursors = [await first.execute("SELECT %s::int", (i,)) for i in range(5)]
                print([await cursor.fetchone() for cursor in cursors])
            task = asyncio.create_task(first.execute("SELECT pg_sleep(60)"))
            await asyncio.get_running_loop().run_in_executor(None, until_running, "SELECT pg_sleep(60)")
            first.cancel()
            try:
                await task
            except psycopg.Error as e:
                print(type(e).__name__, e.sqlstate)


asyncio.run(together())

with psycopg.connect("") as connection:
    try:
        connection.tpc_begin(connection.xid(1, "global", "branch"))
        connection.execute("INSERT INTO things (name) VALUES ('two phases')")
        connection.tpc_prepare()
        connection.tpc_commit()
        print(connection.execute("SELECT count(*) FROM things WHERE name = 'two phases'").fetchone())
    except psycopg.Error as e:
        print(type(e).__name__, e.sqlstate, e)
