-- What class Bazaar adds to its own tables: rarer types, and tables for longer stories. rules.yaml says how they are sharded, rows.sql
-- what is in them.

CREATE DOMAIN short_text AS varchar(8) COLLATE "C" CHECK (VALUE <> '');
CREATE TYPE size AS ENUM ('small', 'medium', 'large');
CREATE TYPE box3 AS (w int, h int, size size);

-- A column of every type that table thing has not.
CREATE TABLE curio (
    id int PRIMARY KEY, ch "char", nm name, vb varbit, vb5 bit varying(5), net cidr, mac8 macaddr8, mr int4multirange,
    nrng numrange, dr daterange, tsr tstzrange, m money, lsn pg_lsn, pt point, bx box, tv tsvector, path jsonpath,
    sizes size[], points point2[], positives positive[], ts3 timestamp(3), ivm interval year to month, t2 time(2),
    n52 numeric(5,2), nneg numeric(5,-2), names varchar(3)[], st short_text, bp bpchar, tstzs timestamptz[], dims box3,
    vec float8[], docs jsonb[], x xml);

CREATE TABLE worker (id int PRIMARY KEY, boss int, name text COLLATE "C", dept int, salary numeric(10, 2), hired date, skills text[]);

CREATE TABLE sale (
    shop text COLLATE "C", day date, no int, qty int, amount numeric(12, 3), PRIMARY KEY (shop, day, no));
CREATE TABLE sale_line (
    shop text COLLATE "C", day date, no int, line int, item text, price numeric(8, 2), PRIMARY KEY (shop, day, no, line));

CREATE TABLE reading (at timestamptz, sensor int, value float8, ok bool, PRIMARY KEY (at, sensor));

CREATE TABLE town (name text COLLATE "en-x-icu" PRIMARY KEY, country varchar(20), people int8, area numeric);

CREATE TABLE folder (id int8 PRIMARY KEY, body jsonb, raw json);

CREATE TABLE shelf (num numeric PRIMARY KEY, label text);

CREATE TABLE journal (id int, at date, what text, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE journal_old PARTITION OF journal FOR VALUES FROM (MINVALUE) TO ('2026-01-01');
CREATE TABLE journal_new PARTITION OF journal FOR VALUES FROM ('2026-01-01') TO (MAXVALUE);

CREATE TABLE nothing (id int PRIMARY KEY, v int, t text);
CREATE TABLE lonely (id int, v int, t text);
CREATE TABLE unset (id int PRIMARY KEY, v int, t text, n numeric, f float8);

CREATE TABLE currency (code char(3) PRIMARY KEY, name text COLLATE "en-x-icu", rate numeric(12, 6));
CREATE TABLE calendar (day date PRIMARY KEY, holiday bool);

CREATE SCHEMA east;
CREATE TABLE east.invoice (id int PRIMARY KEY, total numeric(8, 2));
CREATE SCHEMA west;
CREATE TABLE west.invoice (id int PRIMARY KEY, total numeric(8, 2));

CREATE VIEW staff AS SELECT id, name, dept, salary FROM worker WHERE salary IS NOT NULL;
CREATE VIEW payroll (dept, heads, total) AS SELECT dept, count(*), sum(salary) FROM staff GROUP BY dept;
CREATE VIEW best_paid AS SELECT DISTINCT ON (dept) dept, name, salary FROM worker ORDER BY dept, salary DESC NULLS LAST, id;
CREATE VIEW all_invoices AS SELECT 'east' AS side, * FROM east.invoice UNION ALL SELECT 'none', 0, 0 WHERE false;

CREATE FUNCTION half(numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT $1 / 2';
CREATE FUNCTION upto(int) RETURNS SETOF int LANGUAGE sql IMMUTABLE AS 'SELECT generate_series(1, $1)';
