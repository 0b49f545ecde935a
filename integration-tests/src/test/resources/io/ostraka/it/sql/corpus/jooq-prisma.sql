-- What jOOQ renders for PostgreSQL.
select "public"."author"."id", "public"."author"."name" from "public"."author" where "public"."author"."id" = $1;
select "alias_1"."v0", row_number() over (order by "alias_1"."v0") from (select "public"."book"."title" as "v0" from "public"."book") as "alias_1" offset $1 rows fetch next $2 rows only;
select "t"."id", (select coalesce(jsonb_agg(jsonb_build_array("v"."v0", "v"."v1")), jsonb_build_array()) from (select "b"."id" as "v0", "b"."title" as "v1" from "public"."book" as "b" where "b"."author_id" = "t"."id") as "v") as "books" from "public"."author" as "t";
select row ("a"."id", "a"."name"), "a"."tags"[$1], cast($2 as int), $3::timestamp, array[$4, $5]::text[], true and not (false) from "public"."author" as "a" where ("a"."x", "a"."y") in (($6, $7), ($8, $9)) and "a"."n" = any (cast($10 as int[]));
insert into "public"."author" ("id", "name") values ($1, $2), ($3, $4) on conflict ("id") do update set "name" = "excluded"."name" where "public"."author"."name" <> "excluded"."name" returning "public"."author"."id";
merge into "public"."author" using (select 1 as "one") as "dummy" on "public"."author"."id" = $1 when matched and "public"."author"."name" = 'x' then delete when matched then update set "name" = $2 when not matched then insert ("id", "name") values ($3, $4);
update "public"."book" set ("title", "year") = (select "x"."title", "x"."year" from "x" where "x"."id" = "public"."book"."id") where "public"."book"."id" between symmetric $1 and $2 returning *;
delete from "public"."book" using "public"."author" where ("public"."book"."author_id" = "public"."author"."id" and "public"."author"."name" like ($1 || '%') escape '!') returning "public"."book"."id";
with recursive "t"("n") as (select 1 union all (select ("t"."n" + 1) from "t" where "t"."n" < 10)) select sum("t"."n") from "t" window "w" as (partition by 1);
select count(*) filter (where "b"."year" > 2000), mode() within group (order by "b"."year"), first_value("b"."title") over "w" from "public"."book" as "b" group by grouping sets (("b"."year"), ()) window "w" as (partition by "b"."year" order by "b"."id" groups between 1 preceding and current row exclude ties);
(select "id" from "a" intersect all select "id" from "b") except all select "id" from "c" order by 1 desc nulls last limit 10;
select distinct on ("b"."author_id") "b"."author_id", "b"."title" from "public"."book" as "b" cross join lateral unnest("b"."tags") with ordinality as "u"("tag", "n") order by "b"."author_id", "b"."year" desc for key share of "b" skip locked;
select "j"."v" from json_table('[{"a":1}]', '$[*]' columns ("v" int path '$.a', "w" text path '$.b' default 'x' on empty, nested path '$.c[*]' columns ("z" int path '$'))) as "j";
select xmlelement(name "a", xmlattributes($1 as "b"), xmlforest("x"."c")), "y"."d" from "x", xmltable('/r' passing by ref "x"."doc" columns "d" int path 'd' default 0 not null, "n" for ordinality) as "y";
-- What Prisma sends.
SELECT "public"."User"."id", "public"."User"."email", "public"."User"."role"::text FROM "public"."User" WHERE ("public"."User"."email" = $1 AND 1=1) LIMIT $2 OFFSET $3;
SELECT "public"."Post"."id", "public"."Post"."authorId" FROM "public"."Post" WHERE "public"."Post"."authorId" IN ($1,$2,$3) OFFSET $4;
SELECT "t1"."id", "t1"."email", "User_posts"."__prisma_data__" AS "posts" FROM "public"."User" AS "t1" LEFT JOIN LATERAL (SELECT COALESCE(JSONB_AGG("__prisma_data__"), '[]') AS "__prisma_data__" FROM (SELECT "t3"."__prisma_data__" FROM (SELECT JSONB_BUILD_OBJECT('id', "t2"."id", 'title', "t2"."title") AS "__prisma_data__" FROM (SELECT "t0".* FROM "public"."Post" AS "t0" WHERE "t1"."id" = "t0"."authorId" /* root select */) AS "t2" /* inner select */) AS "t3" /* middle select */) AS "t4" /* outer select */) AS "User_posts" ON TRUE WHERE "t1"."id" = $1 LIMIT $2;
INSERT INTO "public"."User" ("email","role","createdAt") VALUES ($1,CAST($2::text AS "public"."Role"),$3) RETURNING "public"."User"."id", "public"."User"."email";
INSERT INTO "public"."User" ("id","email") VALUES ($1,$2) ON CONFLICT ("id") DO UPDATE SET "email" = $3 WHERE ("public"."User"."id" = $4 AND 1=1) RETURNING "public"."User"."id";
UPDATE "public"."Post" SET "views" = "public"."Post"."views" + $1 WHERE ("public"."Post"."id" IN ($2) AND ("public"."Post"."id" = $3 AND 1=1)) RETURNING "public"."Post"."id";
DELETE FROM "public"."Post" WHERE ("public"."Post"."id" = $1 AND 1=1) RETURNING "public"."Post"."id", "public"."Post"."title";
SELECT COUNT(*) FROM (SELECT "public"."User"."id" FROM "public"."User" WHERE 1=1 OFFSET $1) AS "sub";
SELECT COUNT(*), AVG("views"), MIN("views") FROM (SELECT "public"."Post"."views" FROM "public"."Post" WHERE "public"."Post"."title"::text ILIKE $1 OFFSET $2) AS "sub";
SELECT "public"."User"."id" FROM "public"."User" LEFT JOIN (SELECT "public"."Post"."authorId", COUNT(*) AS "aggr" FROM "public"."Post" WHERE 1=1 GROUP BY "public"."Post"."authorId") AS "aggr_selection_0_Post" ON ("public"."User"."id" = "aggr_selection_0_Post"."authorId") WHERE ("public"."User"."meta"#>ARRAY[$1]::text[])::jsonb = $2::jsonb ORDER BY COALESCE("aggr_selection_0_Post"."aggr", 0) DESC;
SELECT EXISTS(SELECT 1 FROM pg_namespace WHERE nspname = $1), version(), current_setting('server_version_num')::integer as numeric_version;
