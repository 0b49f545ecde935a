-- Order and what is cut off by it. Keys leave no two rows free to change places, unless these are alike.
SELECT id FROM worker ORDER BY name, id; -- ordered
SELECT id FROM worker ORDER BY name COLLATE "en-x-icu", id; -- ordered
SELECT id FROM worker ORDER BY name COLLATE "de-x-icu" DESC, id DESC; -- ordered
SELECT id FROM worker ORDER BY salary DESC, id; -- ordered
SELECT id FROM worker ORDER BY salary DESC NULLS LAST, id LIMIT 5; -- ordered
SELECT id FROM worker ORDER BY salary NULLS FIRST, id LIMIT 5; -- ordered
SELECT id FROM worker ORDER BY dept, name DESC NULLS LAST, id; -- ordered
SELECT id AS x, dept AS id FROM worker ORDER BY id, x; -- ordered
SELECT id AS x, dept AS id FROM worker ORDER BY worker.id; -- ordered
SELECT id AS x, dept AS id FROM worker ORDER BY id + 0, x; -- ordered
SELECT dept, id FROM worker ORDER BY 1 DESC, 2; -- ordered
SELECT dept, id FROM worker ORDER BY 3; -- error 42P10
SELECT dept AS x, id AS x FROM worker ORDER BY x; -- error 42702
SELECT id FROM worker ORDER BY 'constant'; -- error 42601
SELECT id FROM worker ORDER BY 'constant'::text, id; -- ordered
SELECT id FROM worker ORDER BY NULL, id; -- error 42601
SELECT id FROM worker ORDER BY true, id; -- error 42601
SELECT id FROM worker ORDER BY -id LIMIT 3; -- ordered
SELECT id FROM worker ORDER BY id % 5, id / 5 LIMIT 11 OFFSET 2; -- ordered
SELECT id FROM worker ORDER BY length(name), name, id; -- ordered
SELECT id FROM worker ORDER BY skills, id; -- ordered
SELECT id FROM worker ORDER BY skills DESC NULLS LAST, id LIMIT 9; -- ordered
SELECT id FROM worker ORDER BY (dept, id); -- ordered
SELECT id FROM worker ORDER BY ROW(dept, -id) DESC LIMIT 8; -- ordered
SELECT id FROM worker ORDER BY worker LIMIT 3; -- ordered
SELECT id FROM worker ORDER BY dept IS NULL, dept = 2, id; -- ordered
SELECT id FROM worker ORDER BY dept USING <, id USING >; -- ordered
SELECT id FROM worker ORDER BY CASE WHEN dept = 1 THEN name END NULLS FIRST, id; -- ordered
SELECT id FROM worker ORDER BY hired DESC LIMIT 4; -- ordered
SELECT id FROM worker ORDER BY extract(dow FROM hired), hired; -- ordered
SELECT id, hired FROM worker ORDER BY to_char(hired, 'YYYY-MM'), id; -- ordered
SELECT id, hired FROM worker ORDER BY to_char(hired, 'FMMonth') COLLATE "C", id; -- ordered
SELECT name FROM worker ORDER BY name; -- ordered
SELECT name FROM worker ORDER BY lower(name), name, id; -- ordered
SELECT name FROM worker ORDER BY lower(name) COLLATE "C", name, id; -- ordered
SELECT id, x FROM worker, unnest(skills) x ORDER BY x, id; -- ordered
SELECT id, unnest(skills) AS x FROM worker ORDER BY x DESC, id; -- ordered
SELECT id, unnest(skills) AS x FROM worker ORDER BY id, x LIMIT 7; -- ordered
SELECT unnest(skills) AS x FROM worker ORDER BY id, x LIMIT 7; -- ordered
SELECT id FROM curio ORDER BY ch, id; -- ordered
SELECT id FROM curio ORDER BY nm, id; -- ordered
SELECT id FROM curio ORDER BY vb, id; -- ordered
SELECT id FROM curio ORDER BY vb5 DESC, id; -- ordered
SELECT id FROM curio ORDER BY net, id; -- ordered
SELECT id FROM curio ORDER BY mac8 NULLS FIRST, id; -- ordered
SELECT id FROM curio ORDER BY mr, id; -- ordered
SELECT id FROM curio ORDER BY nrng, id; -- ordered
SELECT id FROM curio ORDER BY dr, id; -- ordered
SELECT id FROM curio ORDER BY tsr, id; -- ordered
SELECT id FROM curio ORDER BY m, id; -- ordered
SELECT id FROM curio ORDER BY lsn DESC, id; -- ordered
SELECT id FROM curio ORDER BY tv, id; -- ordered
SELECT id FROM curio ORDER BY sizes, id; -- ordered
SELECT id FROM curio ORDER BY points, id; -- ordered
SELECT id FROM curio ORDER BY positives, id; -- ordered
SELECT id FROM curio ORDER BY ts3, id; -- ordered
SELECT id FROM curio ORDER BY ivm, id; -- ordered
SELECT id FROM curio ORDER BY t2 DESC, id; -- ordered
SELECT id FROM curio ORDER BY n52, id; -- ordered
SELECT id FROM curio ORDER BY nneg, id; -- ordered
SELECT id FROM curio ORDER BY names, id; -- ordered
SELECT id FROM curio ORDER BY st, id; -- ordered
SELECT id FROM curio ORDER BY st COLLATE "en-x-icu", id; -- ordered
SELECT id FROM curio ORDER BY bp, id; -- ordered
SELECT id FROM curio ORDER BY tstzs, id; -- ordered
SELECT id FROM curio ORDER BY dims, id; -- ordered
SELECT id FROM curio ORDER BY (dims).size DESC, id; -- ordered
SELECT id FROM curio ORDER BY vec, id; -- ordered
SELECT id FROM curio ORDER BY docs, id; -- ordered
SELECT id FROM curio ORDER BY pt; -- error 42883
SELECT id FROM curio ORDER BY x; -- error 42883
SELECT id FROM curio ORDER BY bx, id; -- error 42883
SELECT id FROM curio ORDER BY pt <-> '(0,0)', id; -- ordered
SELECT id FROM folder ORDER BY body, id; -- ordered
SELECT id FROM folder ORDER BY body -> 'a' DESC NULLS LAST, id LIMIT 6; -- ordered
SELECT id FROM folder ORDER BY raw; -- error 42883
SELECT * FROM reading ORDER BY at; -- ordered
SELECT * FROM reading ORDER BY at DESC LIMIT 3; -- ordered
SELECT * FROM reading ORDER BY value, at LIMIT 20; -- ordered
SELECT * FROM reading ORDER BY value DESC NULLS LAST, at OFFSET 8 LIMIT 9; -- ordered
SELECT sensor, at FROM reading ORDER BY sensor, at DESC; -- ordered
SELECT * FROM town ORDER BY name; -- ordered
SELECT * FROM town ORDER BY name COLLATE "C" DESC; -- ordered
SELECT * FROM town ORDER BY country NULLS FIRST, name LIMIT 7; -- ordered
SELECT name FROM town ORDER BY area DESC NULLS LAST, name; -- ordered
SELECT * FROM shelf ORDER BY num; -- ordered
SELECT * FROM shelf ORDER BY num DESC OFFSET 1 LIMIT 3; -- ordered
SELECT label FROM shelf ORDER BY abs(num), num; -- ordered
SELECT * FROM sale ORDER BY shop, day, no; -- ordered
SELECT * FROM sale ORDER BY amount DESC LIMIT 10; -- ordered
SELECT * FROM sale_line ORDER BY price * line DESC, shop, day, no, line LIMIT 12; -- ordered
SELECT * FROM journal ORDER BY at, id LIMIT 5; -- ordered
SELECT what FROM journal ORDER BY what COLLATE "C", id OFFSET 20; -- ordered
SELECT * FROM journal_new ORDER BY id DESC; -- ordered
SELECT id FROM worker ORDER BY id LIMIT 1; -- ordered
SELECT id FROM worker ORDER BY id LIMIT 0; -- ordered
SELECT id FROM worker ORDER BY id LIMIT 1000000000000; -- ordered
SELECT id FROM worker ORDER BY id OFFSET 44; -- ordered
SELECT id FROM worker ORDER BY id OFFSET 45; -- ordered
SELECT id FROM worker ORDER BY id LIMIT -1; -- error 2201W
SELECT id FROM worker ORDER BY id OFFSET -1; -- error 2201X
SELECT id FROM worker ORDER BY id LIMIT 'x'::text::int; -- error 22P02
SELECT id FROM worker ORDER BY id LIMIT 1.5; -- ordered
SELECT id FROM worker ORDER BY id LIMIT 2.5 OFFSET 1.5; -- ordered
SELECT id FROM worker ORDER BY id LIMIT (1 + 2) * 2 OFFSET 3 - 1; -- ordered
SELECT id FROM worker ORDER BY id LIMIT id; -- error 42P10
SELECT id FROM worker ORDER BY id LIMIT (SELECT count(*) FROM currency); -- ordered
SELECT id FROM worker ORDER BY id LIMIT (SELECT count(*) FROM lonely); -- ordered
SELECT id FROM worker ORDER BY id LIMIT CASE WHEN true THEN 3 END; -- ordered
SELECT id FROM worker ORDER BY id LIMIT NULL::int OFFSET NULL::bigint; -- ordered
SELECT id FROM worker ORDER BY id FETCH FIRST (2 + 1) ROWS ONLY; -- ordered
SELECT dept FROM worker ORDER BY dept FETCH FIRST 4 ROWS WITH TIES; -- ordered
SELECT dept FROM worker ORDER BY dept DESC FETCH FIRST 1 ROW WITH TIES; -- ordered
SELECT dept FROM worker ORDER BY dept OFFSET 12 FETCH FIRST 2 ROWS WITH TIES; -- ordered
SELECT salary FROM worker ORDER BY salary DESC NULLS LAST FETCH FIRST 3 ROWS WITH TIES; -- ordered
SELECT dept, count(*) AS n FROM worker GROUP BY dept ORDER BY n DESC, dept FETCH FIRST 2 ROWS WITH TIES; -- ordered
SELECT DISTINCT dept FROM worker ORDER BY dept FETCH FIRST 2 ROWS WITH TIES; -- ordered
SELECT dept FROM worker FETCH FIRST 3 ROWS WITH TIES; -- error 42601
SELECT sensor, value FROM reading ORDER BY value NULLS FIRST, sensor FETCH FIRST 5 ROWS WITH TIES; -- ordered
SELECT 1 FROM worker LIMIT 5;
SELECT 1 FROM worker OFFSET 40;
SELECT 'x' FROM worker WHERE id < 10 LIMIT 20;
SELECT id FROM nothing ORDER BY t, id LIMIT 5; -- ordered
SELECT v FROM lonely ORDER BY v DESC LIMIT 2 OFFSET 1; -- ordered
SELECT id FROM unset ORDER BY n, f, t, id DESC; -- ordered
SELECT id FROM worker WHERE id IN (1, 2, 3, 20) ORDER BY id DESC; -- ordered
SELECT id FROM (SELECT id FROM worker ORDER BY id DESC LIMIT 9) x ORDER BY id LIMIT 4; -- ordered
SELECT id FROM (SELECT * FROM worker ORDER BY salary NULLS FIRST, id OFFSET 3) x WHERE dept = 1 ORDER BY id; -- ordered
(SELECT id FROM worker ORDER BY id LIMIT 5) ORDER BY id DESC LIMIT 2; -- error 42601
((SELECT id FROM worker)) ORDER BY 1 LIMIT 3; -- ordered
SELECT w.id, c.day FROM worker w JOIN calendar c ON c.day = w.hired + 2000 ORDER BY c.day, w.id; -- ordered
SELECT w.id, c.code FROM worker w CROSS JOIN currency c ORDER BY c.name, c.rate NULLS FIRST, w.id LIMIT 30; -- ordered
SELECT s.shop, s.day, s.no, l.line FROM sale s LEFT JOIN sale_line l USING (shop, day, no) ORDER BY l.price NULLS FIRST, s.shop, day, no, line; -- ordered
SELECT shop, day, sum(price) FROM sale_line GROUP BY shop, day ORDER BY sum(price) DESC, shop, day LIMIT 5; -- ordered
SELECT shop, day, sum(price) AS total FROM sale_line GROUP BY 1, 2 ORDER BY total, 1, 2 LIMIT 5; -- ordered
