-- Tried with each column of table thing in the place of {c}.
SELECT id, {c} FROM thing;
SELECT {c} FROM thing WHERE {c} IS NOT NULL;
SELECT count({c}), count(*) FROM thing;
SELECT id, {c} FROM thing ORDER BY {c}, id; -- ordered
SELECT id, {c} FROM thing ORDER BY {c} DESC NULLS LAST, id LIMIT 7 OFFSET 2; -- ordered
SELECT DISTINCT {c} FROM thing;
SELECT {c}, count(*) FROM thing GROUP BY {c};
SELECT {c}, count(*), min(id) FROM thing GROUP BY {c} HAVING count(*) > 1;
SELECT max({c}::text COLLATE "C"), min({c}::text COLLATE "C") FROM thing;
SELECT count(DISTINCT {c}) FROM thing;
SELECT array_agg({c}::text ORDER BY id) FROM thing;
SELECT a.id, b.id FROM thing a JOIN thing b ON a.{c} = b.{c} WHERE a.id < b.id;
SELECT id FROM thing WHERE {c} = (SELECT {c} FROM thing WHERE id = 3);
SELECT id FROM thing WHERE {c} IN (SELECT {c} FROM thing WHERE id < 9);
SELECT {c} FROM thing WHERE id < 20 UNION SELECT {c} FROM thing WHERE id > 40;
SELECT {c} FROM thing WHERE id < 30 INTERSECT SELECT {c} FROM thing WHERE id > 20;
SELECT {c} FROM thing EXCEPT SELECT {c} FROM thing WHERE id % 2 = 0;
SELECT id, {c}, lag({c}) OVER (ORDER BY id) FROM thing ORDER BY id; -- ordered
SELECT id, rank() OVER (PARTITION BY i2 ORDER BY {c}) FROM thing;
SELECT DISTINCT ON ({c}) {c}, id FROM thing ORDER BY {c}, id; -- ordered
SELECT coalesce(max(t.{c}::text), 'none') FROM part p LEFT JOIN thing t ON t.id = p.no;
SELECT row_to_json(x) FROM (SELECT id, {c} FROM thing ORDER BY id DESC LIMIT 5) x;
