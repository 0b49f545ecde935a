-- Subqueries everywhere: correlated, scalar, in every clause.
SELECT name FROM worker WHERE salary = (SELECT max(salary) FROM worker);
SELECT name FROM worker w WHERE salary > (SELECT avg(salary) FROM worker v WHERE v.dept = w.dept);
SELECT name FROM worker w WHERE salary >= ALL (SELECT salary FROM worker v WHERE v.dept = w.dept AND salary IS NOT NULL);
SELECT id FROM worker w WHERE EXISTS (SELECT FROM worker v WHERE v.boss = w.id);
SELECT id FROM worker w WHERE NOT EXISTS (SELECT FROM worker v WHERE v.boss = w.id);
SELECT id FROM worker w WHERE NOT EXISTS (SELECT FROM lonely l WHERE l.id = w.id);
SELECT id FROM worker w WHERE id IN (SELECT boss FROM worker);
SELECT id FROM worker w WHERE id NOT IN (SELECT boss FROM worker);
SELECT id FROM worker w WHERE id NOT IN (SELECT boss FROM worker WHERE boss IS NOT NULL);
SELECT id FROM worker w WHERE id NOT IN (SELECT v FROM nothing);
SELECT id FROM worker w WHERE id IN (SELECT v FROM unset);
SELECT id FROM worker w WHERE id NOT IN (SELECT v FROM unset);
SELECT id FROM worker w WHERE id IN (SELECT id FROM lonely);
SELECT id FROM worker w WHERE id NOT IN (SELECT id FROM lonely);
SELECT id FROM worker w WHERE (id, dept) IN (SELECT id, v FROM lonely);
SELECT id FROM worker w WHERE (id, dept) NOT IN (SELECT v, v FROM lonely) AND id < 12;
SELECT id FROM worker w WHERE (dept, id) IN (SELECT v, id FROM lonely);
SELECT id FROM worker w WHERE dept = ANY (SELECT v FROM lonely);
SELECT id FROM worker w WHERE dept <> ALL (SELECT v FROM lonely WHERE v < 3);
SELECT id FROM worker w WHERE dept > SOME (SELECT v FROM lonely);
SELECT id FROM worker w WHERE id = (SELECT id FROM lonely); -- error 21000
SELECT id FROM worker w WHERE id = (SELECT DISTINCT id FROM lonely);
SELECT id FROM worker w WHERE id = (SELECT id FROM lonely WHERE v = 100);
SELECT id FROM worker w WHERE (SELECT count(*) FROM lonely l WHERE l.v = w.id) = 1;
SELECT id FROM worker w WHERE (SELECT count(*) FROM lonely l WHERE l.id = w.id) > 1;
SELECT id, (SELECT count(*) FROM lonely l WHERE l.id = w.id) FROM worker w;
SELECT id, (SELECT name FROM worker v WHERE v.id = w.boss) FROM worker w;
SELECT id, (SELECT v.id FROM worker v WHERE v.boss = w.id) FROM worker w; -- error 21000
SELECT id, (SELECT v.id FROM worker v WHERE v.boss = w.id ORDER BY v.id LIMIT 1) FROM worker w;
SELECT id, ARRAY(SELECT v.id FROM worker v WHERE v.boss = w.id ORDER BY 1) FROM worker w;
SELECT id, EXISTS (SELECT FROM lonely WHERE v = w.dept), w.dept IN (SELECT v FROM lonely) FROM worker w;
SELECT id, dept NOT IN (SELECT dept FROM worker) FROM worker w WHERE id < 9;
SELECT id, (SELECT sum(s.amount) FROM sale s WHERE s.no = w.dept) FROM worker w WHERE id < 20;
SELECT id, (SELECT (SELECT count(*) FROM worker x WHERE x.boss = v.id) FROM worker v WHERE v.id = w.boss) FROM worker w;
SELECT (SELECT count(*) FROM worker), (SELECT count(*) FROM sale), (SELECT count(*) FROM currency), (SELECT max(total) FROM east.invoice);
SELECT (SELECT name FROM worker WHERE id = 3), (SELECT name FROM worker WHERE id = 4);
SELECT (SELECT name FROM worker WHERE id = 3) || (SELECT name FROM town WHERE name = 'Oslo');
SELECT CASE WHEN (SELECT count(*) FROM worker) > 40 THEN (SELECT min(name) FROM worker) ELSE (SELECT max(v) / 0 FROM lonely)::text END;
SELECT 1 WHERE (SELECT count(*) FROM worker) = 45;
SELECT 1 WHERE NOT EXISTS (SELECT FROM worker WHERE id = 46);
SELECT 1 WHERE EXISTS (SELECT FROM nothing);
SELECT EXISTS (SELECT FROM worker WHERE id = 1) AND EXISTS (SELECT FROM worker WHERE id = 2);
SELECT 5 IN (SELECT id FROM worker), 50 IN (SELECT id FROM worker), 50 IN (SELECT boss FROM worker), NULL IN (SELECT id FROM nothing);
SELECT code, (SELECT max(id) FROM worker WHERE salary < 1000 + rate * 30) FROM currency;
SELECT code FROM currency c WHERE EXISTS (SELECT FROM worker w WHERE w.id = c.rate);
SELECT code FROM currency c WHERE NOT EXISTS (SELECT FROM worker w WHERE w.id > c.rate + 40);
SELECT code FROM currency c WHERE rate::int NOT IN (SELECT id FROM worker);
SELECT day FROM calendar WHERE day IN (SELECT day FROM sale WHERE shop = 'south');
SELECT day, (SELECT count(*) FROM sale s WHERE s.day = c.day) FROM calendar c ORDER BY 2 DESC, 1; -- ordered
SELECT id FROM worker ORDER BY (SELECT count(*) FROM lonely WHERE v < worker.dept) DESC, id LIMIT 7; -- ordered
SELECT id FROM worker ORDER BY (SELECT max(v) FROM lonely WHERE lonely.id = worker.id) NULLS FIRST, id; -- ordered
SELECT dept, count(*) FROM worker GROUP BY dept HAVING count(*) > (SELECT count(*) FROM lonely) - 1;
SELECT (SELECT dept), count(*) FROM worker GROUP BY dept;
SELECT (SELECT count(*) FROM lonely l WHERE l.v = w.dept) AS n, count(*) FROM worker w GROUP BY n;
SELECT count(*) FILTER (WHERE dept IN (SELECT v FROM lonely)) FROM worker;
SELECT sum((SELECT count(*) FROM lonely l WHERE l.id = w.id)) FROM worker w;
SELECT max(x) FROM (SELECT (SELECT count(*) FROM worker v WHERE v.boss = w.id) AS x FROM worker w) s;
SELECT * FROM (SELECT dept, id FROM worker WHERE id < 20) x WHERE dept = 1;
SELECT * FROM (SELECT * FROM (SELECT * FROM worker) a) b WHERE id = 5;
SELECT * FROM (SELECT id AS k FROM worker) x WHERE k IN (4, 5);
SELECT * FROM (SELECT id + 1 AS id FROM worker) x WHERE id = 5;
SELECT * FROM (SELECT DISTINCT dept FROM worker) x JOIN lonely ON v = dept;
SELECT * FROM (SELECT id FROM worker ORDER BY salary DESC NULLS LAST, id LIMIT 5) x WHERE id > 10;
SELECT * FROM (SELECT id FROM worker WHERE id = 3 LIMIT 5) x;
SELECT count(*) FROM (SELECT id FROM worker OFFSET 10) x;
SELECT count(*) FROM (SELECT 1 FROM worker LIMIT 3) x, (SELECT 1 FROM sale LIMIT 4) y;
SELECT x.id, y.id FROM (SELECT id FROM worker ORDER BY id LIMIT 3) x, (SELECT id FROM worker ORDER BY id DESC LIMIT 2) y;
SELECT x.id FROM (SELECT id FROM worker WHERE dept = 1) x LEFT JOIN (SELECT id FROM worker WHERE dept = 2) y USING (id);
SELECT x.dept, y.n FROM (SELECT DISTINCT dept FROM worker) x LEFT JOIN (SELECT v, count(*) AS n FROM lonely GROUP BY v) y ON y.v = x.dept;
SELECT id FROM worker WHERE dept = (SELECT dept FROM worker WHERE id = 7);
SELECT id FROM worker WHERE id = (SELECT max(id) FROM worker);
SELECT id FROM worker WHERE id = (SELECT 7);
SELECT id FROM worker WHERE id IN (SELECT 7 UNION SELECT 8);
SELECT id FROM worker WHERE id IN (SELECT generate_series(5, 8));
SELECT id FROM worker WHERE id IN (VALUES (5), (8), (90));
SELECT id FROM worker WHERE id = ANY (ARRAY(SELECT v FROM lonely));
SELECT id FROM worker WHERE id = ANY ((SELECT array_agg(v) FROM lonely)::int[]);
SELECT id FROM worker WHERE ROW(dept, id) > ALL (SELECT v, id FROM lonely WHERE v < 3);
SELECT id FROM worker WHERE ROW(1, 2) IN (SELECT v, v + 1 FROM lonely);
SELECT id FROM worker w WHERE dept IS NOT DISTINCT FROM (SELECT v FROM nothing);
SELECT id FROM worker w WHERE name LIKE (SELECT 'A%') AND id BETWEEN (SELECT 3) AND (SELECT max(v) + 20 FROM lonely);
SELECT id FROM worker w WHERE EXISTS (SELECT FROM sale s JOIN sale_line l USING (shop, day, no) WHERE s.qty = w.dept AND l.line = 3);
SELECT shop, day FROM sale s WHERE EXISTS (SELECT FROM sale_line l WHERE l.shop = s.shop AND l.day = s.day AND l.no = s.no AND l.line > 4);
SELECT shop, day FROM sale s WHERE NOT EXISTS (SELECT FROM sale_line l WHERE l.shop = s.shop AND l.day = s.day);
SELECT shop, day, no FROM sale s WHERE amount > (SELECT avg(amount) FROM sale x WHERE x.shop = s.shop AND x.day = s.day);
SELECT shop, day, no FROM sale s WHERE amount >= (SELECT max(amount) FROM sale x WHERE x.shop = s.shop);
SELECT shop, day, no FROM sale s WHERE (shop, day) IN (SELECT shop, day FROM sale_line WHERE item = 'gear' AND price > 7);
SELECT shop, day, no FROM sale s WHERE (day, shop) IN (SELECT day, shop FROM sale_line WHERE item = 'gear' AND price > 7);
SELECT shop, day, no FROM sale s WHERE (day, shop) IN (SELECT day + 1, shop FROM sale_line WHERE item = 'gear');
SELECT shop, day, no FROM sale s WHERE qty = (SELECT count(*) FROM sale_line l WHERE l.shop = s.shop AND l.day = s.day AND l.no = s.no);
SELECT name FROM town t WHERE people = (SELECT max(people) FROM town u WHERE u.country = t.country);
SELECT name FROM town WHERE name IN (SELECT name FROM worker UNION SELECT 'Oslo'); -- error 42P22
SELECT id FROM folder WHERE body @> (SELECT '{"a": 1}'::jsonb) OR id IN (SELECT v FROM lonely WHERE v > 8);
SELECT label FROM shelf WHERE num IN (SELECT v::numeric FROM lonely);
SELECT label FROM shelf WHERE num NOT IN (SELECT id FROM worker);
SELECT label FROM shelf s WHERE EXISTS (SELECT FROM worker w WHERE w.id = s.num);
SELECT what FROM journal j WHERE at = (SELECT max(at) FROM journal k WHERE k.what = j.what);
SELECT id FROM staff WHERE salary > (SELECT max(total) / 10 FROM payroll);
SELECT dept FROM payroll WHERE total = (SELECT max(total) FROM payroll);
SELECT w.id, l.v FROM worker w JOIN lonely l ON l.v = (SELECT count(*) FROM worker x WHERE x.boss = w.id);
SELECT w.id, l.v FROM worker w LEFT JOIN lonely l ON l.v = w.dept AND EXISTS (SELECT FROM worker x WHERE x.boss = w.id);
SELECT w.id FROM worker w LEFT JOIN lonely l ON l.id IN (SELECT x.id FROM worker x WHERE x.id = w.id) WHERE l.v = 2;
SELECT id, x FROM worker w, LATERAL (SELECT (SELECT count(*) FROM lonely l WHERE l.v > w.dept) AS x) y WHERE id < 12;
SELECT id FROM worker WHERE (SELECT true FROM nothing) IS NULL AND id < 4;
SELECT id FROM worker WHERE (SELECT dept > 2) AND id > 30;
SELECT id FROM worker WHERE id < 3 AND (SELECT count(*) FROM worker WHERE id = 5) = 1;
SELECT id FROM worker WHERE id = 3 AND (SELECT count(*) FROM worker) = 45;
SELECT id, (SELECT max(id) FROM worker) FROM worker WHERE id = 3;
SELECT id, (SELECT max(v) FROM lonely WHERE id = 7) FROM worker WHERE id = 3;
SELECT id, (SELECT lonely.v FROM lonely WHERE lonely.id = 7 AND v = worker.id) FROM worker WHERE id IN (3, 4);
SELECT (SELECT id, name FROM worker); -- error 42601
SELECT id FROM worker WHERE id IN (SELECT id, v FROM lonely); -- error 42601
SELECT id FROM worker WHERE id = (SELECT nosuch FROM lonely); -- error 42703
SELECT id FROM worker WHERE (SELECT id) = nosuch; -- error 42703
