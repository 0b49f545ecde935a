-- Statements of every kind the grammar reads, by feature. The server's own grammar is asked about each of them first.

-- Select lists, labels, names
SELECT 1;
SELECT;
SELECT FROM t;
SELECT ALL a, b AS c, d e, "F" AS "G h", t.*, s.t.a, * FROM s.t;
SELECT DISTINCT a FROM t;
SELECT DISTINCT ON (a, b + 1) a, c FROM t ORDER BY a, b + 1, c DESC;
SELECT a AS select, b AS "from", c value, d name, e type FROM t;
SELECT time, date, int, row, position, values FROM t;
SELECT U&"d!0061ta" UESCAPE '!', U&'\0061' FROM "Größe";
SELECT a INTO TEMP TABLE x FROM t;
SELECT current_date, current_time(3), current_timestamp, localtime, localtimestamp(0), current_user, session_user, user, current_schema, current_catalog, current_role, system_user;

-- Constants
SELECT 1, -2, 1.5, .5, 1e10, 1_000, 0x1F, 0o17, 0b101, 'a', E'\n', $$x$$, $t$y$t$, B'101', X'1F', N'a', true, false, null;
SELECT date '2024-01-01', timestamp '2024-01-01', timestamp with time zone '2024-01-01', time (3) '10:00', interval '1' day, interval '1-2' year to month, interval(3) '1.5', interval '1' second(2), int '5', numeric(10, 2) '1.5', char 'x', varchar(3) 'abc', bit(3) '101', s.mytype 'x', double precision '1', bool 't', json '{}', jsonb '{}', point '(1,2)', float8 '1', national character varying (5) 'x';
SELECT 'a'
  'b';

-- Operators and precedence
SELECT a + b - c * d / e % f ^ g, -a, +b, - - c, @ d, |/ 4, ||/ 8, ~ e, !! f;
SELECT a = b, a <> b, a != b, a < b, a > b, a <= b, a >= b;
SELECT a AND b OR NOT c, NOT a = b, a IS NULL, a IS NOT NULL, a ISNULL, a NOTNULL, a IS TRUE, a IS NOT FALSE, a IS UNKNOWN;
SELECT a IS DISTINCT FROM b, a IS NOT DISTINCT FROM b, a IS DOCUMENT, a IS NOT NFC NORMALIZED, a IS JSON, a IS NOT JSON OBJECT WITH UNIQUE KEYS;
SELECT a BETWEEN 1 AND 2, a NOT BETWEEN SYMMETRIC 1 AND 2, a BETWEEN b + 1 AND c * 2 AND d;
SELECT a IN (1, 2, 3), a NOT IN ('x'), (a, b) IN ((1, 2), (3, 4)), a IN (SELECT b FROM t), a NOT IN (VALUES (1), (2)), a IN ((SELECT 1));
SELECT a LIKE 'x%', a NOT LIKE b ESCAPE '!', a ILIKE 'x', a SIMILAR TO 'x', a NOT SIMILAR TO 'x' ESCAPE '!', a ~~ b, a !~* b;
SELECT a = ANY ($1), a <> ALL (ARRAY[1, 2]), a < SOME (SELECT b FROM t), a LIKE ANY (ARRAY['x', 'y']), a NOT ILIKE ALL (SELECT 'x');
SELECT a || b || c, a && b, a @> b, a <@ b, a -> 'b' ->> 'c', a #> '{x}', a #>> '{x,y}', a ? 'b', a ?| b, a ?& b, a @? '$', a @@ b, a <-> b, a << b, a >> b, a & b, a | b, a # b, a -|- b, a ^@ b;
SELECT a OPERATOR(pg_catalog.+) b, OPERATOR(pg_catalog.-) a, a OPERATOR(=) ANY (b);
SELECT a::int, a::varchar(10), a::int[], a::numeric(10,2)[][3], a::s.t, a::timestamp(3) with time zone, a::double precision, CAST(a AS text), CAST(b AS character varying), -1::int, a::interval day to second, '{}'::int ARRAY[3], a::bit varying(5);
SELECT a COLLATE "C", a COLLATE pg_catalog."de_DE" < b, a AT TIME ZONE 'UTC', a AT TIME ZONE interval '1 hour', a AT LOCAL;
SELECT (a, b) = (1, 2), ROW(a, b) < ROW(1, 2), ROW(), ROW(1), (a, b) OVERLAPS (c, d), (a, b) IS NULL, (1, 2) = ANY (SELECT 1, 2);
SELECT ARRAY[1, 2], ARRAY[[1, 2], [3, 4]], ARRAY[]::int[], ARRAY(SELECT 1), a[1], a[1:2], a[:2], a[1:], a[:], a[1][2], (ARRAY[1, 2])[1], (f(x))[1], (a).b, (a).b.c, (a).*, (a.b).c[1], $1[1], ($1).a, t.a[1].b;
SELECT CASE WHEN a THEN 1 END, CASE a WHEN 1 THEN 2 WHEN 3 THEN 4 ELSE 5 END, COALESCE(a, b, 1), NULLIF(a, 0), GREATEST(a, b), LEAST(a, 1);
SELECT ((1)), ((a + b)) * c, ((SELECT 1)), ((SELECT 1) + 1), (((SELECT 1) UNION SELECT 2)), ((1, 2)), EXISTS (SELECT 1), NOT EXISTS ((SELECT 1));

