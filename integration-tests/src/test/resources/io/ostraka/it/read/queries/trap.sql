-- Shapes that other sharding systems answer wrongly without a word, by the number of the trap.
-- 1 to 4: the first key found, or that of a subquery, decides for all
SELECT id, i2 FROM thing WHERE id = 1 UNION SELECT id, i2 FROM thing WHERE id = 2;
SELECT id FROM thing WHERE id = 1 UNION ALL SELECT thing_id FROM part WHERE thing_id = 3;
SELECT id FROM thing WHERE EXISTS (SELECT 1 FROM part WHERE thing_id = 1);
SELECT id FROM thing WHERE id IN (SELECT thing_id FROM part WHERE thing_id = 1);
SELECT id FROM thing WHERE i2 = (SELECT no FROM part WHERE thing_id = 3 AND no = 2);
WITH x AS (SELECT no FROM part WHERE thing_id = 3) SELECT id FROM thing WHERE i2 IN (SELECT no FROM x);
SELECT id, (SELECT count(*) FROM thing) FROM thing WHERE id = 11;
SELECT (SELECT i4 FROM thing WHERE id = 1), (SELECT i4 FROM thing WHERE id = 2);
-- 5, 6: keys in lists, OR, NOT, NULL
SELECT i2, count(*) FROM thing WHERE id IN (1, 3, 5, 7, 9) GROUP BY i2;
SELECT count(*) FROM thing WHERE id = ANY (ARRAY[1, 2, 3, 4]);
SELECT count(*) FROM thing WHERE id = 1 OR i2 = 2;
SELECT count(*) FROM thing WHERE id = 1 OR true;
SELECT count(*) FROM thing WHERE NOT (id = 1);
SELECT count(*) FROM thing WHERE id = 1 AND id = 2;
SELECT count(*) FROM thing WHERE id IS NULL;
SELECT count(*) FROM thing WHERE id = NULL;
-- 7 to 9: joins
SELECT t.id, p.no FROM thing t LEFT JOIN part p ON p.thing_id = t.id AND p.thing_id = 3;
SELECT count(*), count(p.no) FROM thing t LEFT JOIN part p ON p.thing_id = t.id AND t.id = 3;
SELECT count(*) FROM thing t RIGHT JOIN part p ON p.thing_id = t.id AND t.id = 3;
SELECT count(*) FROM thing t FULL JOIN part p ON p.thing_id = t.id AND t.id = 3;
SELECT count(*) FROM thing t LEFT JOIN part p ON p.thing_id = t.id WHERE p.thing_id IS NULL;
SELECT count(*) FROM thing a JOIN thing b ON a.i2 = b.i2;
SELECT count(*) FROM thing a JOIN part p ON a.i2 = p.no;
SELECT count(*) FROM thing, part;
SELECT c.code, t.id FROM country c LEFT JOIN thing t ON t.v = c.code;
SELECT c.code FROM country c WHERE NOT EXISTS (SELECT FROM thing t WHERE t.v = c.code);
SELECT c.code FROM country c WHERE c.code IN (SELECT v FROM thing);
SELECT c.code, e.what FROM country c, event e WHERE e.v = 1;
-- 12 to 14: names, types of keys, views
SELECT count(*) FROM other.thing;
WITH part AS (SELECT 1 AS no) SELECT count(*) FROM thing JOIN part ON no = i2;
SELECT count(*) FROM country thing;
SELECT count(*) FROM thing WHERE id = 1.0;
SELECT count(*) FROM thing WHERE id = '1';
SELECT count(*) FROM thing WHERE id = 1.5;
SELECT count(*) FROM sess WHERE id = '{00000037-0000-0000-0000-000000000000}' OR id = '00000074000000000000000000000000';
SELECT count(*), max(at) FROM event WHERE at >= '2000-01-01';
SELECT count(*) FROM totals WHERE thing_id = 3 OR total > 3;
-- 17 to 19: aggregates
SELECT i2, sum(i4) FROM thing GROUP BY i2 HAVING sum(i4) > 3;
SELECT sum(DISTINCT i4), count(DISTINCT i4), avg(DISTINCT i4) FROM thing;
SELECT avg(i4), avg(price), avg(n) FROM thing WHERE n < 'Infinity';
SELECT stddev(price), variance(i4) FROM thing;
SELECT percentile_disc(0.3) WITHIN GROUP (ORDER BY i4), mode() WITHIN GROUP (ORDER BY i2) FROM thing;
SELECT string_agg(t, ',' ORDER BY t, id), array_agg(id ORDER BY i4, id) FROM thing;
SELECT count(*), sum(i4), min(i4), avg(i4), array_agg(i4) FROM thing WHERE id < 0;
SELECT count(*) FROM event WHERE at = '1999-12-31' OR v = 99;
SELECT region, count(*) FROM account GROUP BY region;
SELECT 1 + 2 * sum(i2) - count(*) / 2 FROM thing;
SELECT i2 FROM thing GROUP BY i2 ORDER BY count(*), i2;
SELECT sum(i2), sum(i2), sum(i2 * 2) FROM thing;
SELECT b FROM thing GROUP BY b, i2;
SELECT i2 + 1, count(*) FROM thing GROUP BY i2 + 1;
-- 20 to 22: order, limits, duplicates
SELECT t FROM thing ORDER BY i8 DESC NULLS LAST, id; -- ordered
SELECT id FROM thing ORDER BY icu, id; -- ordered
SELECT id, mood FROM thing ORDER BY 2, 1; -- ordered
SELECT id FROM thing ORDER BY tags NULLS FIRST, id DESC; -- ordered
SELECT id FROM thing ORDER BY icu, id LIMIT 2; -- ordered
SELECT id FROM thing ORDER BY icu, id LIMIT 2 OFFSET 3; -- ordered
SELECT id FROM thing ORDER BY icu, id LIMIT NULL OFFSET 50; -- ordered
SELECT id FROM thing ORDER BY icu, id LIMIT ALL; -- ordered
SELECT id FROM thing ORDER BY icu, id LIMIT 0; -- ordered
SELECT mood FROM thing ORDER BY mood FETCH FIRST 2 ROWS WITH TIES; -- ordered
SELECT count(*) FROM (SELECT id FROM thing LIMIT 7) x;
(SELECT id FROM thing ORDER BY icu, id LIMIT 2) UNION ALL (SELECT thing_id FROM part ORDER BY w, thing_id, no LIMIT 2);
SELECT DISTINCT i2, mood FROM thing;
SELECT DISTINCT ON (mood) mood, id FROM thing ORDER BY mood, id; -- ordered
SELECT i2 FROM thing UNION SELECT no FROM part;
SELECT i2 FROM thing INTERSECT SELECT no FROM part WHERE thing_id > 5;
SELECT i2 FROM thing EXCEPT SELECT no FROM part WHERE thing_id > 5;
SELECT i2 FROM thing UNION ALL SELECT no FROM part ORDER BY 1; -- ordered
-- 23, 24: windows, grouping sets, recursion, rows that no table has
SELECT id, rank() OVER (ORDER BY i4, id) FROM thing;
SELECT id, count(*) OVER (PARTITION BY i2) FROM thing;
SELECT i2, sum(count(*)) OVER () FROM thing GROUP BY i2;
SELECT b, i2, count(*) FROM thing GROUP BY CUBE (b, i2);
WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r, (SELECT count(*) AS c FROM thing) x WHERE n < c) SELECT count(*) FROM r;
SELECT g, (SELECT count(*) FROM thing WHERE i2 = g) FROM generate_series(1, 3) g;
SELECT x, count(id) FROM (VALUES (1), (2)) v(x) LEFT JOIN thing ON i2 = x GROUP BY x;
SELECT generate_series(1, 3), count(*) FROM thing;
SELECT 1 FROM thing LIMIT 1;
SELECT 1 FROM (SELECT FROM thing LIMIT 1) x;
