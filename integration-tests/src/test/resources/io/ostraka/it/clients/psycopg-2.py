"""psycopg 2: parameters, types, cursors of both kinds, COPY, notifications, transactions, its pool."""
import datetime
import decimal
import io
import select
import uuid

import psycopg2
import psycopg2.errors
import psycopg2.extensions
import psycopg2.extras
import psycopg2.pool


def attempt(what, action):
    try:
        print(what, "->", action())
    except psycopg2.Error as e:
        print(what, "->", type(e).__name__, e.pgcode, str(e).strip())


def until_running(sql):
    """A cancel request that comes before its statement cancels nothing."""
    with psycopg2.connect("") as other, other.cursor() as looking:
        running = 0
        while not running:
            looking.execute("SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query = %s", (sql,))
            running, = looking.fetchone()
            other.rollback()
    other.close()


connection = psycopg2.connect("")
cursor = connection.cursor()
cursor.execute("CREATE TABLE things (id serial PRIMARY KEY, name text UNIQUE, price numeric, at timestamptz, tags text[],"
               " more jsonb, raw bytea, key uuid)")
psycopg2.extras.register_uuid()
rows = [
    (f"thing {i}", decimal.Decimal(i) / 4, datetime.datetime(2026, 1, 1, i, tzinfo=datetime.timezone.utc), ["a", str(i)],
     psycopg2.extras.Json({"i": i}), bytes([0, i, 255]), uuid.UUID(int=i))
    for i in range(10)
]
cursor.executemany("INSERT INTO things (name, price, at, tags, more, raw, key) VALUES (%s, %s, %s, %s, %s, %s, %s)", rows)
print(cursor.rowcount, cursor.statusmessage)
connection.commit()
cursor.execute("SELECT * FROM things WHERE id = ANY(%s) ORDER BY id", ([2, 4],))
print([column.name for column in cursor.description], [column.type_code for column in cursor.description])
for row in cursor:
    print([bytes(value) if isinstance(value, memoryview) else value for value in row])
print(psycopg2.extras.execute_values(cursor, "INSERT INTO things (name) VALUES %s RETURNING id", [("v1",), ("v2",)], fetch=True))
psycopg2.extras.execute_batch(cursor, "UPDATE things SET price = %s WHERE id = %s", [(1, 1), (2, 2), (3, 3)], page_size=2)
print(cursor.statusmessage)
connection.rollback()
cursor.execute("SELECT count(*), sum(price) FROM things")
print(cursor.fetchone())

with connection.cursor("named") as named:
    named.itersize = 3
    named.execute("SELECT id FROM things ORDER BY id")
    print([row[0] for row in named])
with connection.cursor("scrolling", scrollable=True) as scrolling:
    scrolling.execute("SELECT id FROM things ORDER BY id")
    scrolling.scroll(4)
    print(scrolling.fetchone())
    scrolling.scroll(-3)
    print(scrolling.fetchmany(2))
connection.commit()
held = connection.cursor("held", withhold=True)
held.execute("SELECT id FROM things ORDER BY id")
connection.commit()
print(held.fetchmany(3))
held.close()
with connection.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as dicts:
    dicts.execute("SELECT id, name FROM things ORDER BY id LIMIT 1")
    print(dict(dicts.fetchone()))

cursor.copy_expert("COPY things (name, price) FROM STDIN WITH (FORMAT csv)", io.StringIO("c1,1.5\nc2,2.5\n"))
print(cursor.rowcount)
out = io.StringIO()
cursor.copy_expert("COPY (SELECT name, price FROM things WHERE name LIKE 'c%' ORDER BY 1) TO STDOUT", out)
print(repr(out.getvalue()))
cursor.copy_from(io.StringIO("d1\t\\N\n"), "things", columns=("name", "price"))
connection.commit()
attempt("a bad line", lambda: cursor.copy_expert("COPY things (name, price) FROM STDIN", io.StringIO("e1\t1\ne2\tx\n")))
print(connection.status, connection.info.transaction_status)
attempt("in a failed transaction", lambda: cursor.execute("SELECT 1"))
connection.rollback()

