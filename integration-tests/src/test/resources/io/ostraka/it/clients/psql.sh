# psql: what its commands ask of the catalogs, its ways to run queries, and its files.
set -u
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# What names a process, a large object or a time is another each time.
psql -X -a 2>&1 <<'SQL' | sed -E 's/(PID |lo_import |lo_unlink )[0-9]+/\1N/; s/^[A-Z][a-z]{2} [A-Z][a-z]{2} .* \(every .*/(watched)/; s/ [0-9]{5,} / OID /'
\set QUIET on
\pset pager off
CREATE TYPE mood AS ENUM ('sad', 'fine');
CREATE TYPE pair AS (a int, b text);
CREATE DOMAIN even AS int CHECK (VALUE % 2 = 0);
CREATE SCHEMA side;
CREATE TABLE people (
  id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL UNIQUE CHECK (name <> ''),
  feels mood DEFAULT 'fine',
  twice int GENERATED ALWAYS AS (length(name) * 2) STORED
);
CREATE TABLE notes (person int REFERENCES people ON DELETE CASCADE, at date, body text) PARTITION BY RANGE (at);
CREATE TABLE notes_2025 PARTITION OF notes FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE notes_2026 PARTITION OF notes FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE INDEX notes_by_body ON notes (lower(body)) WHERE body IS NOT NULL;
CREATE TABLE side.old (LIKE people INCLUDING ALL) WITH (fillfactor = 70);
CREATE VIEW fine_people AS SELECT id, name FROM people WHERE feels = 'fine';
CREATE MATERIALIZED VIEW counts AS SELECT feels, count(*) FROM people GROUP BY feels;
CREATE SEQUENCE counter START 10 INCREMENT 5;
CREATE FUNCTION add(a int, b int DEFAULT 1) RETURNS int LANGUAGE sql AS 'SELECT a + b';
CREATE PROCEDURE fill(n int) LANGUAGE plpgsql AS $$
BEGIN
  FOR i IN 1..n LOOP
    INSERT INTO people (name) VALUES ('p' || i);
    IF i % 10 = 0 THEN COMMIT; END IF;
  END LOOP;
  RAISE NOTICE 'filled %', n;
