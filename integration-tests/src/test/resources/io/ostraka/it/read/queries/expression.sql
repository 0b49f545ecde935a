-- Functions and operators of every type over rows of several shards; NULL logic; row comparisons; names; rows that no table has.
SELECT count(*) FROM worker WHERE dept = 1 OR dept IS NULL;
SELECT count(*) FROM worker WHERE NOT (dept = 1);
SELECT count(*) FROM worker WHERE (dept = 1) IS UNKNOWN;
SELECT count(*) FROM worker WHERE dept IS NOT DISTINCT FROM NULL;
SELECT count(*) FROM worker WHERE dept IN (1, NULL);
SELECT count(*) FROM worker WHERE dept NOT IN (1, NULL);
SELECT count(*) FROM worker WHERE (dept, boss) IS NULL;
SELECT count(*) FROM worker WHERE (dept, boss) IS NOT NULL;
SELECT count(*) FROM worker WHERE NOT (dept, boss) IS NULL;
SELECT count(*) FROM worker w WHERE w IS NOT NULL;
SELECT count(*) FROM worker w WHERE w IS NULL;
SELECT count(*) FROM curio WHERE dims IS NULL OR dims IS NOT NULL;
SELECT count(*) FROM worker WHERE (dept, boss) = (1, NULL);
SELECT count(*) FROM worker WHERE (dept, boss) <> (1, 2);
SELECT count(*) FROM worker WHERE (dept, boss, id) < (2, NULL, 5);
SELECT count(*) FROM worker WHERE (dept, id) >= (2, 20);
SELECT count(*) FROM worker WHERE ROW(dept, boss) IS DISTINCT FROM ROW(1, 2);
SELECT count(*) FROM worker WHERE ROW(dept, boss) *= ROW(1, 2); -- error 42883
SELECT count(*) FROM worker WHERE NULL::bool OR dept = 1;
SELECT coalesce(dept, boss, -1), count(*) FROM worker GROUP BY 1;
SELECT nullif(dept, 2) IS NULL AS n, count(*) FROM worker GROUP BY n;
SELECT num_nulls(dept, boss, salary), count(*) FROM worker GROUP BY 1;
SELECT id, body @> '{"a": 1}', body ?| '{a,n}', body - 'a', body || '{"z": 0}', body #- '{b,0}' FROM folder WHERE jsonb_typeof(body) = 'object';
SELECT id, jsonb_path_query_array(body, '$.b[*] ? (@ > 1)'), jsonb_path_exists(body, '$.a'), body @? '$.tags' FROM folder;
SELECT id, jsonb_path_query(body, '$.tags[*]') FROM folder;
SELECT id, jsonb_pretty(body), jsonb_array_length(CASE WHEN jsonb_typeof(body) = 'array' THEN body END) FROM folder;
SELECT id, body['a'], body['tags'][0] FROM folder;
SELECT key, count(*) FROM folder, jsonb_object_keys(CASE WHEN jsonb_typeof(body) = 'object' THEN body END) key GROUP BY key;
SELECT json_value(body, '$.a' RETURNING text NULL ON ERROR), json_query(body, '$.b'), json_exists(body, '$.n') FROM folder;
SELECT count(*) FROM folder WHERE body IS JSON;
SELECT count(*) FROM folder WHERE raw IS JSON OBJECT;
SELECT jsonb_build_object('id', id, 'w', to_jsonb(w)) FROM worker w WHERE id < 4;
SELECT json_build_array(id, name, NULL, skills), row_to_json(w, true) FROM worker w WHERE id IN (5, 6);
SELECT jsonb_set(to_jsonb(w), '{name}', '"x"') ->> 'name' FROM worker w WHERE id < 4;
SELECT json_object('a': id, 'b': name ABSENT ON NULL), json_array(id, dept NULL ON NULL) FROM worker WHERE id < 6;
SELECT id, mr * '{[2,6)}', mr + '{[20,21)}', lower(mr), upper(mr), isempty(mr) FROM curio;
SELECT id, nrng && '[2,3]', nrng -|- '[2.5,3)', nrng @> 2.0, lower_inc(nrng), upper_inf(nrng) FROM curio;
SELECT id, dr @> date '2026-01-20', dr * '[2026-01-10,2026-01-20)', upper(dr) - lower(dr) FROM curio WHERE NOT upper_inf(dr); -- error 22008
SELECT id, unnest(mr) FROM curio;
SELECT id, host(net), masklen(net), net >> '10.1.0.0/24', net && '10.0.0.0/8', broadcast(net) FROM curio;
SELECT id, trunc(mac8), ~mac8, mac8 & 'ff:ff:ff:00:00:00:00:00' FROM curio;
SELECT id, vb || B'1', length(vb), vb5 # B'10101' FROM curio WHERE length(vb5) = 5;
SELECT id, vb5 & B'1' FROM curio WHERE vb5 IS NOT NULL; -- error 22026
SELECT id, pt[0], pt + '(1,1)', pt <-> '(0,0)', bx @> pt, area(bx), center(bx), bx ~= '(1,1),(0,0)' FROM curio;
SELECT id, tv @@ 'cat', tv || 'dog:1', length(tv), strip(tv), ts_rank(tv, 'cat | mat') FROM curio;
SELECT id, path, path::text FROM curio;
SELECT id, sizes || 'small'::size, 'large' = ANY (sizes), array_position(sizes, 'medium') FROM curio;
SELECT id, (dims).size < 'large', (dims).size > 'small', enum_range(NULL, (dims).size) FROM curio;
SELECT id, m * 2, m / 2, m::numeric, m > '0' FROM curio;
SELECT id, lsn + 5, lsn - '0/1' FROM curio;
SELECT id, ch, ch::int, nm || 'x', st || bp, bp || '|', length(bp) FROM curio WHERE ch IS NOT NULL;
SELECT id, xpath('/a/text()', x), x IS DOCUMENT, xmlelement(name e, id) FROM curio WHERE x IS NOT NULL;
SELECT id, ts3 - '2026-01-01', ts3::date, extract(epoch FROM ts3), t2 + interval '1 hour' FROM curio;
SELECT id, n52 / 3, round(n52, 1), n52 * nneg, sqrt(abs(n52)), n52 % 7, scale(n52), trim_scale(n52) FROM curio;
SELECT id, vec[1] / 3, vec[1:1] || vec, array_to_string(vec, ',', '*'), array_dims(vec), cardinality(vec) FROM curio;
SELECT id, tstzs[1], array_remove(tstzs, NULL), docs[1] ->> 'a' FROM curio;
SELECT id, trim_array(skills, 1), array_append(skills, name), skills && '{go}', array_sort(skills) FROM worker WHERE cardinality(skills) > 0;
SELECT upper(name), lower(name), initcap(name), length(name), octet_length(name), reverse(name), md5(name) FROM worker;
SELECT upper(name), lower(name), initcap(name), name COLLATE "C" < 'a' FROM town;
SELECT substring(name FROM 2 FOR 2), position('d' IN name), overlay(name PLACING 'X' FROM 1), trim(BOTH 'aA' FROM name) FROM worker;
SELECT name ~ '^[[:upper:]]', regexp_replace(name, '[aeiou]', '*', 'g'), regexp_match(name, '(.)(.)'), regexp_count(name, 'a') FROM worker;
SELECT id, regexp_matches(name, '[ao]', 'g') FROM worker;
SELECT id, regexp_split_to_table(name, ' ') FROM worker;
SELECT split_part(name, ' ', 2), string_to_array(name, NULL), starts_with(name, 'A'), name ^@ 'B' FROM worker;
SELECT U&'d\0061ta' AS "d\0061ta", U&"n\0061me" FROM worker WHERE id = 5 OR id = 6;
SELECT E'a\tb\u00e9' || name, $$dollar's$$ || id, $tag$ $$ $tag$ FROM worker WHERE id < 4;
SELECT 1_000 + id, 0xFF, 0b101, 0o17, 1e3, .5, 5. FROM worker WHERE id < 3;
SELECT 'a' 'b' FROM worker; -- error 42601
SELECT 'a'
    'b' || id FROM worker WHERE id < 4;