attempt("a duplicate", lambda: cursor.execute("INSERT INTO things (name) VALUES ('c1')"))
connection.rollback()
try:
    cursor.execute("INSERT INTO things (name) VALUES ('c1')")
except psycopg2.errors.UniqueViolation as e:
    print(e.diag.constraint_name, e.diag.table_name, e.diag.message_detail)
connection.rollback()
with connection:
    cursor.execute("SAVEPOINT s")
    attempt("a missing table", lambda: cursor.execute("SELECT * FROM missing"))
    cursor.execute("ROLLBACK TO s")
    cursor.execute("INSERT INTO things (name) VALUES ('saved')")
cursor.execute("SELECT count(*) FROM things WHERE name = 'saved'")
print(cursor.fetchone())
connection.rollback()

connection.set_session(isolation_level="SERIALIZABLE", readonly=True, deferrable=True)
cursor.execute("SHOW transaction_isolation")
print(cursor.fetchone())
attempt("a write in a read only transaction", lambda: cursor.execute("DELETE FROM things"))
connection.rollback()
connection.set_session(autocommit=True, isolation_level="DEFAULT", readonly="DEFAULT", deferrable="DEFAULT")
cursor.execute("SELECT 1; SELECT 2 AS last")
print(cursor.fetchall())
cursor.callproc("upper", ["shout"])
print(cursor.fetchall())
cursor.execute("LISTEN news")
with psycopg2.connect("") as other, other.cursor() as speaker:
    speaker.execute("NOTIFY news, 'hello'")
    speaker.execute("SELECT pg_notify('news', 'again')")
while len(connection.notifies) < 2:
    if not select.select([connection], [], [], 30)[0]:
        break
    connection.poll()
print([(notify.channel, notify.payload) for notify in connection.notifies])
cursor.execute("DO $$ BEGIN RAISE NOTICE 'noticed'; END $$")
print(connection.notices[-1:])
print(connection.encoding, connection.get_parameter_status("server_version"),
      connection.get_parameter_status("standard_conforming_strings"))
connection.set_client_encoding("UTF8")
connection.autocommit = False
large = connection.lobject(0, "wb")
large.write(b"large " * 10000)
large.close()
again = connection.lobject(large.oid, "rb")
again.seek(6)
print(again.read(5), again.tell())
again.unlink()
connection.commit()
attempt("cancel", lambda: (cursor.execute("SET statement_timeout = 100"), cursor.execute("SELECT pg_sleep(30)")))
connection.rollback()
connection.reset()
cursor.execute("SHOW statement_timeout")
print(cursor.fetchone())
connection.rollback()

two_phase = connection.xid(1, "global", "branch")
connection.tpc_begin(two_phase)
cursor.execute("INSERT INTO things (name) VALUES ('two phases')")
attempt("prepare", connection.tpc_prepare)
attempt("prepared", lambda: connection.tpc_commit())
connection.close()

pool = psycopg2.pool.ThreadedConnectionPool(1, 3, "")
borrowed = [pool.getconn() for _ in range(3)]
for each in borrowed:
    with each.cursor() as c:
        c.execute("SELECT count(*) FROM things")
        print(c.fetchone())
    pool.putconn(each)
pool.closeall()

waiting = psycopg2.connect("", async_=True)
def wait():
    while True:
        state = waiting.poll()
        if state == psycopg2.extensions.POLL_OK:
            return
        select.select([waiting] if state == psycopg2.extensions.POLL_READ else [],
                      [waiting] if state == psycopg2.extensions.POLL_WRITE else [], [], 30)
wait()
c = waiting.cursor()
c.execute("SELECT 'asynchronously'")
wait()
print(c.fetchone())
c.execute("SELECT pg_sleep(30)")
until_running("SELECT pg_sleep(30)")
waiting.cancel()
attempt("cancelled", wait)
waiting.close()