END $$;
CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.name = upper(NEW.name); RETURN NEW; END $$;
CREATE TRIGGER stamped BEFORE INSERT ON people FOR EACH ROW EXECUTE FUNCTION stamp();
CREATE POLICY seen ON people FOR SELECT USING (true);
CREATE RULE forget AS ON DELETE TO fine_people DO INSTEAD NOTHING;
CREATE STATISTICS linked ON person, at FROM notes;
COMMENT ON TABLE people IS 'everybody';
COMMENT ON COLUMN people.name IS 'what they are called';
GRANT SELECT ON people TO PUBLIC;
ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC;
\echo ---- \d
\d
\d people
\d+ people
\d notes
\d+ notes
\d notes_2025
\d fine_people
\d+ counts
\d counter
\d side.*
\d people_pkey
\d nothing
\dt
\dt *.people
\di
\dv
\dm
\ds
\dP
\dPi
\df
\df+ add
\sf fill
\sv fine_people
\dT
\dT+ mood
\dD
\dn
\dp
\ddp
\dx
\dy
\des
\dL
\dX
\dO+ zzz
\drds
\dRp
\dA
\db
\dconfig search_path
\dd
\dF english
\do +
\z notes
\echo ---- queries
CALL fill(25);
SELECT count(*) FROM people;
SELECT id, name, feels, twice FROM people ORDER BY id LIMIT 3 \gx
SELECT 1 AS one, 'two'::text AS two, ARRAY[1,2] AS three, NULL::pair AS four, now() AS five \gdesc
SELECT count(*) AS people_in_all FROM people \gset
\echo :people_in_all
SELECT format('CREATE TABLE made_%s (a int)', i) FROM generate_series(1, 3) i \gexec
\dt made_*
SELECT i % 3 AS r, i % 2 AS c, count(*) FROM generate_series(1, 20) i GROUP BY 1, 2 ORDER BY 1, 2 \crosstabview r c
CREATE SEQUENCE watched;
SELECT 10 / (3 - nextval('watched')) AS left \watch 0.01
SELECT 'one' \; SELECT 'two' \; SELECT 'three';
SELECT 1 \; SELECT 1/0 \; SELECT 2;
\errverbose
SELECT * FROM missing;
SELEC 1;
INSERT INTO people (name) VALUES ('p1');
SELECT 'x'::mood;
SELECT 3::even;
TABLE counts;
REFRESH MATERIALIZED VIEW counts;
TABLE counts;
SELECT name FROM people WHERE id = 3 \g (format=unaligned tuples_only=on)
SELECT name FROM people WHERE id < 4 ORDER BY id \g | cat -n
SELECT name FROM people WHERE id < 4 ORDER BY id \g names.txt
\! cat names.txt
\echo :ROW_COUNT :SQLSTATE :ERROR
\echo ---- fetch count
\set FETCH_COUNT 7
SELECT i, md5(i::text) FROM generate_series(1, 40) i;
SELECT 10 / (20 - i) FROM generate_series(1, 30) i;
SELECT count(*) FROM people;
\unset FETCH_COUNT
\echo ---- copy
\copy notes FROM stdin
1	2025-05-05	first
2	2026-06-06	\N
\.
\copy notes FROM stdin WITH (FORMAT csv, HEADER)
person,at,body
3,2026-01-02,"with ""quotes"", and a
line"
\.
\copy notes FROM stdin
4	2025-05-05	fits
5	1999-01-01	fits nowhere
\.
SELECT count(*) FROM notes;
\copy (SELECT * FROM notes ORDER BY person) TO 'notes.csv' CSV HEADER
\! cat notes.csv
\copy (SELECT i, md5(i::text) FROM generate_series(1, 20000) i) TO 'many.txt'
CREATE TABLE many (i int, t text);
\copy many FROM 'many.txt'
SELECT count(*), sum(i), md5(string_agg(t, '' ORDER BY i)) FROM many;
\copy many TO 'back.bin' WITH (FORMAT binary)
TRUNCATE many;
\copy many FROM 'back.bin' WITH (FORMAT binary)
SELECT count(*), sum(i), md5(string_agg(t, '' ORDER BY i)) FROM many;
\copy many FROM 'missing.txt'
COPY (SELECT 1, 2) TO STDOUT;
COPY people (name) FROM STDIN;
copied
\.
SELECT count(*) FROM people WHERE name = 'COPIED';
\echo ---- transactions
BEGIN;
INSERT INTO people (name) VALUES ('gone');
SAVEPOINT a;
SELECT 1/0;
SELECT 1;
ROLLBACK TO a;
SELECT count(*) FROM people;
ROLLBACK AND CHAIN;
SELECT count(*) FROM people;
COMMIT;
COMMIT;
\set ON_ERROR_ROLLBACK on
BEGIN;
INSERT INTO people (name) VALUES ('kept');
INSERT INTO people (name) VALUES ('kept');
COMMIT;
\set ON_ERROR_ROLLBACK off
SELECT name FROM people WHERE name = 'KEPT';
\set AUTOCOMMIT off
INSERT INTO people (name) VALUES ('later');
ROLLBACK;
\set AUTOCOMMIT on
BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY DEFERRABLE;
SHOW transaction_isolation;
INSERT INTO people (name) VALUES ('no');
COMMIT;
BEGIN;
DECLARE c CURSOR FOR SELECT i FROM generate_series(1, 5) i;
FETCH 2 FROM c;
MOVE 1 FROM c;
FETCH ALL FROM c;
CLOSE c;
COMMIT;
\echo ---- what a session holds
PREPARE q(int) AS SELECT name FROM people WHERE id = $1;
EXECUTE q(1);
EXECUTE q(2);
SET search_path = side, public;
SHOW search_path;
SELECT count(*) FROM old;
\d old
RESET search_path;
CREATE TEMP TABLE own (a int);
INSERT INTO own VALUES (1);
SELECT * FROM own;
\dt pg_temp.own
DISCARD TEMP;
SELECT * FROM own;
SET datestyle = 'German, DMY';
SELECT date '2026-03-02';
SET TIME ZONE 'Asia/Tokyo';
SELECT timestamptz '2026-03-02 00:00Z';
RESET ALL;
SELECT date '2026-03-02', timestamptz '2026-03-02 00:00Z';
SELECT pg_advisory_lock(7);
SELECT pg_advisory_unlock(7);
DECLARE h CURSOR WITH HOLD FOR SELECT generate_series(1, 3);
FETCH 1 FROM h;
FETCH ALL FROM h;
CLOSE ALL;
LISTEN news;
NOTIFY news, 'hello';
UNLISTEN *;
NOTIFY news, 'nobody';
\echo ---- other
DO $$ BEGIN RAISE NOTICE 'a notice'; RAISE WARNING 'a warning' USING HINT = 'none'; END $$;
EXPLAIN (COSTS OFF) SELECT * FROM people WHERE id = 1;
VACUUM people;
ANALYZE people;
CREATE INDEX CONCURRENTLY people_by_feeling ON people (feels);
REINDEX TABLE CONCURRENTLY people;
\! echo 'a large object' > lo.txt
\lo_import lo.txt
\lo_export :LASTOID lo.out
\! cat lo.out
\lo_unlink :LASTOID
\encoding
\set x 'a''b'
SELECT :'x' AS quoted, :"x" FROM (SELECT 1 AS "a'b") s;
\if true
SELECT 'taken' AS branch;
\else
SELECT 'not taken' AS branch;
\endif
SELECT repeat('x', 100000) AS wide \g | wc -c
\c -
SELECT count(*) FROM people;
DROP OWNED BY CURRENT_USER;
SQL

