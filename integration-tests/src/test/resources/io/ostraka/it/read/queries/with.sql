-- WITH: inlined, materialized, nested, shadowing, recursive.
WITH a AS (SELECT * FROM worker WHERE dept = 1) SELECT count(*) FROM a;
WITH a AS (SELECT * FROM worker) SELECT * FROM a WHERE id = 7;
WITH a AS (SELECT * FROM worker) SELECT * FROM a WHERE id IN (7, 8, 9) ORDER BY id; -- ordered
WITH a AS MATERIALIZED (SELECT * FROM worker) SELECT * FROM a WHERE id = 7;
WITH a AS NOT MATERIALIZED (SELECT * FROM worker) SELECT x.id, y.id FROM a x JOIN a y ON y.boss = x.id;
WITH a AS (SELECT dept, sum(salary) AS s FROM worker GROUP BY dept) SELECT w.id FROM worker w JOIN a USING (dept) WHERE w.salary * 7 > a.s;
WITH a AS (SELECT id FROM worker WHERE dept = 1), b AS (SELECT id FROM a WHERE id > 10) SELECT * FROM b EXCEPT SELECT v FROM lonely;
WITH a AS (SELECT 1 AS id), b AS (SELECT a.id, w.name FROM a JOIN worker w USING (id)) SELECT * FROM b;
WITH worker AS (SELECT 1 AS only) SELECT * FROM worker;
WITH worker AS (SELECT * FROM worker WHERE id < 5) SELECT count(*), max(id) FROM worker;
WITH worker AS (SELECT * FROM lonely) SELECT count(*) FROM worker WHERE id = 7;
WITH lonely AS (SELECT 1 AS v) SELECT w.id FROM worker w WHERE w.id IN (SELECT v FROM lonely);
WITH x (k, n) AS (SELECT dept, count(*) FROM worker GROUP BY 1) SELECT k, n FROM x WHERE n > 5;
WITH x (k) AS (SELECT id, name FROM worker) SELECT k, name FROM x WHERE k = 4;
WITH x AS (SELECT id FROM worker ORDER BY id DESC LIMIT 3) SELECT * FROM x ORDER BY 1; -- ordered
WITH x AS (VALUES (1, 'a'), (3, 'b')) SELECT w.name, column2 FROM worker w JOIN x ON column1 = w.id;
WITH x AS (SELECT max(v) AS m FROM lonely) SELECT id FROM worker, x WHERE id > m AND id < m + 3;
WITH x AS (SELECT v FROM lonely) SELECT id, (SELECT count(*) FROM x WHERE v < w.id) FROM worker w WHERE id IN (SELECT v FROM x);
WITH x AS (SELECT 1 AS a) SELECT (WITH x AS (SELECT count(*) AS a FROM worker) SELECT a FROM x), a FROM x;
WITH x AS (WITH y AS (SELECT id FROM worker WHERE id < 9) SELECT id * 2 AS d FROM y) SELECT d FROM x WHERE d > 5;
SELECT * FROM (WITH x AS (SELECT id FROM worker) SELECT count(*) AS n FROM x) y;
SELECT id FROM worker WHERE id IN (WITH x AS (SELECT v FROM lonely) SELECT v * 2 FROM x);
SELECT (WITH x AS (SELECT w.id AS i) SELECT count(*) FROM lonely, x WHERE v = i) FROM worker w;
(WITH x AS (SELECT id FROM worker WHERE id = 1) SELECT id FROM x) UNION ALL (WITH x AS (SELECT id FROM worker WHERE id = 2) SELECT id FROM x);
WITH x AS (SELECT id FROM worker) (SELECT id FROM x WHERE id = 1) UNION (SELECT id + 1 FROM x WHERE id = 2) ORDER BY 1; -- ordered
WITH a AS (SELECT id FROM worker), b AS (SELECT id FROM unset) SELECT count(*) FROM a FULL JOIN b USING (id);
WITH unused AS (SELECT count(*) FROM worker) SELECT 1;
WITH unused AS (SELECT 1 / 0 FROM worker) SELECT id FROM worker WHERE id = 1;
WITH a AS (SELECT id, name FROM worker WHERE id = 3), b AS (SELECT id, name FROM worker WHERE id = 4) SELECT * FROM a, b;
WITH a AS (SELECT id FROM worker WHERE id = 3) SELECT v.id FROM a JOIN worker v ON v.id = a.id + 1;
WITH a AS (SELECT count(*) AS n FROM worker), b AS (SELECT n FROM a) SELECT a.n, b.n FROM a, b;
WITH RECURSIVE up AS (
    SELECT id, boss, 0 AS level FROM worker WHERE id = 40
    UNION ALL SELECT w.id, w.boss, level + 1 FROM worker w JOIN up ON w.id = up.boss)
