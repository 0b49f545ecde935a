-- What a session has set holds on every shard and in the combiner. The statements of this file follow each other in one session.
SET TIME ZONE 'Asia/Tokyo';
SELECT at, at::text, at::date, extract(hour FROM at) FROM reading WHERE sensor = 1;
SELECT at::date, count(*) FROM reading GROUP BY at::date;
SELECT date_trunc('day', at) AS d, count(*) FROM reading GROUP BY d ORDER BY d LIMIT 3; -- ordered
SELECT * FROM reading WHERE at = '2026-01-05 08:00';
SELECT count(*) FROM reading WHERE at >= '2026-01-01 09:00' AND at < '2026-07-01';
SELECT count(*) FROM reading WHERE at >= timestamp '2026-01-01 08:59:59' AND at < date '2026-01-10';
SELECT string_agg(at::text, ',' ORDER BY at) FROM reading WHERE at < '2025-12-01';
SELECT to_json(at), tstzrange(at, NULL) FROM reading WHERE sensor = 0;
SELECT max(at), json_agg(at ORDER BY at) FROM reading WHERE sensor = 3;
SET TIME ZONE 'America/St_Johns';
SELECT * FROM reading WHERE at BETWEEN '2025-12-31 20:30' AND '2026-01-05';
SELECT at::date, max(value) FROM reading GROUP BY 1;
SELECT tsr, tstzs FROM curio;
SELECT tsr::text, count(*) FROM curio GROUP BY tsr::text;
SET TIME ZONE INTERVAL '+05:30' HOUR TO MINUTE;
SELECT at FROM reading ORDER BY at LIMIT 4; -- ordered
SELECT min(at), max(at)::text FROM reading;
RESET TIME ZONE;
SET DateStyle = 'German, DMY';
SELECT shop, day, no FROM sale WHERE day = '03.01.2026';
SELECT shop, day, no FROM sale WHERE shop = 'north' AND day = '03/01/2026';
SELECT shop, day, no FROM sale WHERE (shop, day) IN (('north', '3.1.2026'), ('East', '2.1.2026'));
SELECT day, count(*) FROM sale GROUP BY day;
SELECT day::text, count(*), string_agg(day::text, ' ' ORDER BY day) FROM sale GROUP BY 1;
SELECT dr, tsr, ts3 FROM curio;
SELECT json_agg(ROW(day, amount) ORDER BY amount) FROM sale WHERE no = 3;
SET DateStyle = 'SQL, MDY';
SELECT * FROM journal WHERE at = '01/12/2026';
SELECT * FROM journal WHERE at > '02/01/2026' ORDER BY at DESC; -- ordered
SELECT max(at)::text, min(at) || '!' FROM journal;
RESET DateStyle;
SET IntervalStyle = 'sql_standard';
SELECT ivm, ivm::text, ivm + '1-2' FROM curio;
SELECT sum(ivm), max(ivm)::text, string_agg(ivm::text, ';' ORDER BY id) FROM curio;
SELECT ivm::text, count(*) FROM curio GROUP BY 1;
SET IntervalStyle = 'iso_8601';
SELECT avg(ivm), array_agg(ivm ORDER BY id) FROM curio WHERE id < 6;
SELECT age(max(hired), min(hired)) FROM worker;
RESET IntervalStyle;
SET extra_float_digits = -10;
SELECT value / 3, value::text FROM reading WHERE value > 1 AND value <> 'NaN';
SELECT max(value / 3), max(value / 3)::text FROM reading WHERE value <> 'NaN';
SELECT vec, vec::text FROM curio;
RESET extra_float_digits;
SET bytea_output = 'escape';
SELECT by FROM thing ORDER BY id; -- ordered
SELECT max(by::text), string_agg(by::text, '|' ORDER BY id) FROM thing;
RESET bytea_output;
SET search_path = east, public;
SELECT count(*), sum(total) FROM invoice;
SELECT w.id, i.total FROM worker w JOIN invoice i USING (id);
SELECT w.id FROM worker w WHERE id IN (SELECT id FROM invoice) ORDER BY id; -- ordered
SET search_path = other;
SELECT count(*) FROM thing;
SELECT x, y FROM thing WHERE x IN (1, 2, 3);
SELECT max(t.x), count(p.no) FROM thing t LEFT JOIN public.part p ON p.thing_id = t.x;
SELECT count(*) FROM worker; -- error 42P01
SELECT count(*) FROM public.worker WHERE public.half(salary) > 500;
SELECT twice(1), count(*) FROM thing; -- error 42883
RESET search_path;
SET transform_null_equals = on;
SELECT id FROM worker WHERE dept = NULL;
SELECT id FROM worker WHERE id = NULL;
SELECT count(*) FROM worker WHERE NULL = dept;
SELECT count(*), count(*) FILTER (WHERE dept = NULL) FROM worker;
SELECT w.id FROM worker w LEFT JOIN lonely l ON l.id = w.id WHERE l.id = NULL;
RESET transform_null_equals;
SET array_nulls = off;
SELECT id FROM worker WHERE skills || '{NULL}' @> '{NULL}' AND id < 9;
SELECT count(*) FROM worker WHERE skills || '{NULL}' @> '{NULL}';
RESET array_nulls;
SET xmloption = document;
SELECT '<a/>'::xml::text, count(*) FROM curio;
RESET xmloption;
SET lc_monetary = 'C';
SELECT m, sum(m) OVER (ORDER BY id) FROM curio;
RESET lc_monetary;
SET enable_hashagg = off;
SELECT dept, count(*) FROM worker GROUP BY dept;
RESET enable_hashagg;
SET work_mem = '64kB';
SELECT count(*) FROM worker a JOIN worker b ON a.dept < b.dept;
RESET work_mem;
SET default_text_search_config = 'simple';
SELECT id, to_tsvector(name) FROM worker WHERE to_tsvector(name) @@ to_tsquery('ada');
SELECT count(*) FROM worker WHERE to_tsvector(name) @@ to_tsquery('the | ada');
SET default_text_search_config = 'english';
SELECT count(*), max(to_tsvector('running ' || name)::text) FROM worker;
RESET default_text_search_config;
BEGIN;
SET LOCAL TIME ZONE 'Asia/Kolkata';
SELECT max(at)::text, count(*) FROM reading;
SELECT at FROM reading WHERE sensor = 1 ORDER BY at LIMIT 2; -- ordered
SAVEPOINT a;
SET LOCAL DateStyle = 'German';
SELECT max(day)::text FROM sale;
ROLLBACK TO a;
SELECT max(day)::text FROM sale;
COMMIT;
SELECT max(at)::text, max(at)::date::text FROM reading;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT count(*), sum(salary) FROM worker;
SELECT dept, count(*) FROM worker GROUP BY dept ORDER BY dept; -- ordered
SELECT count(*) / 0 FROM worker; -- error 22012
SELECT count(*) FROM worker; -- error 25P02
ROLLBACK;
BEGIN;
SELECT count(*) FROM worker;
SELECT 1 / (id - 9) FROM worker; -- error 22012
SELECT 1; -- error 25P02
ROLLBACK;
SELECT count(*) FROM worker;
