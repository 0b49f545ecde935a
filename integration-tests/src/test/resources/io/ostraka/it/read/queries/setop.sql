-- UNION, INTERSECT, EXCEPT, nested, ordered and cut; DISTINCT and DISTINCT ON.
SELECT id FROM worker UNION SELECT v FROM lonely;
SELECT id FROM worker UNION ALL SELECT v FROM lonely;
SELECT id FROM worker INTERSECT SELECT v FROM lonely;
SELECT id FROM worker EXCEPT SELECT v FROM lonely;
SELECT dept FROM worker INTERSECT ALL SELECT v FROM lonely;
SELECT dept FROM worker EXCEPT ALL SELECT v FROM lonely;
SELECT dept FROM worker UNION SELECT dept FROM worker;
SELECT dept FROM worker EXCEPT SELECT NULL;
SELECT v FROM unset INTERSECT SELECT dept FROM worker;
SELECT id, name FROM worker WHERE dept = 1 UNION ALL SELECT id, name FROM worker WHERE dept = 2;
SELECT id FROM worker WHERE id = 3 UNION ALL SELECT id FROM worker WHERE id = 3;
SELECT id FROM worker WHERE id = 3 UNION SELECT id FROM worker WHERE id = 3;
SELECT id FROM worker WHERE id = 3 EXCEPT SELECT id FROM worker WHERE id = 4;
SELECT id FROM worker WHERE id IN (3, 4, 5) INTERSECT SELECT id FROM worker WHERE id IN (4, 5, 6);
SELECT id FROM worker INTERSECT SELECT id FROM unset;
SELECT id FROM worker EXCEPT SELECT id FROM unset;
SELECT id FROM worker EXCEPT ALL SELECT id FROM lonely;
SELECT id, dept FROM worker EXCEPT SELECT id, v FROM lonely;
SELECT dept, id FROM worker INTERSECT SELECT v, id FROM lonely;
SELECT id FROM worker UNION ALL SELECT id FROM worker UNION SELECT 99;
SELECT id FROM worker UNION (SELECT id FROM worker UNION ALL SELECT 99);
SELECT id FROM worker EXCEPT (SELECT v FROM lonely INTERSECT SELECT dept FROM worker);
(SELECT id FROM worker EXCEPT SELECT v FROM lonely) INTERSECT SELECT id FROM unset;
SELECT id FROM worker UNION SELECT v FROM lonely INTERSECT SELECT dept FROM worker;
SELECT id FROM worker WHERE id < 4 UNION ALL VALUES (100), (101);
SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT id FROM worker WHERE id = 9;
SELECT code::text FROM currency UNION SELECT name FROM worker;
SELECT name FROM currency UNION SELECT name FROM town;
SELECT name COLLATE "C" FROM currency UNION ALL SELECT name FROM worker WHERE id < 5;
SELECT code FROM currency EXCEPT SELECT 'EUR';
SELECT day FROM calendar EXCEPT SELECT day FROM sale;
SELECT day FROM calendar INTERSECT SELECT hired FROM worker;
SELECT id FROM worker UNION SELECT num FROM shelf;
SELECT id, NULL FROM worker WHERE id < 3 UNION ALL SELECT 1, 'x';
SELECT id::text FROM worker WHERE id < 3 UNION SELECT name FROM town WHERE people > 100000;
SELECT salary FROM worker WHERE id < 5 UNION SELECT id FROM worker WHERE id < 3;
SELECT '1' UNION SELECT id FROM worker WHERE id < 3;
SELECT bp::text FROM curio UNION SELECT st FROM curio;
SELECT dims FROM curio UNION SELECT ROW(1, 2, 'small')::box3;
SELECT ARRAY[id] FROM worker WHERE id < 4 UNION SELECT '{9}';
SELECT body FROM folder INTERSECT SELECT 'null'::jsonb;
SELECT raw FROM folder UNION SELECT '1'; -- error 42883
SELECT raw FROM folder UNION ALL SELECT '1';
SELECT id FROM worker UNION SELECT name FROM worker; -- error 42804
SELECT id FROM worker UNION SELECT 'x'; -- error 22P02
SELECT id, name FROM worker UNION SELECT id FROM worker; -- error 42601
SELECT id FROM worker UNION ALL SELECT id FROM worker ORDER BY name; -- error 42703
SELECT id FROM worker UNION ALL SELECT v FROM lonely ORDER BY 1 DESC LIMIT 5; -- ordered
SELECT id AS k, name FROM worker UNION ALL SELECT v, t FROM lonely ORDER BY k, name COLLATE "C"; -- error 0A000
SELECT id AS k, name FROM worker UNION ALL SELECT v, t COLLATE "C" FROM lonely ORDER BY k, name; -- ordered
SELECT id FROM worker UNION SELECT v * 10 FROM lonely ORDER BY id OFFSET 40; -- ordered
SELECT dept FROM worker UNION ALL SELECT v FROM lonely ORDER BY dept NULLS FIRST FETCH FIRST 10 ROWS WITH TIES; -- ordered
SELECT id FROM worker UNION ALL SELECT v FROM lonely ORDER BY id + 1; -- error 0A000
(SELECT id FROM worker ORDER BY id LIMIT 2) UNION ALL (SELECT id FROM worker ORDER BY id DESC LIMIT 2) ORDER BY 1; -- ordered
(SELECT id FROM worker ORDER BY name, id LIMIT 4) EXCEPT (SELECT v FROM lonely);
(SELECT DISTINCT dept FROM worker) EXCEPT ALL (SELECT v FROM lonely WHERE v > 1);
(TABLE lonely EXCEPT TABLE lonely) UNION ALL TABLE lonely LIMIT 100;
SELECT count(*) FROM (SELECT id FROM worker UNION SELECT v + 40 FROM lonely) x;
SELECT dept, count(*) FROM (SELECT dept FROM worker UNION ALL SELECT v FROM lonely) x GROUP BY dept;
SELECT * FROM (SELECT id, 'w' AS k FROM worker UNION ALL SELECT v, 'l' FROM lonely) x WHERE id = 5;
SELECT * FROM (SELECT id FROM worker INTERSECT SELECT v FROM lonely) x JOIN unset USING (id);
SELECT x.id FROM worker w, LATERAL (SELECT w.id UNION SELECT v FROM lonely WHERE v = w.dept) x WHERE w.id < 7;
SELECT id FROM worker WHERE id IN (SELECT v FROM lonely UNION ALL SELECT 40);
SELECT id FROM worker WHERE EXISTS (SELECT id INTERSECT SELECT v FROM lonely);
SELECT id FROM worker w WHERE NOT EXISTS (SELECT w.dept EXCEPT SELECT v FROM lonely);
SELECT sum(salary), 'all' FROM worker UNION ALL SELECT salary, name FROM worker WHERE id < 4;
SELECT dept, sum(salary) FROM worker GROUP BY dept UNION ALL SELECT NULL, sum(salary) FROM worker;
SELECT dept, rank() OVER (ORDER BY dept) FROM worker WHERE id < 9 UNION SELECT v, v FROM lonely;
SELECT shop, day FROM sale EXCEPT SELECT shop, day FROM sale_line;
SELECT shop, day FROM sale INTERSECT SELECT shop, day FROM sale_line WHERE item = 'nut';
SELECT day, shop FROM sale EXCEPT SELECT day, shop FROM sale_line;
SELECT shop FROM sale EXCEPT SELECT shop FROM sale_line WHERE item = 'nut';
SELECT DISTINCT dept FROM worker;
SELECT DISTINCT dept, boss FROM worker WHERE id < 20;
SELECT DISTINCT id FROM worker;
SELECT DISTINCT id, id % 3 FROM worker WHERE id < 9;
SELECT DISTINCT name COLLATE "en-x-icu" FROM worker;
SELECT DISTINCT dims FROM curio;
SELECT DISTINCT sizes, positives FROM curio;
SELECT DISTINCT body FROM folder;
SELECT DISTINCT raw FROM folder; -- error 42883
SELECT DISTINCT body -> 'a' FROM folder;
SELECT DISTINCT 1 FROM worker;
SELECT DISTINCT NULL FROM worker;
SELECT DISTINCT count(*), dept IS NULL FROM worker GROUP BY dept;
SELECT DISTINCT shop, day FROM sale;
SELECT DISTINCT shop FROM sale ORDER BY shop DESC; -- ordered
SELECT DISTINCT shop, qty FROM sale ORDER BY qty NULLS FIRST, shop LIMIT 5; -- ordered
SELECT DISTINCT dept FROM worker ORDER BY dept DESC NULLS LAST LIMIT 2 OFFSET 1; -- ordered
SELECT DISTINCT dept + 1 AS n FROM worker ORDER BY n; -- ordered
SELECT DISTINCT dept FROM worker ORDER BY name; -- error 42P10
SELECT DISTINCT lower(name) AS n FROM worker ORDER BY lower(name); -- ordered
SELECT DISTINCT unnest(skills) FROM worker ORDER BY 1; -- ordered
SELECT DISTINCT ON (dept) dept, id, name FROM worker ORDER BY dept, salary DESC NULLS LAST, id; -- ordered
SELECT DISTINCT ON (dept) name FROM worker ORDER BY dept DESC, id; -- ordered
SELECT DISTINCT ON (dept, boss) dept, boss, id FROM worker ORDER BY boss, dept, id DESC; -- ordered
SELECT DISTINCT ON (lower(name)) name, id FROM worker ORDER BY lower(name), id; -- ordered
SELECT DISTINCT ON (1) dept, id FROM worker ORDER BY 1, 2 DESC LIMIT 3; -- ordered
SELECT DISTINCT ON (id) id, x FROM worker, unnest(skills) x ORDER BY id, x DESC; -- ordered
SELECT DISTINCT ON (shop, day) shop, day, no FROM sale ORDER BY shop, day, amount DESC; -- ordered
SELECT DISTINCT ON (day) day, shop, no FROM sale ORDER BY day, amount DESC OFFSET 2 LIMIT 4; -- ordered
SELECT DISTINCT ON (country) country, name FROM town ORDER BY country, people DESC NULLS LAST, name; -- ordered
SELECT DISTINCT ON (v) v, id FROM unset ORDER BY v, id; -- ordered
SELECT DISTINCT ON (dept) dept, id FROM worker ORDER BY id; -- error 42P10
SELECT count(*) FROM (SELECT DISTINCT ON (dept) * FROM worker ORDER BY dept, id) x WHERE id > 3;
SELECT * FROM best_paid WHERE name LIKE 'A%';
SELECT count(*) FROM (SELECT DISTINCT name, dept FROM worker) x;
