-- Window functions, over rows of one key and over all.
SELECT id, row_number() OVER (ORDER BY salary NULLS FIRST, id) FROM worker;
SELECT id, rank() OVER (PARTITION BY dept ORDER BY salary), dense_rank() OVER (PARTITION BY dept ORDER BY name) FROM worker;
SELECT id, count(*) OVER (PARTITION BY dept), sum(salary) OVER (PARTITION BY dept), avg(salary) OVER () FROM worker;
SELECT id, sum(id) OVER (ORDER BY id ROWS UNBOUNDED PRECEDING), sum(id) OVER (ORDER BY dept) FROM worker;
SELECT id, max(salary) OVER (PARTITION BY boss ORDER BY id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM worker;
SELECT id, sum(id) OVER (ORDER BY dept NULLS FIRST GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING) FROM worker;
SELECT id, sum(id) OVER (ORDER BY id RANGE BETWEEN 2 PRECEDING AND 3 FOLLOWING EXCLUDE CURRENT ROW) FROM worker;
SELECT id, count(*) OVER (ORDER BY hired RANGE BETWEEN '100 days' PRECEDING AND '1 month' FOLLOWING) FROM worker;
SELECT id, first_value(name) OVER w, last_value(name) OVER w, nth_value(name, 3) OVER w FROM worker WINDOW w AS (PARTITION BY dept ORDER BY id);
SELECT id, lag(name) OVER w, lead(name, 2, 'none') OVER w FROM worker WINDOW w AS (ORDER BY name, id);
SELECT id, ntile(3) OVER (ORDER BY id), percent_rank() OVER (ORDER BY dept), cume_dist() OVER (ORDER BY dept DESC) FROM worker;
SELECT id, string_agg(name, ',') OVER (PARTITION BY dept ORDER BY id) FROM worker;
SELECT id, array_agg(id) OVER (PARTITION BY dept ORDER BY id ROWS 2 PRECEDING) FROM worker;
SELECT id, count(*) FILTER (WHERE name LIKE 'A%') OVER (ORDER BY id) FROM worker;
SELECT id, sum(salary) OVER w2 FROM worker WINDOW w AS (PARTITION BY dept), w2 AS (w ORDER BY id);
SELECT id, row_number() OVER (PARTITION BY id ORDER BY name) FROM worker;
SELECT shop, day, no, sum(amount) OVER (PARTITION BY shop, day ORDER BY no) FROM sale;
SELECT shop, day, no, sum(amount) OVER (PARTITION BY shop ORDER BY day, no) FROM sale;
SELECT shop, day, no, row_number() OVER (PARTITION BY day, shop ORDER BY amount DESC) AS r FROM sale ORDER BY r, amount; -- ordered
SELECT dept, count(*), rank() OVER (ORDER BY count(*) DESC), sum(count(*)) OVER () FROM worker GROUP BY dept;
SELECT dept, sum(salary), sum(salary) / sum(sum(salary)) OVER () FROM worker GROUP BY dept;
SELECT dept, boss, count(*), row_number() OVER (PARTITION BY dept ORDER BY count(*), boss) FROM worker GROUP BY dept, boss;
SELECT DISTINCT dept, count(*) OVER (PARTITION BY dept) FROM worker;
SELECT DISTINCT ON (dept) dept, id, rank() OVER (ORDER BY salary DESC NULLS LAST, id) AS r FROM worker ORDER BY dept, r; -- ordered
SELECT id FROM worker ORDER BY row_number() OVER (ORDER BY name DESC, id) LIMIT 5; -- ordered
SELECT id, rank() OVER (ORDER BY dept) AS r FROM worker ORDER BY r DESC, id LIMIT 6 OFFSET 1; -- ordered
SELECT * FROM (SELECT id, dept, row_number() OVER (PARTITION BY dept ORDER BY salary DESC NULLS LAST, id) AS r FROM worker) x WHERE r <= 2;
SELECT count(*) FROM (SELECT lag(id) OVER (ORDER BY id) AS before, id FROM worker) x WHERE id - before <> 1;
SELECT avg(r) FROM (SELECT rank() OVER (ORDER BY dept) AS r FROM worker) x;
SELECT at, value - lag(value) OVER (PARTITION BY sensor ORDER BY at) FROM reading;
SELECT at, avg(value) OVER (ORDER BY at RANGE '20 days' PRECEDING) FROM reading WHERE value <> 'NaN';
SELECT id, row_number() OVER (ORDER BY id) + (SELECT count(*) FROM lonely) FROM worker;
SELECT w.id, sum(l.v) OVER (PARTITION BY w.dept ORDER BY w.id, l.v) FROM worker w JOIN lonely l ON l.v = w.dept;
SELECT id, sum(salary) OVER (PARTITION BY name COLLATE "en-x-icu" ORDER BY id) FROM worker;
SELECT name, rank() OVER (ORDER BY name) FROM town;
SELECT id, sum(n52) OVER (ORDER BY id) FROM curio WHERE n52 <> 'NaN';
SELECT v, t, count(*) OVER (PARTITION BY id) FROM lonely;
SELECT id, count(*) OVER () FROM nothing;
SELECT count(*) OVER (), count(*) FROM worker;
SELECT id, row_number() OVER (ORDER BY id) FROM worker WHERE id IN (5, 6, 7);
SELECT id, row_number() OVER (ORDER BY id) FROM worker LIMIT 0;
SELECT id, sum(id) OVER (ORDER BY id) FROM worker WHERE id = 5;
SELECT rank() OVER (ORDER BY id) FROM worker WHERE rank() OVER (ORDER BY id) < 3; -- error 42P20
SELECT sum(rank() OVER (ORDER BY id)) FROM worker; -- error 42803
SELECT rank() FROM worker; -- error 42809
SELECT id, sum(id) OVER nowhere FROM worker; -- error 42704
SELECT id, ntile(0) OVER (ORDER BY id) FROM worker; -- error 22014
SELECT id, sum(DISTINCT id) OVER () FROM worker; -- error 0A000
SELECT id, lag(id) OVER (ORDER BY id ROWS -1 PRECEDING) FROM worker; -- error 22013