SELECT - id, + id, @ -id, |/ id, id ^ 2, id % 3, id # 5, id & 6, id | 8, ~id, id << 2, !! 'x'::tsquery FROM worker WHERE id < 6;
SELECT id BETWEEN 3 AND 5 AND true, NOT id = 4, id IS NULL = false, id + 1 * 2 FROM worker WHERE id < 6;
SELECT id::text || 'x'::varchar(5), CAST(id AS numeric(5, 1)), int4 '7' + id, date '2026-01-01' + id, interval '1' day * id FROM worker WHERE id < 6;
SELECT hired AT TIME ZONE 'UTC', extract(isoyear FROM hired), date_part('week', hired), hired OVERLAPS hired FROM worker; -- error 42601
SELECT hired::timestamp AT TIME ZONE 'UTC', extract(isoyear FROM hired), date_part('week', hired), (hired, hired + 9) OVERLAPS (date '2023-01-01', date '2024-01-01') FROM worker;
SELECT make_date(extract(year FROM hired)::int, 1, 1), justify_days(age(date '2026-01-01', hired)), isfinite(hired) FROM worker;
SELECT to_date('2026-' || id, 'YYYY-MM') FROM worker WHERE id < 13;
SELECT to_number(salary::text, '9999.9'), to_char(id, 'RN'), to_char(salary, '9.99EEEE') FROM worker;
SELECT width_bucket(salary, 1000, 1400, 4) AS b, count(*), int4range(min(id), max(id), '[]') FROM worker GROUP BY b;
SELECT gcd(id, 12), lcm(id, 4), factorial(id % 5), div(id, 4), mod(id, 4), power(id, 2), ln(id::numeric), log(id::numeric) FROM worker;
SELECT round(sqrt(id::float8)::numeric, 6), floor(salary / 3), ceil(salary / 3), sign(id - 20), trunc(salary / 7, 3) FROM worker;
SELECT encode(sha256(name::bytea), 'hex'), decode('ff', 'hex') || name::bytea, get_byte(name::bytea, 0), crc32(name::bytea) FROM worker;
SELECT hashtext(name), hashint4(id), md5(w::text) FROM worker w;
SELECT pg_typeof(id), pg_typeof(name), pg_typeof(salary + id), pg_typeof(NULL) FROM worker w WHERE id < 3;
SELECT pg_typeof(w) FROM worker w WHERE id < 3; -- refused: the combiner's copy has a type of its own
SELECT pg_typeof(dims), pg_typeof(st), pg_typeof(sizes) FROM curio WHERE id < 3;
SELECT pg_typeof(count(*)), pg_typeof(sum(id)), pg_typeof(max(dims)), pg_typeof(array_agg(name)) FROM curio JOIN worker USING (id);
SELECT format_type(23, 5), quote_ident(name), quote_literal(name), quote_nullable(dept) FROM worker;
SELECT has_table_privilege('worker', 'SELECT'), current_user = session_user, current_database() IS NOT NULL FROM worker WHERE id < 3;
SELECT generate_series(1, 3);
SELECT generate_series(1, 3), id FROM worker WHERE id < 3;
SELECT generate_series(1, id) FROM worker WHERE id < 4;
SELECT generate_series(id, id + 1), generate_series(1, 3) FROM worker WHERE id IN (8, 9);
SELECT id, unnest(ARRAY[id, -id]) AS u FROM worker WHERE id < 4 ORDER BY u; -- ordered
SELECT id, generate_series(1, 2) AS g FROM worker ORDER BY g DESC, id LIMIT 5; -- ordered
SELECT DISTINCT generate_series(1, 2) FROM worker;
SELECT (generate_series(1, 2)) + id FROM worker WHERE id < 3;
SELECT CASE WHEN id > 1 THEN generate_series(1, 2) END FROM worker WHERE id < 3; -- error 0A000
SELECT x.* FROM generate_series(1, 3) x;
SELECT count(*) FROM generate_series(1, 5) a, generate_series(1, 5) b;
SELECT * FROM upto(3) WITH ORDINALITY AS u (v, n);
SELECT u FROM worker, upto(dept) u WHERE id < 20;
SELECT * FROM unnest(ARRAY[1, 2], ARRAY['a', 'b', 'c']) AS t (a, b);
SELECT * FROM json_to_recordset('[{"a":1},{"a":2}]') AS t (a int) JOIN worker ON id = a;
SELECT * FROM (VALUES (1, 'one'), (2, 'two')) v (a, b);
VALUES (1, 'a'), (2, NULL);
VALUES ((SELECT count(*) FROM worker), 'rows'), (0, 'none');
VALUES (1), (2) ORDER BY 1 DESC LIMIT 1; -- ordered
SELECT * FROM (VALUES (1), (2), (3)) v (i) WHERE i IN (SELECT v FROM lonely WHERE v > 1);
SELECT "worker"."id" AS "Id", "worker".name "Name!" FROM "worker" WHERE "id" < 3;
SELECT WORKER.ID FROM PUBLIC.WORKER WHERE Id < 3;
SELECT "Worker".id FROM worker; -- error 42P01
SELECT id FROM "Worker"; -- error 42P01
SELECT "Key", v FROM "Odd Name" WHERE "Key" IN (1, 2, 3);
SELECT "Odd Name" FROM "Odd Name" WHERE "Key" < 4;
SELECT o."Key", count(*) FROM "Odd Name" o GROUP BY o."Key" HAVING "Key" < 5;
SELECT x."a.b", x."c""d" FROM (SELECT id AS "a.b", name AS "c""d" FROM worker WHERE id < 4) x;
SELECT id AS "from", name AS "where" FROM worker AS "select" WHERE "select".id < 3;
SELECT value, values FROM (SELECT id AS value, dept AS values FROM worker WHERE id < 4) x;
SELECT year, month FROM (SELECT extract(year FROM hired) AS year, extract(month FROM hired) AS month FROM worker) x WHERE month = 5;
SELECT w.id, w.count FROM (SELECT id, dept AS count FROM worker) w WHERE id < 4;
SELECT id(w), name(w) FROM worker w WHERE id < 3;
SELECT (w).id, (w.*).name FROM worker w WHERE w.id < 3;
SELECT (SELECT w) IS NULL, (ROW(w.*)::worker).name FROM worker w WHERE id < 3;
SELECT ((1, 'x')).f2, (ROW(id, 2)).f1 FROM worker WHERE id < 3; -- error XX000
SELECT count(*) AS count, sum(id) AS sum FROM worker;
SELECT max(id), max(id) AS max, max(dept) FROM worker;
SELECT id, id, id FROM worker WHERE id < 3;
SELECT a.*, b.* FROM lonely a JOIN lonely b USING (v);
SELECT a.id, b.* FROM worker a, LATERAL (SELECT a.id) b WHERE a.id < 3;
SELECT /* a comment /* nested */ */ id -- to the end
FROM /* FROM nothing */ worker -- WHERE id = 1
WHERE id < 3 /* AND false */;
SELECT*FROM worker WHERE id<3;
SELECT(id)FROM worker WHERE(id)<3;
select distinct on(dept)id from worker order by dept,id; -- ordered
SELECT ALL id FROM worker WHERE id < 3;
SELECT id FROM ONLY worker WHERE id < 3;
SELECT id FROM worker * WHERE id < 3;
SELECT id FROM worker FOR READ ONLY;
SELECT txid_current_if_assigned() IS NULL, pg_backend_pid() > 0; 
SELECT id FROM worker WHERE ctid IS NOT NULL; -- refused: system columns
SELECT tableoid::regclass FROM worker; -- refused: system columns
SELECT tableoid::regclass::text, id FROM worker;
SELECT id, CAST(j.tableoid::regclass AS text) AS "in" FROM journal j ORDER BY id;
SELECT id FROM journal WHERE tableoid::regclass::text LIKE '%old' ORDER BY id;
SELECT DISTINCT tableoid::regclass::text FROM journal; -- refused: system columns
SELECT tableoid::regclass::text, count(*) FROM journal GROUP BY 1; -- refused: system columns
SELECT tableoid::regclass::varchar FROM journal; -- refused: system columns
SELECT a.tableoid::regclass::text FROM worker a, worker b WHERE a.id = b.boss; -- refused: system columns
SELECT count(*) FROM worker, pg_class; -- refused: catalogs
SELECT id FROM worker WHERE random() < 2;
SELECT count(*) FROM worker WHERE random() < 2;
SELECT id FROM worker ORDER BY random() LIMIT 0;
SELECT id, random() < 1 FROM worker;
SELECT count(gen_random_uuid()) FROM worker;
SELECT count(DISTINCT now()), count(DISTINCT current_timestamp), count(DISTINCT current_date) FROM worker;
SELECT count(DISTINCT n) FROM (SELECT now() AS n FROM worker UNION ALL SELECT now() FROM sale) x;
SELECT count(*) FROM worker WHERE hired < now() AND hired < current_date AND hired < localtimestamp;
SELECT count(*) FROM worker WHERE clock_timestamp() > now() - interval '1 hour';
SELECT count(*) FROM reading WHERE at < now() + interval '100 years';
SELECT max(now() - now()), bool_and(current_time IS NOT NULL) FROM worker;
