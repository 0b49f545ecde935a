-- Aggregates of every kind, in groups and without.
SELECT count(*), count(salary), count(DISTINCT dept), count(DISTINCT name) FROM worker;
SELECT count(*) FROM nothing;
SELECT sum(v), avg(v), min(v), max(t), count(v), string_agg(t, ','), array_agg(v), bool_and(v > 1), stddev(v) FROM nothing;
SELECT count(*), count(v), sum(v), avg(n), max(f), min(t), array_agg(v), json_agg(v) FROM unset;
SELECT count(*), sum(v), avg(v), stddev_samp(v), stddev_pop(v) FROM lonely;
SELECT v % 2, count(*), sum(v), avg(v) FROM lonely GROUP BY 1;
SELECT stddev_samp(v), var_samp(v), stddev_pop(v) FROM lonely WHERE v = 3;
SELECT sum(salary), avg(salary), min(salary), max(salary) FROM worker;
SELECT dept, sum(salary), avg(salary), stddev(salary), variance(salary), var_pop(salary), stddev_pop(salary) FROM worker GROUP BY dept;
SELECT stddev(id), variance(id::int8), var_pop(id::int2), stddev_pop(id::numeric) FROM worker;
SELECT stddev(id::float8 / 4), variance(id::float4) FROM worker WHERE id < 4 AND id > 2;
SELECT round(corr(id, id)::numeric, 9), round(covar_samp(id, 2 * id)::numeric, 9), regr_count(id, salary), round(regr_sxx(id, id)::numeric, 9) FROM worker;
SELECT dept, regr_count(salary, id), regr_avgx(dept, id) FROM worker WHERE id < 30 GROUP BY dept;
SELECT sum(n52), avg(n52), max(n52), min(nneg), sum(nneg), avg(nneg) FROM curio;
SELECT sum(n52) FILTER (WHERE n52 <> 'NaN'), avg(n52) FILTER (WHERE n52 <> 'NaN') FROM curio;
SELECT sum(m), max(m), min(m) FROM curio;
SELECT sum(ivm), avg(ivm), max(ivm) FROM curio;
SELECT sum(t2), avg(t2), min(t2) FROM curio;
SELECT sum(num), avg(num) FROM shelf WHERE num < 1e19;
SELECT sum(num) FROM shelf;
SELECT max(num), min(num), count(DISTINCT num) FROM shelf;
SELECT sum(value), avg(value), count(value) FROM reading WHERE value < 'NaN';
SELECT max(value), min(value) FROM reading;
SELECT sum(value::numeric), avg(value::numeric) FROM reading WHERE value <> 'NaN';
SELECT sum(qty::int8), avg(qty::int2), sum(amount)::numeric(8, 1), avg(amount) FROM sale;
SELECT sum(9223372036854775807) FROM worker;
SELECT sum(9223372036854775807::int8 - id) FROM worker;
SELECT sum(2147483647) FROM worker;
SELECT avg(1e-20 * id), sum(1e20 + id) FROM worker;
SELECT avg(salary / 7), avg(salary * 1.000), sum(salary / 3) FROM worker;
SELECT max(lsn), min(lsn), max(net), min(nm::text), max(bp), min(st) FROM curio;
SELECT max(sizes), min(sizes), max(names), max(tstzs), max(vec) FROM curio;
SELECT max((dims).size), min(ts3), max(ts3), max(t2) FROM curio;
SELECT max(ch) FROM curio;
SELECT min(dims), max(dims) FROM curio;
SELECT max(pt) FROM curio; -- error 42883
SELECT range_agg(nrng), range_intersect_agg(dr) FROM curio;
SELECT range_agg(mr), range_intersect_agg(mr) FROM curio WHERE mr <> '{}';
SELECT bit_and(vb), bit_or(id), bit_xor(id) FROM curio WHERE length(vb) = 1;
SELECT bit_and(id), bit_or(id::int8), bit_xor(id::int2) FROM worker;
SELECT bool_and(ok), bool_or(ok), every(ok IS NULL) FROM reading;
SELECT sensor, bool_and(ok), bool_or(value > 1) FROM reading GROUP BY sensor;
SELECT any_value(dept) FROM worker WHERE dept = 2;
SELECT dept, any_value(dept) FROM worker GROUP BY dept;
SELECT string_agg(name, ', ' ORDER BY name, id) FROM worker;
SELECT string_agg(name, ', ' ORDER BY name COLLATE "en-x-icu" DESC, id) FROM worker;
SELECT string_agg(DISTINCT name, '; ' ORDER BY name) FROM worker;
SELECT dept, string_agg(id::text, '+' ORDER BY id DESC) FILTER (WHERE id % 2 = 1) FROM worker GROUP BY dept;
SELECT string_agg(name, dept::text ORDER BY id) FROM worker;
SELECT string_agg(name::bytea, '\x00' ORDER BY id) FROM worker WHERE id < 9;
SELECT array_agg(skills ORDER BY id) FROM worker WHERE cardinality(skills) = 2;
SELECT array_agg(skills ORDER BY id) FROM worker; -- error 2202E
SELECT array_agg(ROW(id, name) ORDER BY id) FROM worker WHERE id < 6;
SELECT array_agg(w ORDER BY id)::text FROM worker w WHERE id < 6;
SELECT array_agg(DISTINCT dept), array_agg(DISTINCT dept ORDER BY dept DESC) FROM worker;
SELECT array_agg(dims ORDER BY id) FROM curio WHERE id < 8;
SELECT json_agg(w ORDER BY id) FROM worker w WHERE id < 6;
SELECT jsonb_agg(DISTINCT dept ORDER BY dept) FROM worker;
SELECT json_object_agg(id, name ORDER BY id DESC) FROM worker WHERE dept = 1;
SELECT jsonb_object_agg(name, id) FROM worker WHERE id < 6;
SELECT json_object_agg(name, id) FROM worker WHERE id > 40 AND name IS NULL;
SELECT json_object_agg(NULL::text, id) FROM worker; -- error 22004
SELECT json_arrayagg(id ORDER BY id RETURNING text), json_objectagg(id: name ABSENT ON NULL) FROM worker WHERE id = 3;
SELECT json_arrayagg(dept ORDER BY id NULL ON NULL) FROM worker;
SELECT json_agg(raw ORDER BY id), jsonb_agg(body ORDER BY id) FROM folder;
SELECT xmlagg(x ORDER BY id) FROM curio WHERE id < 9;
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY salary), percentile_disc(0.5) WITHIN GROUP (ORDER BY name) FROM worker;
SELECT dept, percentile_disc(ARRAY[0, 0.5, 1]) WITHIN GROUP (ORDER BY id) FROM worker GROUP BY dept;
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY hired - date '2020-01-01') FROM worker;
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY ivm) FROM curio;
SELECT percentile_cont(1.5) WITHIN GROUP (ORDER BY id) FROM worker; -- error 22003
SELECT mode() WITHIN GROUP (ORDER BY dept), mode() WITHIN GROUP (ORDER BY hired DESC) FROM worker;
SELECT dept, rank(5) WITHIN GROUP (ORDER BY id), cume_dist(1100) WITHIN GROUP (ORDER BY salary) FROM worker GROUP BY dept;
SELECT percent_rank('Bob', 3) WITHIN GROUP (ORDER BY name, id) FROM worker;
SELECT count(*) FILTER (WHERE salary > 1100), count(*) FILTER (WHERE NULL), sum(id) FILTER (WHERE dept IS NULL) FROM worker;
SELECT count(DISTINCT (dept, name)), count(DISTINCT ROW(dept)) FROM worker;
SELECT count(DISTINCT skills), count(DISTINCT w) FROM worker w;
SELECT sum(DISTINCT salary), avg(DISTINCT salary), count(DISTINCT salary) FILTER (WHERE id > 9) FROM worker;
SELECT dept, count(DISTINCT boss), sum(DISTINCT boss), max(DISTINCT boss) FROM worker GROUP BY dept;
SELECT count(ALL dept), sum(ALL dept) FROM worker;
SELECT count(DISTINCT name COLLATE "en-x-icu"), count(DISTINCT lower(name)) FROM worker;
SELECT count(DISTINCT bp), count(DISTINCT bp::text), count(DISTINCT vb) FROM curio;
SELECT count(DISTINCT num::float4) FROM shelf;
SELECT count(DISTINCT body), count(DISTINCT raw::text) FROM folder;
SELECT count(DISTINCT raw) FROM folder; -- error 42883
SELECT bp, count(*) FROM curio GROUP BY bp HAVING bp IS NULL;
SELECT st, count(*), max(bp) FROM curio GROUP BY st;
SELECT nm, ch, count(*) FROM curio GROUP BY nm, ch;
SELECT dims, count(*) FROM curio GROUP BY dims;
SELECT (dims).size, count(*), sum((dims).w) FROM curio GROUP BY (dims).size;
SELECT sizes, count(*) FROM curio GROUP BY sizes;
SELECT mr, count(*), sum(upper(mr)) FROM curio GROUP BY mr;
SELECT net, mac8, lsn, count(*) FROM curio GROUP BY net, mac8, lsn;
SELECT x::text, count(*) FROM curio GROUP BY x::text;
SELECT x FROM curio GROUP BY x; -- error 42883
SELECT ivm, t2, ts3, count(*) FROM curio GROUP BY 1, 2, 3;
SELECT body -> 'a' AS a, count(*) FROM folder GROUP BY a;
SELECT jsonb_typeof(body), count(*), jsonb_agg(id ORDER BY id) FROM folder GROUP BY 1;
SELECT value, count(*), min(at) FROM reading GROUP BY value;
SELECT date_trunc('month', at AT TIME ZONE 'UTC'), count(*), max(value) FROM reading GROUP BY 1;
SELECT date_bin('30 days', at, '2026-01-01 00:00+00'), count(*) FROM reading GROUP BY 1;
SELECT name, count(*) FROM worker GROUP BY name;
SELECT name COLLATE "en-x-icu", count(*) FROM worker GROUP BY name COLLATE "en-x-icu";
SELECT lower(name), count(*) FROM worker GROUP BY lower(name) HAVING count(*) BETWEEN 2 AND 6;
SELECT left(name, 1) AS initial, min(name), max(name COLLATE "en-x-icu") FROM town GROUP BY initial;
SELECT country, count(*), sum(people), avg(area), max(name) FROM town GROUP BY country;
SELECT dept, sum(salary) FROM worker GROUP BY dept HAVING sum(salary) > (SELECT avg(salary) * 8 FROM worker);
SELECT dept FROM worker GROUP BY dept HAVING count(*) > 8 AND NOT bool_or(name = 'nobody');
SELECT dept FROM worker GROUP BY dept HAVING dept IN (SELECT v FROM lonely);
SELECT dept, (SELECT count(*) FROM lonely WHERE v = dept) FROM worker GROUP BY dept;
SELECT dept, (SELECT sum(l.v + count(*)) FROM lonely l) FROM worker GROUP BY dept; -- error 42803
SELECT (SELECT max(w.id) FROM lonely WHERE v = 1) FROM worker w;
SELECT (SELECT count(*) FROM lonely WHERE v > max(w.dept)) FROM worker w;
SELECT 'all' WHERE EXISTS (SELECT count(*) FROM worker HAVING count(*) = 45);
SELECT count(*) FROM worker HAVING false;
SELECT 1 FROM worker HAVING true;
SELECT dept + 1 AS next, count(*) * 2 AS twice FROM worker GROUP BY dept ORDER BY next NULLS FIRST; -- ordered
SELECT dept AS boss, count(*) FROM worker GROUP BY boss; -- error 42803
SELECT dept AS boss, count(*) FROM worker GROUP BY worker.dept ORDER BY boss; -- ordered
SELECT boss AS dept, count(*) FROM worker GROUP BY dept; -- error 42803
SELECT id, name, count(*) FROM worker GROUP BY id;
SELECT w.id, w.name, count(x) FROM worker w LEFT JOIN unnest(w.skills) x ON true GROUP BY w.id;
SELECT w.name, count(v.id) FROM worker w LEFT JOIN worker v ON v.boss = w.id GROUP BY w.id ORDER BY count(v.id) DESC, w.id; -- ordered
SELECT dept, CASE WHEN count(*) > 9 THEN 'big' ELSE 'small' END, max(CASE WHEN id > 20 THEN name END) FROM worker GROUP BY dept;
SELECT dept, max(salary) - min(salary) AS spread FROM worker GROUP BY dept ORDER BY spread DESC NULLS LAST LIMIT 2; -- ordered
SELECT coalesce(dept, -1), coalesce(sum(salary), 0) FROM worker GROUP BY coalesce(dept, -1);
SELECT dept IS NULL, count(*) FROM worker GROUP BY dept IS NULL;
SELECT dept, boss, count(*) FROM worker GROUP BY ROLLUP (dept, boss);
SELECT dept, boss, grouping(dept, boss) AS g, sum(salary) FROM worker GROUP BY CUBE (dept, boss) HAVING grouping(dept, boss) > 0;
SELECT dept, name, count(*), string_agg(id::text, ',' ORDER BY id) FROM worker GROUP BY GROUPING SETS ((dept), (name), ());
SELECT dept, count(DISTINCT name), sum(DISTINCT boss) FROM worker GROUP BY ROLLUP (dept);
SELECT dept, grouping(dept), count(*) FROM worker GROUP BY GROUPING SETS ((dept), (dept), ()) ORDER BY 2, 1, 3; -- ordered
SELECT dept, count(*) FROM worker GROUP BY GROUPING SETS ((), ()); -- error 42803
SELECT dept, count(*) FROM worker WHERE false GROUP BY GROUPING SETS ((dept), ());
SELECT count(*), sum(id) FROM nothing GROUP BY ROLLUP (v);
SELECT count(*) FROM nothing GROUP BY v;
SELECT dept, id % 2, count(*) FROM worker GROUP BY dept, CUBE (id % 2);
SELECT dept, id % 2 AS odd, percentile_disc(0.5) WITHIN GROUP (ORDER BY id) FROM worker GROUP BY GROUPING SETS (dept, id % 2);
SELECT shop, extract(month FROM day) AS month, sum(amount) FROM sale GROUP BY ROLLUP (shop, extract(month FROM day));
SELECT shop, day, count(*), sum(amount) FROM sale GROUP BY shop, day;
SELECT shop, count(*), sum(qty), avg(amount) FROM sale GROUP BY shop;
SELECT day, count(DISTINCT shop), array_agg(DISTINCT shop ORDER BY shop) FROM sale GROUP BY day;
SELECT item, sum(price), count(DISTINCT (shop, day)) FROM sale_line GROUP BY item;
SELECT shop, sum(l.price), count(DISTINCT s.no) FROM sale s JOIN sale_line l USING (shop, day, no) GROUP BY shop;
SELECT s.day, sum(s.qty), sum(l.price) FROM sale s LEFT JOIN sale_line l USING (shop, day, no) GROUP BY s.day;
SELECT what, count(*), min(at), max(id) FROM journal GROUP BY what;
SELECT tableoid::regclass, count(*) FROM journal GROUP BY 1; -- refused: system columns
SELECT count(*) FROM journal_old;
SELECT extract(quarter FROM at), count(*) FROM journal GROUP BY 1 HAVING count(*) > 1;
SELECT dept, heads, total FROM payroll;
SELECT sum(heads), sum(total), count(*) FROM payroll;
SELECT * FROM payroll WHERE heads > 8;
SELECT p.dept, w.name FROM payroll p JOIN worker w ON w.salary > p.total / p.heads + 190 AND w.dept = p.dept;
SELECT dept, name FROM best_paid;
SELECT max(n) FROM (SELECT count(*) AS n FROM worker GROUP BY dept) x;
SELECT n, count(*) FROM (SELECT count(*) AS n FROM worker GROUP BY boss) x GROUP BY n;
SELECT avg(s), min(d) FROM (SELECT dept AS d, sum(salary) AS s FROM worker GROUP BY dept HAVING count(*) > 1) x;
SELECT min(x), max(x) FROM (SELECT unnest(skills) AS x FROM worker) s;
SELECT x, count(*) FROM worker, unnest(skills) x GROUP BY x;
SELECT unnest(skills) AS x, count(*) FROM worker GROUP BY x;
SELECT count(*), generate_series(1, 3) FROM worker;
SELECT dept, generate_series(1, count(*) / 4) FROM worker GROUP BY dept;
SELECT upto(dept), count(*) FROM worker GROUP BY dept;
SELECT sum(count(*)) FROM worker GROUP BY dept; -- error 42803
SELECT count(*), id FROM worker; -- error 42803
SELECT dept, name FROM worker GROUP BY dept; -- error 42803
SELECT sum(name) FROM worker; -- error 42883
SELECT dept, count(*) FROM worker GROUP BY dept ORDER BY name; -- error 42803
SELECT count(*) FILTER (WHERE count(*) > 1) FROM worker; -- error 42803
SELECT string_agg(DISTINCT name, ',' ORDER BY id) FROM worker; -- error 42P10
SELECT avg(DISTINCT id ORDER BY id), sum(id ORDER BY name) FROM worker;
SELECT count(id, name) FROM worker; -- error 42883
SELECT count() FROM worker; -- error 42809
SELECT least(count(*), 3), -count(*), count(*)::text || '!', (count(*), sum(id)) FROM worker;
SELECT ARRAY[count(*), sum(id)], ROW(min(name), max(name)) FROM worker;
SELECT to_json(avg(salary)), round(avg(salary), 2), trunc(stddev(salary), 3), avg(salary)::int FROM worker;
SELECT count(*) = 45, count(*) > 44 AND sum(id) < 0, NOT bool_or(id > 5), max(id) IN (45, 46), sum(id) BETWEEN 1 AND 2 FROM worker;
SELECT extract(year FROM max(hired)), max(hired) - min(hired), age(max(hired), min(hired)), min(hired) + count(*)::int FROM worker;
SELECT min(at) AT TIME ZONE 'UTC', max(at)::date, max(at) - min(at), date_trunc('year', max(at)) FROM reading;
SELECT (max(skills))[1], (array_agg(id ORDER BY id DESC))[1:3], (array_agg(name ORDER BY salary DESC NULLS LAST, id))[1] FROM worker;
SELECT (max(dims)).w FROM curio; -- error 42703
