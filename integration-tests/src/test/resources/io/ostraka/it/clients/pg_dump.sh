# pg_dump and pg_restore: plain, custom and directory format, with several jobs, and back again.
set -u
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

sql() { psql -X -q -At -v ON_ERROR_STOP=1 "$@" 2>&1; }
client=$(pg_dump --version | sed -E 's/[^0-9]*([0-9]+).*/\1/')
server=$(sql -c 'SHOW server_version_num')
if [ "$client" -lt "$((server / 10000))" ]; then
  echo "pg_dump $client does not dump servers of version $((server / 10000)); --postgresql takes others"
  exit 77
fi

sql <<'SQL'
CREATE TYPE mood AS ENUM ('sad', 'fine');
CREATE DOMAIN even AS int CHECK (VALUE % 2 = 0);
CREATE SCHEMA "Side";
CREATE SEQUENCE counter START 10 INCREMENT 5;
CREATE TABLE people (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text COLLATE "C" UNIQUE, feels mood DEFAULT 'fine',
  twice int GENERATED ALWAYS AS (length(name) * 2) STORED, two even, raw bytea, more jsonb, price numeric(10, 2));
CREATE TABLE "Side"."Notes" (person int REFERENCES people DEFERRABLE, at date, body text) PARTITION BY RANGE (at);
CREATE TABLE "Side".notes_2026 PARTITION OF "Side"."Notes" FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE INDEX by_body ON "Side"."Notes" (lower(body)) WHERE body IS NOT NULL;
CREATE VIEW fine AS SELECT id, name FROM people WHERE feels = 'fine';
CREATE MATERIALIZED VIEW counts AS SELECT feels, count(*) FROM people GROUP BY feels;
CREATE FUNCTION add(a int, b int DEFAULT 1) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT a + b';
CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.name = upper(NEW.name); RETURN NEW; END $$;
CREATE TRIGGER stamped BEFORE UPDATE ON people FOR EACH ROW EXECUTE FUNCTION stamp();
ALTER TABLE people ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON people USING (true);
CREATE STATISTICS linked ON feels, two FROM people;
COMMENT ON TABLE people IS 'everybody';
GRANT SELECT ON people TO PUBLIC;
INSERT INTO people (name, two, raw, more, price)
  SELECT E'p\t' || i || E'\n', 2 * i, decode(to_hex(i + 4096), 'hex'), jsonb_build_object('i', i), i / 7.0 FROM generate_series(1, 5000) i;
INSERT INTO "Side"."Notes" SELECT i, date '2026-01-01' + i % 365, repeat('x', i % 50) FROM generate_series(1, 5000) i;
SELECT nextval('counter');
SELECT lo_from_bytea(424242, 'a large object');
REFRESH MATERIALIZED VIEW counts;
SQL
state() {
  sql -c "SELECT count(*), md5(string_agg(people::text, ',' ORDER BY id)) FROM people" \
    -c "SELECT count(*), md5(string_agg(n::text, ',' ORDER BY person)) FROM \"Side\".\"Notes\" n" \
    -c 'SELECT * FROM counts' -c "SELECT nextval('counter')" -c 'SELECT add(1)' -c 'SELECT convert_from(lo_get(424242), $$utf8$$)'
}
drop() { sql -c 'DROP OWNED BY CURRENT_USER' -c 'CREATE SCHEMA IF NOT EXISTS public'; }
# The name of the database, and the key of newer versions' \restrict, are not the same twice.
same() { sed -E 's/^\\(un)?restrict .*/\\\1restrict/; /^-- (Dumped|Started|Completed)/d'; }

state
pg_dump >plain.sql 2>&1
echo "status $?"
same <plain.sql | md5sum
same <plain.sql | grep -vE '^[0-9]+	' | head -400
pg_dump -s 2>&1 | same | md5sum
pg_dump --data-only --inserts --rows-per-insert=100 -t people 2>&1 | same | md5sum
pg_dump -Fc -f custom 2>&1
echo "status $?"
pg_dump -Fd -j 3 -f directory 2>&1
echo "status $?"
pg_restore -l custom | grep -vE '^;' | cut -d ' ' -f 4-
drop
sql -f plain.sql | sort | uniq -c
state
drop
pg_restore -d "$PGDATABASE" custom 2>&1
echo "status $?"
state
drop
pg_restore -d "$PGDATABASE" -j 3 directory 2>&1
echo "status $?"
state
pg_restore -d "$PGDATABASE" --clean --if-exists --single-transaction custom 2>&1
echo "status $?"
state
sql -c 'SHOW search_path'
drop