-- Functions
SELECT f(), f(1), s.f(a, b), count(*), count(DISTINCT a), sum(ALL a), f(a => 1, b := 2), f(VARIADIC ARRAY[1]), f(1, VARIADIC $1), f(b => 1, VARIADIC c => $2);
SELECT array_agg(a ORDER BY b DESC, c), string_agg(DISTINCT a, ',' ORDER BY a), percentile_cont(0.5) WITHIN GROUP (ORDER BY a), mode() WITHIN GROUP (ORDER BY a), count(*) FILTER (WHERE a > 1);
SELECT rank() OVER (ORDER BY a), sum(a) OVER w, sum(a) OVER (w ROWS UNBOUNDED PRECEDING), sum(a) FILTER (WHERE b) OVER (PARTITION BY c, d ORDER BY e RANGE BETWEEN '1 day' PRECEDING AND CURRENT ROW EXCLUDE TIES), count(*) OVER () FROM t WINDOW w AS (PARTITION BY b), x AS (w ORDER BY c GROUPS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING EXCLUDE NO OTHERS);
SELECT extract(year FROM a), extract('epoch' FROM b), position('a' IN b), substring(a FROM 1 FOR 2), substring(a FROM 2), substring(a FOR 2), substring(a, 1, 2), substring(a SIMILAR 'x' ESCAPE '#'), overlay(a PLACING b FROM 1 FOR 2), overlay(a, b, 1), trim(a), trim(BOTH FROM a), trim(LEADING 'x' FROM a), trim(TRAILING FROM a), trim(a, 'x'), normalize(a, NFC), treat(a AS int), collation for (a);
SELECT json_object('a': 1, 'b' VALUE c FORMAT JSON ABSENT ON NULL WITH UNIQUE KEYS RETURNING jsonb), json_object(), json_object('{a,b}'), json_array(1, 2 NULL ON NULL), json_array(SELECT 1 RETURNING jsonb), json_array(), json(a), json_scalar(1), json_serialize(a RETURNING bytea FORMAT JSON ENCODING utf8);
SELECT json_value(a, '$.x' PASSING 1 AS y, b AS z RETURNING int DEFAULT 5 ON EMPTY ERROR ON ERROR), json_query(a, '$' WITH CONDITIONAL WRAPPER EMPTY ARRAY ON EMPTY NULL ON ERROR), json_query(a, '$' OMIT QUOTES ON SCALAR STRING), json_exists(a, '$.x' TRUE ON ERROR), json_objectagg(a: b) FILTER (WHERE c), json_arrayagg(a ORDER BY b ABSENT ON NULL RETURNING jsonb) OVER (PARTITION BY c), json 'x';
SELECT xmlelement(name foo, xmlattributes(a AS b, c), 'x', d), xmlforest(a, b AS c), xmlparse(document a PRESERVE WHITESPACE), xmlpi(name x, 'y'), xmlroot(a, version no value, standalone yes), xmlserialize(content a AS text INDENT), xmlexists('x' PASSING BY REF a), xmlconcat(a, b);
SELECT left(a, 1), right(a, 1), overlaps(a, b, c, d), like(a, b), replace(a, b, c), now(), date(a), timestamptz(b), text(c), name(d), current_schema();
SELECT generate_series(1, 10), unnest(a), (json_each(b)).*;