echo "---- newer commands"
major=$(psql --version | sed -E 's/[^0-9]*([0-9]+).*/\1/')
if [ "$major" -ge 16 ]; then
  psql -X -a 2>&1 <<'SQL'
SELECT $1::int + $2::int AS sum \bind 3 4 \g
SELECT $1 \bind 'a' \gdesc
SELECT 1/$1::int \bind 0 \g
SQL
fi
if [ "$major" -ge 18 ]; then
  psql -X -a 2>&1 <<'SQL'
SELECT $1::int * 2 AS double \parse twice
\bind_named twice 21 \g
\close_prepared twice
\bind_named twice 21 \g
\startpipeline
CREATE TABLE piped (a int);
INSERT INTO piped SELECT generate_series(1, $1) \bind 10 \sendpipeline
SELECT count(*) FROM piped \bind \sendpipeline
\flushrequest
\getresults 2
\syncpipeline
SELECT 1/$1 \bind 0 \sendpipeline
SELECT 2 \bind \sendpipeline
\syncpipeline
SELECT 'after' \bind \sendpipeline
\endpipeline
DROP TABLE piped;
SQL
fi

echo "---- command line"
psql -X -At -c 'SELECT 1' -c 'SELECT 2'
psql -X -At -1 -c 'CREATE TABLE single (a int)' -c 'SELECT 1/0' 2>&1
psql -X -At -c '\dt single' 2>&1
psql -X -At -v ON_ERROR_STOP=1 -c 'SELECT 1; SELECT 1/0; SELECT 2' 2>&1
echo "status $?"
PGOPTIONS='-c statement_timeout=1234 -c application_name=mine' psql -X -At -c 'SHOW statement_timeout' -c 'SHOW application_name'
PGAPPNAME=yours PGDATESTYLE=German PGTZ=Asia/Tokyo PGCLIENTENCODING=UTF8 \
  psql -X -At -c 'SHOW application_name' -c "SELECT date '2026-03-02'" -c 'SHOW TimeZone'
PGPASSWORD=wrong psql -X -c 'SELECT 1' 2>&1 | sed -E 's/.*FATAL/FATAL/'
psql -X -At -c '\copy (SELECT generate_series(1, 3)) TO STDOUT'
printf '1\n2\n' | psql -X -At -c 'CREATE TEMP TABLE t (a int)' -c '\copy t FROM STDIN' -c 'SELECT sum(a) FROM t'
