-- Errors: PostgreSQL's own, with their texts and positions, wherever they happen.
SELECT 1 / (id - 7) FROM worker; -- error 22012
SELECT id FROM worker WHERE 1 / (id - 7) > 5; -- error 22012
SELECT 1 / (id - 7) FROM worker WHERE id = 7; -- error 22012
SELECT 1 / (id - 7) FROM worker ORDER BY 1; -- error 22012
SELECT id FROM worker ORDER BY 1 / (id - 7), id; -- error 22012
SELECT sum(1 / (id - 7)) FROM worker; -- error 22012
SELECT dept, sum(1 / (id - 7)) FROM worker GROUP BY dept; -- error 22012
SELECT 1 / (dept - 1), count(*) FROM worker GROUP BY 1; -- error 22012
SELECT dept FROM worker GROUP BY dept HAVING 1 / (count(*) - 9) = 0; -- error 22012
SELECT 1 / sum(v) FROM lonely WHERE v = 0;
SELECT 10 / (sum(v) - 45) FROM lonely; -- error 22012
SELECT count(*) FROM worker w JOIN lonely l ON 1 / (w.id - l.v) = 1; -- error 22012
SELECT name::int FROM worker WHERE id = 3; -- error 22P02
SELECT max(name::int) FROM worker WHERE id = 3; -- error 22P02
SELECT sum(t::numeric) FROM lonely WHERE v = 2; -- error 22P02
SELECT ('2026-02-' || id)::date FROM worker WHERE id = 30; -- error 22008
SELECT id::int2 * 10000::int2 FROM worker WHERE id = 9; -- error 22003
SELECT id * 2147483647 FROM worker WHERE id = 2; -- error 22003
SELECT sum(id * 9223372036854775807) FROM worker WHERE id < 4; -- error 22003
SELECT (-1) ^ 0.5, id FROM worker; -- error 2201F
SELECT sqrt(-id) FROM worker; -- error 2201F
SELECT ln(0 * id) FROM worker; -- error 2201E
SELECT (ARRAY[1, 2])[id], substring(name FROM 1 FOR -id) FROM worker WHERE id = 4; -- error 22011
SELECT repeat(name, -1), chr(0 * id) FROM worker WHERE id = 4; -- error 54000
SELECT 0::positive FROM worker; -- error 23514
SELECT (id - 5)::positive FROM worker WHERE id = 5; -- error 23514
SELECT ''::short_text, id FROM worker; -- error 23514
SELECT 'huge'::size, id FROM curio; -- error 22P02
SELECT name::size FROM worker WHERE id = 1; -- error 22P02
SELECT '(1,2'::box3 FROM curio; -- error 22P02
SELECT '{"a": '::jsonb FROM folder; -- error 22P02
SELECT body ->> 'a' || 1 / (id - 4) FROM folder; -- error 22012
SELECT jsonb_array_elements(body) FROM folder WHERE id = 8; -- error 22023
SELECT * FROM worker WHERE id = 'seven'; -- error 22P02
SELECT * FROM worker WHERE id IN (1, 'x'); -- error 22P02
SELECT * FROM worker WHERE id = 99999999999;
SELECT * FROM worker WHERE id = '99999999999'; -- error 22003
SELECT * FROM reading WHERE at > 'yesterdayish'; -- error 22007
SELECT * FROM sale WHERE shop = 'north' AND day = '2026-02-30'; -- error 22008
SELECT * FROM sess WHERE id = 'no uuid'; -- error 22P02
SELECT * FROM shelf WHERE num = 'one'; -- error 22P02
SELECT * FROM worker WHERE nosuch = 1; -- error 42703
SELECT * FROM worker WHERE worker.nosuch = 1; -- error 42703
SELECT * FROM worker w WHERE worker.id = 1; -- error 42P01
SELECT * FROM nosuch; -- error 42P01
SELECT * FROM worker, nosuch; -- error 42P01
SELECT * FROM east.nosuch; -- error 42P01
SELECT * FROM nowhere.worker; -- error 42P01
SELECT nosuch(id) FROM worker; -- error 42883
SELECT half(name) FROM worker; -- error 42883
SELECT count(*) FROM worker WHERE nosuch(id); -- error 42883
SELECT id + name FROM worker; -- error 42883
SELECT id || name, id - name FROM worker; -- error 42883
SELECT count(*) FROM worker WHERE id = name; -- error 42883
SELECT * FROM worker WHERE name; -- error 42804
SELECT * FROM worker WHERE count(*) = 1; -- error 42803
SELECT CASE WHEN id THEN 1 END FROM worker; -- error 42804
SELECT id FROM worker LIMIT 'many'::text; -- error 42804
SELECT id::nosuch FROM worker; -- error 42704
SELECT name COLLATE "nosuch" FROM worker; -- error 42704
SELECT name COLLATE "C" || name COLLATE "en-x-icu" FROM worker; -- error 42P21
SELECT id COLLATE "C" FROM worker; -- error 42804
SELECT (id).x FROM worker; -- error 42809
SELECT id[1] FROM worker; -- error 42804
SELECT w.x.y FROM worker w; -- error 42P01
SELECT * FROM worker ORDER BY nosuch; -- error 42703
SELECT dept FROM worker GROUP BY nosuch; -- error 42703
SELECT dept FROM worker GROUP BY 2; -- error 42P10
SELECT DISTINCT dept FROM worker ORDER BY id; -- error 42P10
SELECT id FROM worker UNION SELECT id, name FROM worker; -- error 42601
SELECT id, name FROM worker WHERE (id, name) = (1, 2, 3); -- error 42601
SELECT * FROM worker WHERE (SELECT id, name FROM worker) = 1; -- error 42601
SELECT id FROM worker WHERE id = (SELECT id FROM worker WHERE id < 3); -- error 21000
SELECT (SELECT v FROM lonely), count(*) FROM worker; -- error 21000
SELECT id FROM worker WHERE id = ALL (SELECT v, t FROM lonely); -- error 42601
SELECT FROM worker GROUP BY; -- error 42601
SELEC id FROM worker; -- error 42601
SELECT id FROM worker WHERE; -- error 42601
SELECT id FROM worker WHERE id = ; -- error 42601
SELECT id FROM worker) ; -- error 42601
SELECT (id FROM worker; -- error 42601
SELECT id, FROM worker; -- error 42601
SELECT id FROM worker WHERE name = 'it''s' AND AND; -- error 42601
SELECT 'unterminated FROM worker; -- error 42601
SELECT id FROM worker w, LATERAL (SELECT l.v / 0 AS y FROM lonely l WHERE l.id = w.id) x WHERE y = 1; -- error 22012
SELECT 'ü' || name || 'é', nosuch FROM worker; -- error 42703
SELECT 'ü' || name || 'é', 1 / 0 FROM worker; -- error 22012
SELECT count(*), 'ü', nosuch FROM worker; -- error 42703
SELECT 'ü', count(*), name::nosuch FROM worker; -- error 42704
SELECT w.id, l.v, 'ü' || nosuch FROM worker w JOIN lonely l ON l.v = w.dept; -- error 42703
SELECT w.id, l.v + l.t FROM worker w JOIN lonely l ON l.v = w.dept; -- error 42883
SELECT * FROM worker w JOIN lonely l ON l.v = w.dept WHERE w.nosuch > 1; -- error 42703
SELECT * FROM (SELECT id FROM worker ORDER BY id LIMIT 3) x WHERE x.name = 'a'; -- error 42703
SELECT id FROM worker WHERE EXISTS (SELECT FROM lonely WHERE lonely.nosuch = 1); -- error 42703
SELECT max(id) FROM worker WHERE name < 5; -- error 42883
SELECT dept, nosuch, count(*) FROM worker GROUP BY dept; -- error 42703
SELECT dept, count(*) FROM worker GROUP BY dept HAVING salary > 3; -- error 42803
SELECT dept, count(*) FROM worker w GROUP BY dept ORDER BY w.nosuch; -- error 42703
SELECT id FROM worker UNION SELECT 'abc'; -- error 22P02
SELECT id FROM worker EXCEPT SELECT nosuch FROM lonely; -- error 42703
SELECT generate_series(1, 2, 0), id FROM worker WHERE id < 5; -- error 22023
SELECT string_agg(id, ',') FROM worker; -- error 42883
SELECT percentile_cont(id) WITHIN GROUP (ORDER BY id) FROM worker; -- error 42803
SELECT id, sum(id) OVER (ORDER BY nosuch) FROM worker; -- error 42703
SELECT id FROM worker FETCH FIRST -1 ROWS ONLY; -- error 2201W
SELECT lead(id) OVER (ORDER BY id RANGE BETWEEN '1 day' PRECEDING AND CURRENT ROW) FROM worker; -- error 22P02