-- FROM
SELECT * FROM a, b AS c, d e, f g (x, y), ONLY h, ONLY (i) j, k * AS l;
SELECT * FROM a JOIN b ON a.x = b.x LEFT JOIN c USING (y, z) RIGHT OUTER JOIN d ON true FULL JOIN e ON false CROSS JOIN f NATURAL JOIN g NATURAL LEFT JOIN h INNER JOIN i USING (k) AS j;
SELECT * FROM a JOIN b JOIN c ON b.x = c.x ON a.x = b.x;
SELECT * FROM a LEFT JOIN (b JOIN c ON true) ON true, (d CROSS JOIN e), (f JOIN g USING (x)) AS h (i, j);
SELECT * FROM (SELECT 1) a, (SELECT 2) AS b (c), ((SELECT 3)) d, (VALUES (1, 2), (3, 4)) e (f, g), (TABLE t) h, ((SELECT 1) UNION (SELECT 2)) i, (SELECT 1);
SELECT * FROM ((SELECT 1) a JOIN b ON true) JOIN c ON true, ((a JOIN b ON true) LEFT JOIN c ON true);
SELECT * FROM t, LATERAL (SELECT t.a) x, LATERAL f(t.b) AS y (c, d), LATERAL ROWS FROM (g(1)) z LEFT JOIN LATERAL (SELECT 1) u ON true;
SELECT * FROM generate_series(1, 10) AS g (n), unnest(a, b) WITH ORDINALITY AS u (x, y, o), s.f(1) h, json_to_record('{}') AS (a int, b text COLLATE "C"), json_to_record('{}') AS r (a int), json_to_record('{}') r2 (a int, b s.t[]), ROWS FROM (f(1), g(2) AS (a int)) WITH ORDINALITY AS z, current_date, coalesce(1, 2) k, left('abc', 1);
SELECT * FROM t TABLESAMPLE bernoulli (10), u x TABLESAMPLE system (5.5) REPEATABLE (42);

-- Grouping, ordering, limits, locking
SELECT a, count(*) FROM t WHERE b GROUP BY a HAVING count(*) > 1 ORDER BY 2 DESC NULLS LAST, a ASC NULLS FIRST, c USING >, d USING OPERATOR(pg_catalog.<);
SELECT 1 FROM t GROUP BY (), a, (b, c), ROLLUP (a, (b, c)), CUBE (a, b), GROUPING SETS ((a, b), (), ROLLUP (c), GROUPING SETS (d));
SELECT grouping(a, b) FROM t GROUP BY DISTINCT ROLLUP (a), CUBE (b);
SELECT a FROM t GROUP BY ALL a;
SELECT a FROM t LIMIT 1;
SELECT a FROM t LIMIT ALL OFFSET 5;
SELECT a FROM t OFFSET 5 ROWS FETCH NEXT 10 ROWS ONLY;
SELECT a FROM t ORDER BY a FETCH FIRST ROW WITH TIES;
SELECT a FROM t FETCH FIRST (1 + 1) ROWS ONLY OFFSET $1;
SELECT a FROM t FOR UPDATE;
SELECT a FROM t, u FOR NO KEY UPDATE OF t NOWAIT FOR SHARE OF s.u SKIP LOCKED;
SELECT a FROM t FOR KEY SHARE LIMIT 5;
SELECT a FROM t FOR READ ONLY;

