-- Of everything something, from the first days; the topics have files of their own. Sums of floats are rounded: they depend on the
-- order of the rows, in PostgreSQL too.
-- Aggregates
SELECT count(*) FROM thing;
SELECT count(*) FROM thing WHERE false;
SELECT sum(i4), avg(i4), min(i4), max(i4) FROM thing WHERE id < 0;
SELECT sum(i2), sum(i4), sum(i8), sum(price) FROM thing;
SELECT avg(i2), avg(i4), avg(i8), avg(price), avg(price / 3) FROM thing;
SELECT stddev(i2), stddev_pop(i4), variance(price), var_samp(i2), var_pop(i2) FROM thing;
SELECT round(corr(i2, id)::numeric, 9), round(covar_pop(i2, id)::numeric, 9), round(regr_slope(i2, id)::numeric, 9), regr_count(i2, id) FROM thing;
SELECT bool_and(b), bool_or(b), every(b) FROM thing;
SELECT bit_and(i2), bit_or(i2), bit_xor(i2) FROM thing;
SELECT count(*) FILTER (WHERE i2 > 1), sum(i4) FILTER (WHERE b) FROM thing;
SELECT count(DISTINCT i2), sum(DISTINCT i2), avg(DISTINCT i2) FROM thing;
SELECT string_agg(t, '|' ORDER BY id) FROM thing;
SELECT string_agg(DISTINCT t, '|' ORDER BY t) FROM thing;
SELECT array_agg(i2 ORDER BY i2 NULLS FIRST, id) FROM thing;
SELECT json_agg(i2 ORDER BY id), jsonb_agg(t ORDER BY id DESC) FROM thing WHERE id < 10;
SELECT json_object_agg(id, t ORDER BY id), jsonb_object_agg(id, i2) FROM thing WHERE id < 10;
SELECT percentile_cont(0.25) WITHIN GROUP (ORDER BY id), percentile_disc(0.5) WITHIN GROUP (ORDER BY i4) FROM thing;
SELECT percentile_cont(ARRAY[0.1, 0.5, 0.9]) WITHIN GROUP (ORDER BY id) FROM thing;
SELECT mode() WITHIN GROUP (ORDER BY mood) FROM thing;
SELECT rank(3) WITHIN GROUP (ORDER BY i2), dense_rank(3) WITHIN GROUP (ORDER BY i2) FROM thing;
SELECT max(t), min(t), max(icu), min(icu), max(cc), min(cc) FROM thing;
SELECT max(mood), min(mood), max(d), min(iv), max(ip) FROM thing;
SELECT max(i2), min(i2), max(i4), min(i4), max(i8), min(i8), max(f4), min(f4), max(f8), min(f8), max(n), min(n), max(price), min(price) FROM thing;
SELECT id % 5 AS g, max(i2), min(i2), max(i4), min(i4), max(i8), min(i8), max(f4), min(f4), max(f8), min(f8), max(n), min(n), max(price), min(price) FROM thing GROUP BY g;
SELECT max(t), min(t), max(v), min(v), max(c), min(c), max(icu), min(icu), max(cc), min(cc), max(by), min(by), max(tags), min(tags), max(words), min(words) FROM thing;
SELECT id % 5 AS g, max(t), min(t), max(v), min(v), max(c), min(c), max(icu), min(icu), max(cc), min(cc), max(by), min(by), max(tags), min(tags), max(words), min(words) FROM thing GROUP BY g;
SELECT max(d), min(d), max(ti), min(ti), max(tz), min(tz), max(ts), min(ts), max(tstz), min(tstz), max(iv), min(iv) FROM thing;
SELECT id % 5 AS g, max(d), min(d), max(ti), min(ti), max(tz), min(tz), max(ts), min(ts), max(tstz), min(tstz), max(iv), min(iv) FROM thing GROUP BY g;
SELECT max(mood), min(mood), max(positive), min(positive), max(ip), min(ip), max(pos), min(pos) FROM thing;
SELECT id % 5 AS g, max(mood), min(mood), max(positive), min(positive), max(ip), min(ip), max(pos), min(pos) FROM thing GROUP BY g;
SELECT 1 + count(*) * 2, 'n=' || count(*) FROM thing;
SELECT sum(i4) + sum(i2), sum(i4::int8 + i2), count(*) FROM thing;
SELECT count(*), count(*) FROM thing;
SELECT abs(min(i4)::int8) + greatest(max(i2), 0) FROM thing;
SELECT CASE WHEN count(*) > 10 THEN 'many' ELSE 'few' END FROM thing;
SELECT any_value(1) FROM thing;
SELECT range_agg(nr) FROM thing;
SELECT sum(x.total) FROM (SELECT sum(no) AS total FROM part GROUP BY thing_id) x;
SELECT min(id) FROM thing HAVING count(*) > 1000;
SELECT max(id) FROM thing HAVING max(id) > 5;
SELECT sum(f8) FROM thing WHERE f8 BETWEEN -100 AND 100;
-- Groups with states from the shards
SELECT i2 + 1 AS i2, count(*) FROM thing GROUP BY i2;
SELECT i2 + 1 AS i2, count(*) FROM thing GROUP BY thing.i2 ORDER BY i2; -- ordered
SELECT (i2), (count(*)) FROM thing GROUP BY (i2) ORDER BY (count), (i2); -- ordered
SELECT count(*), sum(x.i4), x.b FROM (SELECT i4, b FROM thing WHERE i2 > 0) x GROUP BY x.b;
WITH x AS (SELECT i2, price FROM thing) SELECT i2, sum(price), avg(price), avg(price * 2) FROM x GROUP BY i2;
SELECT b, count(DISTINCT i2), count(DISTINCT t), count(*), sum(DISTINCT price) FROM thing GROUP BY b;
SELECT count(DISTINCT i2) FILTER (WHERE id % 2 = 0), string_agg(DISTINCT t, '-' ORDER BY t DESC), max(id) FROM thing;
SELECT sum(i2), sum(i4), sum(i8), sum(price), avg(i2), avg(i8), avg(coalesce(i4, 0)), avg(CASE WHEN b THEN 1 ELSE 2.50 END) FROM thing GROUP BY mood;
SELECT sum(iv), sum(f8) IS NULL, avg(f8) IS NULL FROM thing WHERE false;
SELECT i2, sum(sum(i4)) OVER (ORDER BY i2), rank() OVER (ORDER BY count(*) DESC) FROM thing GROUP BY i2;
SELECT i2, rank() OVER w FROM thing GROUP BY i2 WINDOW w AS (ORDER BY count(*), i2);
SELECT i2, b, grouping(i2, b), count(*), avg(price) FROM thing GROUP BY GROUPING SETS (ROLLUP (i2, b), ()) HAVING count(*) > 1;
SELECT mood, d, count(*) FROM thing GROUP BY CUBE ((mood, b), d);
SELECT DISTINCT upper(t), b FROM thing;
SELECT DISTINCT mood AS m, b FROM thing ORDER BY m, b LIMIT 3; -- ordered
SELECT mood, count(*) FROM thing t GROUP BY t.mood HAVING bool_or(b) ORDER BY 2 DESC, 1 OFFSET 1; -- ordered
SELECT count(*), 'x', 1 + 1 FROM thing GROUP BY i2, 'y'::text;
SELECT cc, icu, count(*) FROM thing GROUP BY cc, icu;
SELECT min(t), max(cc), min(price), max(d), min(iv), max(i8), min(f8), any_value(1) FROM thing WHERE f8 > -1e10;
SELECT thing.i2 AS a, thing.i2 AS b, thing.i2 + 0, count(*) FROM thing GROUP BY thing.i2;
SELECT i2, count(*) FROM thing JOIN part ON thing_id = id LEFT JOIN country c ON c.code = v GROUP BY i2 HAVING count(no) >= 1;
SELECT count(*) FROM thing WHERE d < 'today';
-- GROUP BY
SELECT i2, count(*) FROM thing GROUP BY i2;
SELECT i2, count(*) FROM thing GROUP BY 1;
SELECT i2 AS k, count(*) FROM thing GROUP BY k;
SELECT i2 % 2, sum(i4) FROM thing GROUP BY i2 % 2;
SELECT i2 % 2 + 1, sum(i4) FROM thing GROUP BY i2 % 2;
SELECT count(*) FROM thing GROUP BY i2, b;
SELECT mood, b, count(*) FROM thing GROUP BY mood, b HAVING count(*) > 2;
SELECT mood FROM thing GROUP BY mood HAVING sum(i2) > 3 AND max(id) > 2;
SELECT upper(t), count(*) FROM thing GROUP BY upper(t);
SELECT upper(t) || '!', count(*) FROM thing GROUP BY upper(t);
SELECT extract(year FROM d), count(*) FROM thing WHERE isfinite(d) GROUP BY 1;
SELECT date_trunc('month', d), count(*) FROM thing WHERE isfinite(d) GROUP BY 1;
SELECT i2, b, count(*) FROM thing GROUP BY ROLLUP (i2, b);
SELECT i2, b, count(*), grouping(i2), grouping(i2, b) FROM thing GROUP BY CUBE (i2, b);
SELECT i2, b, mood, count(*) FROM thing GROUP BY GROUPING SETS ((i2, b), (mood), ());
SELECT count(*) FROM thing GROUP BY ();
SELECT i2, count(*) FROM thing GROUP BY DISTINCT ROLLUP (i2), ROLLUP (i2);
SELECT thing_id, sum(w) FROM part GROUP BY thing_id;
SELECT no, sum(w), count(DISTINCT thing_id) FROM part GROUP BY no;
SELECT id, t, i4, count(no) FROM thing LEFT JOIN part ON thing_id = id GROUP BY id;
SELECT t.*, count(no) FROM thing t LEFT JOIN part ON thing_id = t.no2 GROUP BY t.id;
SELECT i2, count(*) FROM thing GROUP BY i2 ORDER BY i2; -- ordered
SELECT i2, count(*) AS n FROM thing GROUP BY i2 ORDER BY n DESC, i2 NULLS FIRST; -- ordered
SELECT i2 FROM thing GROUP BY i2 ORDER BY sum(i4) DESC NULLS LAST, i2; -- ordered
SELECT b, i2, sum(price) FROM thing GROUP BY b, i2 ORDER BY 3 DESC NULLS LAST, 1, 2 LIMIT 4; -- ordered
SELECT mood, count(*) FROM thing GROUP BY mood ORDER BY mood; -- ordered
SELECT icu, count(*) FROM thing GROUP BY icu ORDER BY icu DESC OFFSET 1; -- ordered
-- DISTINCT
SELECT DISTINCT i2 FROM thing;
SELECT DISTINCT i2, b FROM thing;
SELECT DISTINCT i2 + 1 FROM thing WHERE i2 IS NOT NULL;
SELECT DISTINCT thing_id FROM part;
SELECT DISTINCT i2 FROM thing ORDER BY i2 DESC; -- ordered
SELECT DISTINCT i2 FROM thing ORDER BY 1 LIMIT 2; -- ordered
SELECT DISTINCT ON (i2) i2, id, t FROM thing ORDER BY i2, id DESC; -- ordered
SELECT DISTINCT ON (b, i2) b, i2, id FROM thing ORDER BY b, i2 DESC, id; -- ordered
SELECT count(*) FROM (SELECT DISTINCT t, b FROM thing) x;
SELECT DISTINCT count(*) FROM thing GROUP BY i2;
-- Window functions
SELECT id, row_number() OVER (ORDER BY id) FROM thing ORDER BY id; -- ordered
SELECT id, i2, rank() OVER w, dense_rank() OVER w FROM thing WINDOW w AS (ORDER BY i2) ORDER BY id; -- ordered
SELECT id, sum(i2) OVER (ORDER BY id) FROM thing ORDER BY id; -- ordered
SELECT id, sum(i2) OVER (PARTITION BY b ORDER BY id ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING) FROM thing ORDER BY id; -- ordered
SELECT id, count(*) OVER (), count(*) OVER (PARTITION BY mood) FROM thing ORDER BY id; -- ordered
SELECT id, first_value(t) OVER w, last_value(t) OVER w, nth_value(id, 2) OVER w FROM thing WINDOW w AS (PARTITION BY b ORDER BY id) ORDER BY id; -- ordered
SELECT id, ntile(4) OVER (ORDER BY id), percent_rank() OVER (ORDER BY id), cume_dist() OVER (ORDER BY id) FROM thing ORDER BY id; -- ordered
SELECT id, lag(i2, 2, -1) OVER (ORDER BY id), lead(id) OVER (ORDER BY id DESC) FROM thing ORDER BY id; -- ordered
SELECT thing_id, no, row_number() OVER (PARTITION BY thing_id ORDER BY no) FROM part;
SELECT i2, sum(count(*)) OVER (ORDER BY i2) FROM thing GROUP BY i2;
SELECT i2, rank() OVER (ORDER BY count(*) DESC, i2) FROM thing GROUP BY i2;
SELECT * FROM (SELECT id, row_number() OVER (PARTITION BY i2 ORDER BY id) AS r FROM thing) x WHERE r = 1;
SELECT id FROM thing ORDER BY sum(i2) OVER (ORDER BY id), id; -- ordered
SELECT id, sum(i2) OVER (ORDER BY i2 RANGE BETWEEN 1 PRECEDING AND CURRENT ROW EXCLUDE TIES) FROM thing WHERE i2 IS NOT NULL ORDER BY id; -- ordered
-- Joins
SELECT a.id, b.id FROM thing a JOIN thing b ON a.id = b.i4;
SELECT a.id, b.id FROM thing a JOIN thing b ON a.i2 = b.i2 AND a.id < b.id;
SELECT a.id, b.id FROM thing a, thing b WHERE a.id = b.id + 1;
SELECT count(*) FROM thing a CROSS JOIN thing b;
SELECT count(*) FROM thing a, part b, country c;
SELECT a.id, b.no FROM thing a LEFT JOIN part b ON b.no = a.id;
SELECT a.id, b.no FROM thing a RIGHT JOIN part b ON b.no = a.id AND a.b;
SELECT a.id, b.thing_id FROM thing a FULL JOIN part b ON b.thing_id = a.i4;
SELECT a.id, b.id FROM thing a FULL JOIN thing b USING (id) WHERE a.i2 = 1 OR b.i2 = 2;
SELECT c.code, t.id FROM country c LEFT JOIN thing t ON t.t = c.code;
SELECT c.code, count(t.id) FROM country c LEFT JOIN thing t ON t.v = c.code GROUP BY c.code;
SELECT c.name, t.id FROM thing t RIGHT JOIN country c ON c.code = t.v;
SELECT t.id, c.name FROM thing t FULL JOIN country c ON c.code = t.v;
SELECT t.id, n.what FROM thing t JOIN note n ON n.v = t.i2;
SELECT n.what, s.name FROM note n, setting s;
SELECT n.what, s.name FROM note n JOIN setting s ON s.v = n.v;
SELECT n.what, s.name, t.id FROM note n JOIN setting s USING (v) LEFT JOIN thing t ON t.i2 = n.v;
SELECT e.at, t.id FROM event e JOIN thing t ON t.d = e.at;
SELECT a.region, sum(a.balance), count(e.what) FROM account a LEFT JOIN event e ON e.v = a.v GROUP BY a.region;
SELECT s.name, l.amount FROM sess s JOIN ledger l ON l.account = s.v;
SELECT l.tenant, sum(l.amount) FROM ledger l GROUP BY l.tenant;
SELECT a.tenant, a.account, b.account FROM ledger a JOIN ledger b USING (tenant) WHERE a.account < b.account;
SELECT * FROM thing NATURAL JOIN part;
SELECT * FROM part NATURAL LEFT JOIN country;
SELECT t.id, x.no FROM thing t, LATERAL (SELECT no FROM part p WHERE p.no = t.i2 ORDER BY thing_id, no LIMIT 1) x;
SELECT t.id, x.m FROM thing t LEFT JOIN LATERAL (SELECT max(w) AS m FROM part p WHERE p.no = t.i2) x ON true;
SELECT t.id, g FROM thing t, generate_series(1, t.i2) g;
SELECT g, count(t.id) FROM generate_series(0, 3) g LEFT JOIN thing t ON t.i2 = g GROUP BY g;
SELECT v.k, count(*) FROM (VALUES (1), (2), (3)) v(k) LEFT JOIN thing ON i2 = k GROUP BY v.k;
SELECT j.x, j.y FROM (thing t JOIN country c ON c.code = t.v) AS j (x, y);
SELECT q.a, q.b FROM thing AS q (a, b, c);
SELECT a.id FROM thing a JOIN part p ON p.thing_id = a.id JOIN thing b ON b.id = p.no;
-- Subqueries
SELECT id FROM thing WHERE i4 = (SELECT max(i4) FROM thing);
SELECT id, (SELECT count(*) FROM thing) FROM thing WHERE id < 3;
SELECT id, (SELECT count(*) FROM part p WHERE p.no = t.i2) FROM thing t;
SELECT (SELECT count(*) FROM thing), (SELECT sum(w) FROM part);
SELECT (SELECT count(*) FROM thing WHERE id = 1) + (SELECT count(*) FROM thing WHERE id = 2);
SELECT id FROM thing WHERE id IN (SELECT no FROM part);
SELECT id FROM thing WHERE id NOT IN (SELECT no FROM part);
SELECT id FROM thing WHERE i2 NOT IN (SELECT i2 FROM thing WHERE id > 50);
SELECT id FROM thing WHERE EXISTS (SELECT FROM part WHERE no = i2);
SELECT id FROM thing t WHERE NOT EXISTS (SELECT FROM thing u WHERE u.i2 = t.i2 AND u.id > t.id);
SELECT id FROM thing WHERE i2 = ANY (SELECT no FROM part WHERE w > 1);
SELECT id FROM thing WHERE i2 > ALL (SELECT no FROM part WHERE thing_id < 5);
SELECT id FROM thing WHERE (i2, b) IN (SELECT no, true FROM part);
SELECT id FROM thing WHERE ROW(i2, id) > (SELECT no, thing_id FROM part ORDER BY thing_id, no LIMIT 1);
SELECT ARRAY(SELECT id FROM thing WHERE b ORDER BY id);
SELECT id FROM thing WHERE i4 > (SELECT avg(i4) FROM thing u WHERE u.b = thing.b);
SELECT code FROM country WHERE EXISTS (SELECT FROM thing WHERE thing.v = country.code);
SELECT code FROM country WHERE code NOT IN (SELECT v FROM thing WHERE v IS NOT NULL);
SELECT name, (SELECT max(id) FROM thing WHERE v = code) FROM country;
SELECT what FROM note WHERE v IN (SELECT i2 FROM thing);
SELECT count(*) FROM (SELECT id FROM thing ORDER BY id LIMIT 10) x;
SELECT x.id FROM (SELECT id FROM thing ORDER BY i4 DESC NULLS LAST, id LIMIT 3) x;
SELECT * FROM (SELECT i2, count(*) AS n FROM thing GROUP BY i2) x JOIN (SELECT no, count(*) AS m FROM part GROUP BY no) y ON x.i2 = y.no;
SELECT id FROM thing WHERE id = 1 AND EXISTS (SELECT FROM part WHERE thing_id = 2);
SELECT CASE WHEN EXISTS (SELECT FROM thing WHERE i2 = 99) THEN 1 ELSE 2 END;
-- Set operations
SELECT id FROM thing WHERE id = 1 UNION SELECT id FROM thing WHERE id = 2;
SELECT i2 FROM thing UNION SELECT no FROM part;
SELECT i2 FROM thing UNION ALL SELECT no FROM part;
SELECT id FROM thing UNION ALL SELECT 0;
SELECT i2 FROM thing INTERSECT SELECT no FROM part;
SELECT i2 FROM thing INTERSECT ALL SELECT no FROM part;
SELECT i2 FROM thing EXCEPT SELECT no FROM part;
SELECT i2 FROM thing EXCEPT ALL SELECT no FROM part;
SELECT v FROM thing UNION SELECT code FROM country;
(SELECT id FROM thing ORDER BY id LIMIT 3) UNION ALL (SELECT id FROM thing ORDER BY id DESC LIMIT 3);
SELECT id FROM thing UNION SELECT no FROM part ORDER BY 1; -- ordered
SELECT id AS x FROM thing UNION ALL SELECT thing_id FROM part ORDER BY x DESC LIMIT 9 OFFSET 3; -- ordered
SELECT i2 FROM thing EXCEPT (SELECT no FROM part UNION SELECT 1) ORDER BY i2; -- ordered
SELECT count(*) FROM (SELECT i2 FROM thing UNION SELECT i4 FROM thing) x;
-- WITH
WITH x AS (SELECT i2, count(*) AS n FROM thing GROUP BY i2) SELECT a.i2, b.i2 FROM x a JOIN x b ON a.n = b.n;
WITH x AS MATERIALIZED (SELECT * FROM thing WHERE b) SELECT count(*), (SELECT max(id) FROM x) FROM x;
WITH thing AS (SELECT 1 AS id) SELECT * FROM thing;
WITH x AS (SELECT id FROM thing), y AS (SELECT no FROM part WHERE no IN (SELECT id FROM x)) SELECT count(*) FROM y;
WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 8) SELECT r.n, t FROM r LEFT JOIN thing ON id = r.n * 3;
WITH RECURSIVE r AS (SELECT id, i2, 0 AS deep FROM thing WHERE id = 1 UNION SELECT t.id, t.i2, deep + 1 FROM r JOIN thing t ON t.i2 = r.i2 + 1 WHERE deep < 4) SELECT * FROM r;
WITH RECURSIVE r(x) AS (SELECT min(id) FROM thing UNION SELECT p.no FROM r JOIN part p ON p.thing_id = r.x) SELECT count(*) FROM r;
WITH a AS (SELECT 1), b AS (SELECT count(*) AS n FROM thing) SELECT n FROM b;
-- ORDER BY and LIMIT
SELECT id FROM thing ORDER BY icu, id; -- ordered
SELECT id FROM thing ORDER BY icu DESC NULLS LAST, id LIMIT 5; -- ordered
SELECT id FROM thing ORDER BY mood, id; -- ordered
SELECT id FROM thing ORDER BY tags, id; -- ordered
SELECT id FROM thing ORDER BY ip, nr, id; -- ordered
SELECT id FROM thing ORDER BY pos, id; -- ordered
SELECT id FROM thing ORDER BY lower(t), id; -- ordered
SELECT id FROM thing ORDER BY t || 'x', id; -- ordered
SELECT id FROM thing ORDER BY t COLLATE "de-x-icu", id; -- ordered
SELECT id FROM thing ORDER BY id USING >; -- ordered
SELECT id FROM thing ORDER BY id LIMIT 2 + 3; -- ordered
SELECT id FROM thing ORDER BY id LIMIT (SELECT 4); -- ordered
SELECT id FROM thing ORDER BY (SELECT count(*) FROM part WHERE no = thing.id), id; -- ordered
SELECT id FROM thing ORDER BY (SELECT max(no) FROM part WHERE thing_id = id) NULLS FIRST, id; -- ordered
SELECT i2 FROM thing ORDER BY i2 FETCH FIRST 3 ROWS WITH TIES; -- ordered
TABLE country ORDER BY code; -- ordered
TABLE thing ORDER BY icu, id LIMIT 2; -- ordered
SELECT * FROM thing ORDER BY mood DESC, id LIMIT 3; -- ordered
SELECT t FROM thing ORDER BY t COLLATE "C", id; -- ordered
SELECT id, i2 AS id2 FROM thing ORDER BY id2 NULLS FIRST, id; -- ordered
-- Names
SELECT public.thing.id, public.part.no FROM public.thing, public.part WHERE public.thing.i2 = public.part.no;
SELECT public.thing.* FROM public.thing ORDER BY icu, id LIMIT 1;
SELECT part FROM part ORDER BY w, thing_id, no LIMIT 2;
SELECT (thing).id, (thing).t FROM thing ORDER BY icu, id LIMIT 2;
SELECT (x).id FROM (SELECT thing AS x FROM thing) y ORDER BY (x).icu, 1;
SELECT to_jsonb(thing) - 'f4' FROM thing ORDER BY icu, id LIMIT 2;
SELECT count(t) FROM thing t;
SELECT count(t.*) FROM thing t;
SELECT "Odd Name"."Key" FROM "Odd Name" GROUP BY 1;
SELECT count(*), max("Odd Name".v) FROM "Odd Name";
SELECT count(*) FROM ONLY thing;
SELECT count(*) FROM ONLY (thing) AS x;
SELECT count(*) FROM other.thing;
SELECT a.id, b.x FROM thing a JOIN other.thing b ON b.x = a.i2;
SELECT count(*) FROM thing "Quoted"" Alias" WHERE "Quoted"" Alias".b;
SELECT count(DISTINCT public.thing.t) /* , part */ FROM /* x */ public . thing -- y;
SELECT (pos).x, sum((pos).y) FROM thing GROUP BY 1;
SELECT tags[1], count(*) FROM thing GROUP BY 1;
-- Views
SELECT count(*) FROM totals;
SELECT * FROM totals WHERE total > 2;
SELECT avg(total) FROM totals;
SELECT k, sum(total) FROM totals_by_kind GROUP BY k;
SELECT x.k, t.id FROM totals_by_kind x JOIN thing t ON t.i2 = x.k;
SELECT totals_by_kind.k FROM totals_by_kind ORDER BY 1;
SELECT totals_by_kind FROM totals_by_kind;
SELECT x, (x).k, row_to_json(x), (SELECT x) FROM totals_by_kind x;
SELECT array_agg(x ORDER BY k) FROM totals_by_kind x;
SELECT count(*) FROM renamed WHERE number > 3;
SELECT renamed.words, count(*) FROM renamed GROUP BY renamed.words;
-- Expressions and functions
SELECT count(*) FROM thing WHERE t LIKE '%a%' OR t ~ '^[A-Z]';
SELECT count(*) FROM thing WHERE d BETWEEN '2020-01-01' AND '2030-01-01';
SELECT count(*) FROM thing WHERE ts > now() - interval '100 years';
SELECT count(*) FROM thing WHERE d < current_date;
SELECT max(twice(i2)) FROM thing;
SELECT twice(max(i2)) FROM thing;
SELECT sum(i2) FROM thing WHERE tags @> ARRAY[1];
SELECT sum(i2) FROM thing WHERE doc ->> 'a' = '1';
SELECT doc -> 'a', count(*) FROM thing GROUP BY 1;
SELECT nr * int4range(0, 5), count(*) FROM thing WHERE nr IS NOT NULL GROUP BY 1;
SELECT count(*) FROM thing WHERE nr && int4range(1, 4);
SELECT positive, count(*) FROM thing GROUP BY positive;
SELECT unnest(tags), count(*) FROM thing GROUP BY 1;
SELECT generate_series(1, 2), count(*) FROM thing;
SELECT to_char(sum(price), 'FM999990.00'), to_char(max(d), 'YYYY') FROM thing WHERE isfinite(d);
SELECT pg_typeof(sum(i2)), pg_typeof(avg(i2)), pg_typeof(count(*)) FROM thing;
SELECT sum(price)::float8, (avg(price))::numeric(20,5) FROM thing;
SELECT width_bucket(id, 0, 60, 3), count(*) FROM thing GROUP BY 1;
SELECT length(string_agg(t, '')) FROM thing;
SELECT 0.1 + sum(price) * 0 FROM thing;
-- Errors are PostgreSQL's
SELECT nosuch FROM thing GROUP BY 1; -- error 42703
SELECT id, count(*) FROM thing; -- error 42803
SELECT sum(t) FROM thing; -- error 42883
SELECT count(*) FROM thing WHERE count(*) > 1; -- error 42803
SELECT t, count(*) FROM thing GROUP BY id, i2 HAVING nosuch; -- error 42703
SELECT 1 / (count(*) - 60) FROM thing; -- error 22012
SELECT sum(1 / (id - 30)) FROM thing; -- error 22012
SELECT max(t::int) FROM thing WHERE t = 'a'; -- error 22P02
SELECT id FROM thing UNION SELECT t FROM thing; -- error 42804
SELECT count(*) FROM thing JOIN part USING (nosuch); -- error 42703
SELECT id FROM thing a JOIN thing b ON true; -- error 42702
SELECT (SELECT id FROM thing) FROM part; -- error 21000
SELECT sum(i8) * 9223372036854775807 / 0 FROM thing; -- error 22012
SELECT count(*) FROM thing LIMIT -1; -- error 2201W
SELECT row_number() FROM thing; -- error 42809
SELECT nosuch(id) FROM thing ORDER BY icu; -- error 42883
SELECT count(*) FROM thing, nosuch_table; -- error 42P01