SELECT * FROM up;
WITH RECURSIVE down AS (
    SELECT id, name, 1 AS level, ARRAY[id] AS way FROM worker WHERE boss IS NULL
    UNION ALL SELECT w.id, w.name, level + 1, way || w.id FROM worker w JOIN down d ON w.boss = d.id)
SELECT level, count(*), max(way) FROM down GROUP BY level;
WITH RECURSIVE down (id) AS (SELECT 3 UNION SELECT w.id FROM worker w, down WHERE w.boss = down.id) SELECT id FROM down ORDER BY id; -- ordered
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < (SELECT count(*) FROM lonely)) SELECT i, name FROM n LEFT JOIN worker ON id = i;
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5) SELECT sum(i) FROM n;
WITH RECURSIVE n (i) AS (SELECT id FROM worker WHERE id = 2 UNION ALL SELECT i * 2 FROM n WHERE i < 30) SELECT * FROM n;
WITH RECURSIVE n (i) AS (SELECT count(*) FROM worker UNION ALL SELECT i - 10 FROM n WHERE i > 10) SELECT * FROM n;
WITH RECURSIVE t AS (SELECT id, boss FROM worker WHERE id = 45 UNION ALL SELECT w.id, w.boss FROM worker w JOIN t ON w.id = t.boss)
    SEARCH BREADTH FIRST BY id SET place SELECT id FROM t ORDER BY place; -- ordered
WITH RECURSIVE t AS (SELECT id, boss FROM worker WHERE id = 1 UNION ALL SELECT w.id, w.boss FROM worker w JOIN t ON w.boss = t.id)
    CYCLE id SET again USING way SELECT id, again, cardinality(way::text::text[]) IS NULL FROM t WHERE id < 3;
WITH RECURSIVE t AS (SELECT id, boss FROM worker WHERE id = 1 UNION ALL SELECT w.id, w.boss FROM worker w JOIN t ON w.boss = t.id)
    CYCLE id SET again USING way SELECT id, again, way FROM t WHERE id < 12;
WITH RECURSIVE a AS (SELECT id FROM worker WHERE id < 3), b AS (SELECT id FROM a UNION ALL SELECT id + 1 FROM b WHERE id < 4) SELECT * FROM b;
WITH RECURSIVE r AS (SELECT 1 AS x UNION SELECT l.v FROM lonely l, r WHERE l.v = r.x + 2) SELECT x FROM r;
WITH RECURSIVE r AS (SELECT id, 1 AS d FROM worker WHERE boss = 1 UNION SELECT w.id, d + 1 FROM worker w JOIN r ON w.boss = r.id WHERE d < 3)
SELECT d, array_agg(id ORDER BY id) FROM r GROUP BY d ORDER BY d LIMIT 2; -- ordered
WITH RECURSIVE r AS (SELECT 1 UNION ALL SELECT nosuch FROM r) SELECT * FROM r; -- error 42703
WITH RECURSIVE r AS (SELECT id FROM worker UNION ALL SELECT count(*)::int FROM r) SELECT * FROM r; -- error 42P19
WITH RECURSIVE r AS (SELECT id FROM r UNION ALL SELECT id FROM worker) SELECT * FROM r; -- error 42P19
WITH x AS (SELECT id FROM worker), x AS (SELECT 1) SELECT * FROM x; -- error 42712
WITH x AS (SELECT id FROM y), y AS (SELECT id FROM worker) SELECT * FROM x; -- error 42P01
WITH x (a, b) AS (SELECT id FROM worker) SELECT * FROM x; -- error 42P10
