-- Joins of every kind: co-located and not, with copies, pinned tables, functions and values.
SELECT w.name, b.name FROM worker w JOIN worker b ON b.id = w.boss;
SELECT w.name, b.name FROM worker w LEFT JOIN worker b ON b.id = w.boss WHERE w.dept = 1;
SELECT w.name, b.name FROM worker w RIGHT JOIN worker b ON b.id = w.boss AND w.dept = 2;
SELECT w.id, b.id FROM worker w FULL JOIN worker b ON b.id = w.boss + 3;
SELECT w.id, b.id FROM worker w FULL JOIN worker b ON b.id = w.id AND w.dept = 1 AND b.dept = 1 WHERE w.id IS NULL OR b.id IS NULL;
SELECT a.id, b.id, c.id FROM worker a JOIN worker b ON b.boss = a.id JOIN worker c ON c.boss = b.id;
SELECT a.id, b.id, c.id FROM worker a LEFT JOIN (worker b JOIN worker c ON c.boss = b.id) ON b.boss = a.id;
SELECT a.id, b.id FROM worker a, worker b WHERE a.id < b.id AND a.name = b.name;
SELECT count(*) FROM worker a CROSS JOIN worker b;
SELECT count(*), sum(a.id * b.id) FROM worker a JOIN worker b ON a.salary > b.salary;
SELECT a.id, b.id FROM worker a JOIN worker b ON a.salary BETWEEN b.salary - 1 AND b.salary + 1 AND a.id <> b.id;
SELECT w.id, l.v FROM worker w JOIN lonely l ON l.id = w.id;
SELECT w.id, l.v FROM worker w LEFT JOIN lonely l ON l.id = w.id;
SELECT w.id, l.v FROM worker w LEFT JOIN lonely l ON l.id = w.id AND l.v > 6;
SELECT w.id, l.v FROM worker w LEFT JOIN lonely l ON l.id = w.id WHERE l.v > 6;
SELECT w.id, l.v FROM worker w LEFT JOIN lonely l ON l.id = w.id WHERE l.v IS NULL;
SELECT w.id, l.v FROM worker w RIGHT JOIN lonely l ON l.id = w.id AND w.dept = 5;
SELECT w.id, l.v FROM worker w FULL JOIN lonely l ON l.v = w.id;
SELECT w.id, l.v FROM worker w FULL JOIN lonely l ON l.id = w.id AND false;
SELECT w.id, n.v FROM worker w LEFT JOIN nothing n ON n.id = w.id;
SELECT w.id, n.v FROM nothing n LEFT JOIN worker w ON n.id = w.id;
SELECT w.id, n.v FROM worker w FULL JOIN nothing n ON n.id = w.id WHERE w.id < 5;
SELECT w.id, n.v FROM worker w CROSS JOIN nothing n;
SELECT w.id, u.v FROM worker w JOIN unset u ON u.v = w.id;
SELECT w.id, u.v FROM worker w JOIN unset u ON u.v IS NOT DISTINCT FROM w.dept;
SELECT w.id, u.id FROM worker w NATURAL JOIN unset u;
SELECT * FROM lonely NATURAL FULL JOIN unset;
SELECT * FROM lonely JOIN unset USING (id);
SELECT id, l.id, u.id FROM lonely l FULL JOIN unset u USING (id);
SELECT x.id, x.* FROM (lonely l LEFT JOIN unset u USING (id)) AS x (id, a, b, c, d, e, f);
SELECT * FROM sale JOIN sale_line USING (shop, day, no);
SELECT s.no, l.line FROM sale s LEFT JOIN sale_line l ON (l.shop, l.day, l.no) = (s.shop, s.day, s.no) AND l.line = 2;
SELECT s.no, l.line FROM sale s JOIN sale_line l ON l.shop = s.shop AND l.no = s.no WHERE s.day = '2026-01-03';
SELECT s.no, l.line FROM sale s JOIN sale_line l ON l.shop = s.shop AND l.day = s.day WHERE s.shop = 'north';
SELECT s.shop, c.holiday, count(*) FROM sale s JOIN calendar c USING (day) GROUP BY s.shop, c.holiday;
SELECT c.day, count(s.no) FROM calendar c LEFT JOIN sale s USING (day) GROUP BY c.day;
SELECT c.day FROM calendar c LEFT JOIN sale s ON s.day = c.day AND s.shop = 'East' WHERE s.no IS NULL;
SELECT c.day, s.no FROM calendar c FULL JOIN sale s ON s.day = c.day + 5 AND s.no = 1;
SELECT day, shop, holiday FROM sale RIGHT JOIN calendar USING (day) WHERE holiday;
SELECT cu.code, ca.day FROM currency cu, calendar ca;
SELECT cu.code, w.id FROM currency cu LEFT JOIN worker w ON w.id = cu.rate::int;
SELECT cu.code, w.id FROM worker w LEFT JOIN currency cu ON w.id = cu.rate::int;
SELECT t.name, c.name FROM town t JOIN country c ON c.code = t.country;
SELECT t.name, c.name FROM town t FULL JOIN country c ON c.code = t.country;
SELECT t.name, c.name FROM country c LEFT JOIN town t ON t.country = c.code AND t.people > 100;
SELECT a.name, b.name FROM town a JOIN town b ON lower(a.name) = lower(b.name) AND a.name < b.name;
SELECT a.name, b.name FROM town a JOIN town b ON a.area = b.area AND a.name <> b.name;
SELECT w.name, t.name FROM worker w JOIN town t ON left(w.name, 1) = left(t.name, 1); -- error 42P22
SELECT e.id, w.name FROM east.invoice e JOIN worker w USING (id);
SELECT w.id, e.total FROM worker w LEFT JOIN east.invoice e USING (id) WHERE w.id < 12;
SELECT e.id, x.id FROM east.invoice e FULL JOIN west.invoice x USING (id); -- refused: the tables are on different shards
SELECT count(*) FROM east.invoice e, worker w, sale s;
SELECT j.id, w.name, j.what FROM journal j JOIN worker w USING (id);
SELECT j.id, w.name FROM journal_new j RIGHT JOIN worker w USING (id) WHERE w.id < 15;
SELECT r.sensor, w.id FROM reading r JOIN worker w ON w.id = r.sensor;
SELECT a.at, b.at FROM reading a JOIN reading b ON b.at - a.at BETWEEN '1 day' AND '10 days' AND a.sensor = 0;
SELECT a.at, b.sensor FROM reading a LEFT JOIN reading b ON b.at = a.at AND b.sensor <> a.sensor;
SELECT f.id, w.name FROM folder f JOIN worker w ON w.id = f.id;
SELECT f.id, w.id FROM folder f JOIN worker w ON w.id = (f.body ->> 'a')::int WHERE jsonb_typeof(f.body -> 'a') = 'number';
SELECT s.num, w.id FROM shelf s JOIN worker w ON w.id = s.num;
SELECT s.num, u.id FROM shelf s LEFT JOIN worker u ON u.id::numeric = s.num;
SELECT w.id, s.x, s.n FROM worker w CROSS JOIN LATERAL unnest(w.skills) WITH ORDINALITY s (x, n);
SELECT w.id, x.best FROM worker w, LATERAL (SELECT max(b.salary) AS best FROM worker b WHERE b.boss = w.id) x;
SELECT w.id, x.id FROM worker w LEFT JOIN LATERAL (SELECT b.id FROM worker b WHERE b.boss = w.id ORDER BY b.salary DESC NULLS LAST, b.id LIMIT 2) x ON true;
SELECT w.id, x.n FROM worker w, LATERAL (SELECT count(*) AS n FROM sale WHERE qty = w.dept) x;
SELECT w.id, x.v FROM worker w JOIN LATERAL (SELECT l.v FROM lonely l WHERE l.id = w.id ORDER BY l.v DESC LIMIT 1) x ON x.v > 2;
SELECT c.code, x.id FROM currency c LEFT JOIN LATERAL (SELECT w.id FROM worker w WHERE w.id > c.rate ORDER BY w.id LIMIT 1) x ON true;
SELECT l.v, g FROM lonely l, generate_series(l.v, l.v + 2) g WHERE g % 2 = 0;
SELECT w.id, y.z FROM worker w, LATERAL (SELECT w.id * 2 AS z UNION ALL SELECT w.id * 3) y WHERE w.id < 6;
SELECT w.id, x.id FROM worker w, LATERAL (SELECT * FROM worker v WHERE v.id = w.id + 1) x;
SELECT g, w.name FROM generate_series(1, 60, 7) g LEFT JOIN worker w ON w.id = g;
SELECT g, w.name FROM generate_series(1, 60, 7) g RIGHT JOIN worker w ON w.id = g;
SELECT g, w.name FROM generate_series(40, 50) g FULL JOIN worker w ON w.id = g WHERE g IS NULL OR g > 42;
SELECT v.a, w.id FROM (VALUES (1, 'x'), (2, 'y'), (NULL, 'z')) v (a, b) LEFT JOIN worker w ON w.dept = v.a AND w.id < 9;
SELECT f.id, k, e FROM folder f, jsonb_each(CASE WHEN jsonb_typeof(body) = 'object' THEN body END) AS j (k, e);
SELECT f.id, r.a, r.b FROM folder f, jsonb_to_record(CASE WHEN jsonb_typeof(body) = 'object' THEN body ELSE '{}' END) AS r (a text, b jsonb);
SELECT w.id, r.* FROM worker w, ROWS FROM (unnest(w.skills), generate_series(1, 2)) AS r (s, n) WHERE w.id < 7;
SELECT w.id, jt.* FROM worker w, json_table(json_build_object('a', w.id), '$' COLUMNS (a int PATH '$.a', n FOR ORDINALITY)) jt;
SELECT count(*) FROM worker a JOIN worker b USING (dept) JOIN worker c USING (dept);
SELECT dept, count(*) FROM worker a FULL JOIN (SELECT v AS dept FROM lonely) b USING (dept) GROUP BY dept;
SELECT a.id FROM worker a LEFT JOIN worker b ON b.id = a.id + 1 LEFT JOIN worker c ON c.id = b.id AND c.dept = 0 WHERE c.id IS NULL;
SELECT a.id, b.id FROM worker a LEFT JOIN worker b ON a.id = b.id AND b.id IN (1, 2, 3) WHERE a.id < 6;
SELECT a.id, b.id FROM worker a LEFT JOIN worker b ON a.id = b.id AND a.id = 3 WHERE a.id < 6;
SELECT a.id, b.id FROM worker a RIGHT JOIN worker b ON a.id = b.id AND b.id = 3 WHERE b.id < 6;
SELECT a.id, b.id FROM worker a FULL JOIN worker b ON a.id = b.id AND a.id = 3 WHERE a.id < 4 OR b.id < 4;
SELECT a.id, b.id FROM worker a LEFT JOIN worker b ON a.id = b.id WHERE b.id = 3;
SELECT a.id, b.id FROM worker a LEFT JOIN worker b ON a.id = b.id WHERE b.id = 3 OR b.id IS NULL;
SELECT a.id, b.id FROM worker a LEFT JOIN worker b ON a.id = b.boss WHERE a.id = 3;
SELECT a.id, b.id FROM worker a LEFT JOIN worker b ON a.id = 3 WHERE a.id < 5 AND b.id < 3;
SELECT a.id, b.id FROM worker a LEFT JOIN worker b ON true WHERE a.id = 3 AND b.id > 40;
SELECT a.id, b.id FROM worker a FULL JOIN worker b ON true WHERE a.id = 3 AND b.id = 4;
SELECT a.id FROM worker a JOIN worker b ON a.id = b.id AND b.dept = 1 AND a.id IN (1, 6, 11);
SELECT a.id, b.id FROM worker a JOIN worker b ON (a.id = b.id OR a.boss = b.id) WHERE a.id < 8;
SELECT a.id, b.id FROM worker a JOIN worker b ON NOT a.id <> b.id;
SELECT a.id, b.id FROM worker a JOIN worker b ON a.id = b.id + 0;
SELECT a.id, b.id FROM worker a JOIN worker b ON a.id::bigint = b.id;
SELECT a.id, f.id FROM worker a JOIN folder f ON a.id = f.id WHERE a.id = 4;
SELECT a.id, f.id FROM worker a LEFT JOIN folder f ON a.id = f.id AND f.id = 4;
SELECT c.id, w.id FROM curio c JOIN worker w USING (id) WHERE c.st = w.name;
SELECT c.id, w.id FROM curio c LEFT JOIN worker w ON w.id = c.id AND w.dept = (c.dims).w;
SELECT id FROM worker JOIN lonely USING (id) JOIN unset USING (id);
SELECT worker.id FROM worker, lonely WHERE id = 1; -- error 42702
SELECT id FROM worker JOIN lonely USING (v); -- error 42703
SELECT a.id FROM worker a JOIN b ON true; -- error 42P01
SELECT w.id FROM worker w JOIN lonely l ON w.id = x.id; -- error 42P01
SELECT w.id FROM worker w, (SELECT w.id) x; -- error 42P01
SELECT worker.id FROM worker w; -- error 42P01
SELECT a.id FROM worker a JOIN worker a ON true; -- error 42712