-- Set operations, VALUES, TABLE, WITH
SELECT 1 UNION SELECT 2 UNION ALL SELECT 3 INTERSECT SELECT 4 EXCEPT ALL SELECT 5 ORDER BY 1 LIMIT 1;
(SELECT 1 ORDER BY 1 LIMIT 1) UNION DISTINCT (SELECT 2 FOR UPDATE);
((SELECT 1)) ORDER BY 1;
(VALUES (1)) UNION TABLE t;
VALUES (1, 'a'), (2, NULL) ORDER BY 1;
TABLE ONLY s.t ORDER BY 1 OFFSET 2;
WITH a AS (SELECT 1), b (x, y) AS MATERIALIZED (VALUES (1, 2)), c AS NOT MATERIALIZED (TABLE t) SELECT * FROM a, b, c;
WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 5) SEARCH DEPTH FIRST BY n SET o CYCLE n SET c TO 'y' DEFAULT 'n' USING p SELECT * FROM r;
WITH RECURSIVE r AS (SELECT 1 AS n UNION SELECT n FROM r) CYCLE n SET c USING p TABLE r;
WITH recursive AS (SELECT 1) SELECT * FROM recursive;
WITH i AS (INSERT INTO t VALUES (1) RETURNING *), u AS (UPDATE t SET a = 1 RETURNING a), d AS (DELETE FROM t RETURNING *), m AS (MERGE INTO t USING u ON true WHEN MATCHED THEN DELETE RETURNING *) SELECT * FROM i, u, d, m;
SELECT * FROM (WITH a AS (SELECT 1) SELECT * FROM a) x WHERE EXISTS (WITH b AS (SELECT 2) SELECT 1 FROM b);
WITH a AS (SELECT 1) (SELECT * FROM a) UNION SELECT 2;

-- INSERT
INSERT INTO t VALUES (1, 'a', DEFAULT, NULL, now(), $1);
INSERT INTO s.t AS x (a, "B", c[1], d.e, f[1:2].g) VALUES (1, 2, 3, 4, 5), (6, 7, 8, 9, 10);
INSERT INTO t DEFAULT VALUES RETURNING id;
INSERT INTO t (a) SELECT b FROM u WHERE c ORDER BY d LIMIT 5;
INSERT INTO t (SELECT 1 UNION SELECT 2);
INSERT INTO t WITH a AS (SELECT 1) SELECT * FROM a;
WITH a AS (SELECT 1) INSERT INTO t TABLE a;
INSERT INTO t OVERRIDING SYSTEM VALUE VALUES (1);
INSERT INTO t (a) OVERRIDING USER VALUE SELECT 1 RETURNING *;
INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING;
INSERT INTO t VALUES (1) ON CONFLICT (a, lower(b), (c + 1), d COLLATE "C" text_pattern_ops) WHERE e > 5 DO UPDATE SET a = excluded.a, (b, c) = (1, DEFAULT), d = t.d + 1 WHERE t.a <> excluded.a RETURNING a AS b, t.*;
INSERT INTO t VALUES (1) ON CONFLICT ON CONSTRAINT t_pkey DO UPDATE SET a = 1;
INSERT INTO t VALUES (1) RETURNING WITH (OLD AS o, NEW AS n) o.a, n.*;

-- UPDATE, DELETE, MERGE
UPDATE t SET a = 1;
UPDATE ONLY s.t AS x SET a = DEFAULT, b[1] = 2, c.d = 3, (e, f) = (SELECT 1, 2), (g) = ROW(1) FROM u, v JOIN w ON true WHERE x.id = u.id RETURNING *;
UPDATE t x SET set = 1 WHERE CURRENT OF c;
UPDATE t * SET a = a + 1 WHERE id IN (1, 2) AND b IS NULL;
WITH a AS (SELECT 1) UPDATE t SET a = 2 FROM a;
DELETE FROM t;
DELETE FROM ONLY s.t AS x USING u, LATERAL (SELECT 1) v WHERE x.a = u.a RETURNING x.a, 1 AS one;
DELETE FROM t WHERE CURRENT OF "C";
WITH a AS (SELECT 1) DELETE FROM t USING a WHERE t.id = 1;
MERGE INTO t AS x USING u y ON x.id = y.id WHEN MATCHED AND y.a > 1 THEN UPDATE SET a = y.a, (b, c) = (1, 2) WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT (id, a) VALUES (y.id, DEFAULT);
MERGE INTO ONLY t USING (SELECT 1 AS id) s ON t.id = s.id WHEN NOT MATCHED BY SOURCE THEN DELETE WHEN NOT MATCHED BY TARGET THEN INSERT DEFAULT VALUES WHEN MATCHED THEN DO NOTHING RETURNING merge_action(), t.*;
MERGE INTO t USING u ON false WHEN NOT MATCHED THEN INSERT OVERRIDING SYSTEM VALUE VALUES (1);

