-- Parameters of every type, in every place; NULL among them. For the extended protocol alone.
SELECT * FROM worker WHERE id = $1; -- with: 7
SELECT * FROM worker WHERE id = $1; -- with: null
SELECT * FROM worker WHERE id = $1; -- error 22P02, with: seven
SELECT * FROM worker WHERE id IN ($1, $2, $3); -- with: 3 | null | 9
SELECT * FROM worker WHERE id = ANY ($1); -- with: {1,2,40}
SELECT * FROM worker WHERE id = ANY ($1); -- with: {}
SELECT * FROM worker WHERE id = ANY ($1); -- with: {NULL,5}
SELECT * FROM worker WHERE id = ANY ($1); -- with: null
SELECT * FROM worker WHERE id <> ALL ($1) AND id < $2; -- with: {1,2} | 6
SELECT * FROM worker WHERE id = $1 OR id = $2; -- with: 4 | 5
SELECT * FROM worker WHERE id = $1 AND id = $2; -- with: 4 | 5
SELECT * FROM worker WHERE id = $1 OR $2; -- with: 4 | true
SELECT * FROM worker WHERE id = $1 OR $2; -- with: 4 | false
SELECT * FROM worker WHERE id = $1 + $2::int; -- with: 4 | 5
SELECT * FROM worker WHERE id = $1 + $2; -- error 42725, with: 4 | 5
SELECT * FROM worker WHERE id = $1::text::int; -- with: 8
SELECT * FROM worker WHERE id = $1::bigint; -- with: 8
SELECT * FROM worker WHERE id = $1::numeric; -- with: 8.5
SELECT * FROM worker WHERE id = coalesce($1, 3); -- with: null
SELECT * FROM worker WHERE id BETWEEN $1 AND $2; -- with: 4 | 6
SELECT * FROM worker WHERE (id, dept) = ($1, $2); -- with: 7 | 2
SELECT * FROM worker WHERE (id, dept) IN (($1, $2), ($3, $4)); -- with: 7 | 2 | 8 | 3
SELECT * FROM worker WHERE name = $1; -- with: Čeněk
SELECT * FROM worker WHERE name LIKE $1; -- with: %a%
SELECT * FROM worker WHERE salary > $1 AND hired < $2; -- with: 1200.5 | 2023-01-01
SELECT * FROM worker WHERE skills @> $1; -- with: {sql}
SELECT $1::text, count(*) FROM worker; -- with: it's
SELECT $1, count(*) FROM worker; -- with: text
SELECT $1 || name FROM worker WHERE id < 4; -- with: é
SELECT id + $1 AS x FROM worker ORDER BY x LIMIT $2; -- ordered, with: 10 | 3
SELECT id FROM worker ORDER BY id LIMIT $1 OFFSET $2; -- ordered, with: 5 | 40
SELECT id FROM worker ORDER BY id LIMIT $1 OFFSET $2; -- ordered, with: null | null
SELECT id FROM worker ORDER BY id LIMIT $1; -- error 2201W, with: -1
SELECT id FROM worker ORDER BY id LIMIT $1::int + 1; -- ordered, with: 2
SELECT id FROM worker ORDER BY $1, id; -- ordered, with: 1
SELECT id FROM worker ORDER BY $1::int, id; -- ordered, with: 1
SELECT id FROM worker ORDER BY id * $1, id; -- ordered, with: -1
SELECT id FROM worker ORDER BY id % $1, id LIMIT 4; -- ordered, with: 3
SELECT dept FROM worker ORDER BY dept FETCH FIRST $1 ROWS WITH TIES; -- ordered, with: 3
SELECT dept, count(*) FROM worker WHERE salary > $1 GROUP BY dept; -- with: 1100
SELECT id % $1, count(*) FROM worker GROUP BY id % $1; -- with: 3
SELECT id % $1 AS k, count(*) FROM worker GROUP BY k; -- with: 3
SELECT dept, count(*) FROM worker GROUP BY dept HAVING count(*) > $1; -- with: 9
SELECT dept, count(*) FILTER (WHERE id > $1), sum(salary * $2) FROM worker GROUP BY dept; -- with: 20 | 1.10
SELECT string_agg(name, $1 ORDER BY id) FROM worker; -- with:  /
SELECT percentile_disc($1) WITHIN GROUP (ORDER BY id) FROM worker; -- with: 0.25
SELECT sum(id) / $1 FROM worker; -- error 22012, with: 0
SELECT 1 / ($1 - id) FROM worker WHERE id = $1; -- error 22012, with: 5
SELECT w.id, l.v FROM worker w JOIN lonely l ON l.v = w.dept AND w.id > $1; -- with: 30
SELECT w.id FROM worker w LEFT JOIN lonely l ON l.id = w.id AND l.v = $1 WHERE w.id < $2; -- with: 3 | 9
SELECT id FROM worker WHERE id IN (SELECT v FROM lonely WHERE v > $1) UNION SELECT $2; -- with: 5 | 77
SELECT id FROM worker WHERE id = $1 UNION ALL SELECT id FROM worker WHERE id = $2; -- with: 3 | 4
SELECT id, (SELECT count(*) FROM lonely WHERE v < w.id AND v > $1) FROM worker w WHERE id < $2; -- with: 2 | 8
WITH x AS (SELECT id FROM worker WHERE dept = $1) SELECT count(*), $2::date FROM x; -- with: 1 | 2026-11-21
WITH RECURSIVE r AS (SELECT $1::int AS i UNION ALL SELECT i + 1 FROM r WHERE i < $2) SELECT i, name FROM r JOIN worker ON id = i; -- with: 3 | 6
SELECT row_number() OVER (ORDER BY id + $1), lag(id, $2) OVER (ORDER BY id) FROM worker; -- with: 1 | 2
SELECT * FROM sale WHERE shop = $1 AND day = $2; -- with: north | 2026-01-03
SELECT * FROM sale WHERE (shop, day) = ($1, $2::text::date); -- with: über | 2026-01-02
SELECT * FROM sale WHERE shop = ANY ($1) AND day = $2; -- with: {north,East} | 2026-01-02
SELECT * FROM reading WHERE at = $1; -- with: 2026-01-04 18:00-05
SELECT * FROM reading WHERE at >= $1 AND at < $2; -- with: 2026-01-01 00:00+00 | 2026-02-01 00:00+00
SELECT * FROM reading WHERE at > $1; -- with: infinity
SELECT * FROM reading WHERE value = $1 ORDER BY at; -- ordered, with: NaN
SELECT * FROM town WHERE name = $1; -- with: Zürich
SELECT * FROM folder WHERE id = $1 OR body = $2; -- with: -3 | "text"
SELECT * FROM folder WHERE body @> $1; -- with: {"a": 1}
SELECT * FROM folder WHERE body ->> $1 = $2; -- with: a | 1
SELECT * FROM shelf WHERE num = $1; -- with: 1.000
SELECT * FROM shelf WHERE num = $1; -- with: NaN
SELECT * FROM shelf WHERE num = $1; -- with: 1e20
SELECT * FROM sess WHERE id = $1; -- with: {00000037-0000-0000-0000-000000000000}
SELECT count(*) FROM curio WHERE vb = $1 OR net = $2 OR mac8 = $3; -- with: 101 | ::/0 | ff:00:00:00:00:00:00:01
SELECT count(*) FROM curio WHERE dims = $1::box3 OR sizes = $2; -- with: (1,2,small) | {small,large}
SELECT id FROM curio WHERE (dims).size = $1; -- with: large
SELECT id FROM curio WHERE (dims).size = $1; -- error 22P02, with: huge
SELECT id FROM curio WHERE mr @> $1::int AND nrng && $2; -- with: 2 | [1,2]
SELECT id FROM curio WHERE m > $1 OR lsn = $2 OR st = $3; -- with: 1.00 | FF/AB | one
SELECT id FROM curio WHERE ivm = $1 OR t2 = $2 OR ts3 = $3; -- with: 14 months | 24:00 | infinity
SELECT count(*), $1::bytea, $2::box3, $3::size[], $4::int4range FROM curio; -- with: \xff00 | (1,2,small) | {small} | [1,5)
SELECT x.a, count(w.id) FROM unnest($1::int[]) x (a) LEFT JOIN worker w ON w.dept = x.a GROUP BY x.a; -- with: {0,1,9}
SELECT * FROM (VALUES ($1::int), ($2)) v (i) JOIN worker ON id = i; -- with: 3 | 5
SELECT $1, $2 FROM worker WHERE id = 1; -- with: a | b
SELECT $2::int, id FROM worker WHERE id = $1; -- with: 3 | 4
SELECT id FROM worker WHERE id = $1 AND $1 > 3; -- with: 2
SELECT count(*) FROM worker WHERE $1; -- with: null
SELECT count(*) FROM worker WHERE dept IS NOT DISTINCT FROM $1; -- with: null
SELECT count(*) FROM east.invoice WHERE total > $1; -- with: 30
SELECT c.code, w.id FROM currency c LEFT JOIN worker w ON w.id = $1 WHERE c.rate > $2; -- with: 5 | 1.05
SELECT nosuch FROM worker WHERE id = $1; -- error 42703, with: 1
SELECT $1 FROM nosuch; -- error 42P01, with: 1