-- What drivers, pools and mappers send
SELECT 1 AS "a0", NULL AS "a1";
SELECT c0_.id AS id_0, c0_.name AS name_1 FROM customer c0_ LEFT JOIN orders o1_ ON c0_.id = o1_.customer_id WHERE c0_.id = $1 ORDER BY c0_.id ASC LIMIT $2 OFFSET $3;
select o1_0.id,o1_0.customer_id,o1_0.total from orders o1_0 where o1_0.id=$1 for no key update;
SELECT "auth_user"."id", "auth_user"."password" FROM "auth_user" WHERE ("auth_user"."username" = 'x' AND NOT ("auth_user"."id" = 5 AND "auth_user"."id" IS NOT NULL)) ORDER BY "auth_user"."id" ASC LIMIT 21;
INSERT INTO "django_session" ("session_key", "session_data", "expire_date") VALUES ('a', 'b', '2024-01-01T00:00:00+00:00'::timestamptz) RETURNING "django_session"."session_key";
SELECT (1) AS "a" FROM "t" WHERE "t"."slug" = 'x' LIMIT 1;
SELECT orders.id, orders.total, anon_1.n FROM orders JOIN (SELECT items.order_id AS order_id, count(items.id) AS n FROM items GROUP BY items.order_id) AS anon_1 ON orders.id = anon_1.order_id WHERE orders.customer_id IN (1, 2, 3);
SELECT "users".* FROM "users" WHERE "users"."email" = $1 /* loading for inspect */ LIMIT $2;
INSERT INTO "users" ("email","created_at") VALUES ($1, $2) ON CONFLICT ("email") DO NOTHING RETURNING "id";
SELECT "public"."User"."id", "public"."User"."email" FROM "public"."User" WHERE ("public"."User"."id" = $1 AND 1=1) LIMIT $2 OFFSET $3;
select "public"."book"."id" from "public"."book" where ("public"."book"."a", "public"."book"."b") > (cast($1 as int), $2) order by 1 fetch next $3 rows only;
UPDATE pgbench_accounts SET abalance = abalance + 5 WHERE aid = 42;
SELECT abalance FROM pgbench_accounts WHERE aid = 42;
INSERT INTO pgbench_history (tid, bid, aid, delta, mtime) VALUES (1, 1, 42, 5, CURRENT_TIMESTAMP);
SELECT c FROM sbtest1 WHERE id BETWEEN 1 AND 100 ORDER BY c;
SELECT s_quantity, s_data FROM stock WHERE s_i_id = 1 AND s_w_id = 2 FOR UPDATE;
SELECT count(DISTINCT s_i_id) FROM order_line, stock WHERE ol_w_id = 1 AND ol_o_id < 3001 AND ol_o_id >= 3001 - 20 AND s_i_id = ol_i_id AND s_quantity < 15;
SELECT n.nspname as "Schema", c.relname as "Name", CASE c.relkind WHEN 'r' THEN 'table' WHEN 'v' THEN 'view' END as "Type", pg_catalog.pg_get_userbyid(c.relowner) as "Owner" FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r','p','') AND n.nspname !~ '^pg_toast' AND pg_catalog.pg_table_is_visible(c.oid) ORDER BY 1,2;
SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), (SELECT pg_catalog.pg_get_expr(d.adbin, d.adrelid, true) FROM pg_catalog.pg_attrdef d WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum AND a.atthasdef), a.attnotnull, (SELECT c.collname FROM pg_catalog.pg_collation c, pg_catalog.pg_type t WHERE c.oid = a.attcollation AND t.oid = a.atttypid AND a.attcollation <> t.typcollation) AS attcollation FROM pg_catalog.pg_attribute a WHERE a.attrelid = '16384' AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum;
SELECT c.oid, n.nspname, c.relname FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relname OPERATOR(pg_catalog.~) '^(t)$' COLLATE pg_catalog.default AND pg_catalog.pg_table_is_visible(c.oid) ORDER BY 2, 3;
SELECT l_returnflag, sum(l_extendedprice * (1 - l_discount) * (1 + l_tax)) AS sum_charge, avg(l_quantity) AS avg_qty FROM lineitem WHERE l_shipdate <= date '1998-12-01' - interval '90' day GROUP BY l_returnflag ORDER BY l_returnflag;
SELECT o_orderpriority, count(*) FROM orders WHERE o_orderdate >= date '1993-07-01' AND o_orderdate < date '1993-07-01' + interval '3' month AND EXISTS (SELECT * FROM lineitem WHERE l_orderkey = o_orderkey AND l_commitdate < l_receiptdate) GROUP BY o_orderpriority;
SELECT 100.00 * sum(CASE WHEN p_type LIKE 'PROMO%' THEN l_extendedprice * (1 - l_discount) ELSE 0 END) / sum(l_extendedprice * (1 - l_discount)) AS promo FROM lineitem, part WHERE l_partkey = p_partkey;
SELECT cntrycode, count(*) FROM (SELECT substring(c_phone FROM 1 FOR 2) AS cntrycode, c_acctbal FROM customer WHERE substring(c_phone FROM 1 FOR 2) IN ('13', '31') AND NOT EXISTS (SELECT * FROM orders WHERE o_custkey = c_custkey)) AS custsale GROUP BY cntrycode ORDER BY cntrycode;

-- Tables made of documents
SELECT * FROM JSON_TABLE('[]', '$[*]' COLUMNS (a int)), json_table x, xmltable AS y (b);
SELECT * FROM t, JSON_TABLE(t.doc FORMAT JSON, 'strict $' AS root PASSING 1 AS x, t.a AS "Y" COLUMNS (id FOR ORDINALITY, a int PATH '$.a' WITH CONDITIONAL ARRAY WRAPPER OMIT QUOTES ON SCALAR STRING NULL ON EMPTY ERROR ON ERROR, b jsonb FORMAT JSON PATH '$' WITHOUT WRAPPER KEEP QUOTES, e bool EXISTS PATH '$.e' FALSE ON ERROR, f text DEFAULT t.b || 'x' ON EMPTY, NESTED PATH '$.n[*]' AS inner_path COLUMNS (g int, NESTED '$.m' COLUMNS (nested int, path text)), h int EXISTS) EMPTY ARRAY ON ERROR) AS jt (one, two);
SELECT x.* FROM t LEFT JOIN LATERAL JSON_TABLE(t.doc, '$' COLUMNS (a int) NULL ON ERROR) x ON true;
SELECT * FROM XMLTABLE('/r' PASSING BY REF t.doc BY VALUE COLUMNS a int PATH '@a' DEFAULT 1 + 2 NOT NULL, n FOR ORDINALITY, b xml NULL, c text) AS x (p, q);
SELECT * FROM LATERAL XMLTABLE(XMLNAMESPACES('u' AS zz, DEFAULT 'v'), ('/zz:r' || 'x') PASSING $1 COLUMNS a int);
SELECT JSON_ARRAY(WITH x AS (SELECT 1) VALUES (true)), JSON_ARRAY(VALUES (1) RETURNING jsonb), (values) FROM t;
SELECT GROUPING(a) FROM t GROUP BY DISTINCT ROLLUP (a, b), GROUPING SETS ((a), CUBE (b, (c, d)), ());
MERGE INTO ONLY t AS x USING (SELECT 1) s ON x.id = s.a WHEN NOT MATCHED BY SOURCE AND x.b THEN UPDATE SET (a, b) = ROW (1, DEFAULT) WHEN NOT MATCHED BY TARGET THEN INSERT (a) OVERRIDING USER VALUE VALUES (1) WHEN MATCHED THEN DO NOTHING RETURNING WITH (OLD AS o, NEW AS n) merge_action(), o.*, n.a;
