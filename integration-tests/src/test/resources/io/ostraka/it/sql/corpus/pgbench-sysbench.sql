-- pgbench's scripts tpcb-like, simple-update and select-only, and its tables, with variables filled in.
UPDATE pgbench_accounts SET abalance = abalance + -1739 WHERE aid = 57221;
SELECT abalance FROM pgbench_accounts WHERE aid = 57221;
UPDATE pgbench_tellers SET tbalance = tbalance + -1739 WHERE tid = 7;
UPDATE pgbench_branches SET bbalance = bbalance + -1739 WHERE bid = 1;
INSERT INTO pgbench_history (tid, bid, aid, delta, mtime) VALUES (7, 1, 57221, -1739, CURRENT_TIMESTAMP);
SELECT abalance FROM pgbench_accounts WHERE aid = $1;
UPDATE pgbench_accounts SET abalance = abalance + $1 WHERE aid = $2;
INSERT INTO pgbench_history (tid, bid, aid, delta, mtime) VALUES ($1, $2, $3, $4, CURRENT_TIMESTAMP);
select count(*) from pgbench_branches;
insert into pgbench_tellers(tid,bid,tbalance) values (1,1,0);
INSERT INTO pgbench_accounts SELECT aid, (aid - 1) / 100000 + 1, 0, '' FROM generate_series(1, 100000) AS aid;
select o.n, p.partstrat, pg_catalog.count(i.inhparent) from pg_catalog.pg_class as c join pg_catalog.pg_namespace as n on (n.oid = c.relnamespace) cross join lateral (select pg_catalog.array_position(pg_catalog.current_schemas(true), n.nspname)) as o(n) left join pg_catalog.pg_partitioned_table as p on (p.partrelid = c.oid) left join pg_catalog.pg_inherits as i on (c.oid = i.inhparent) where c.relname = 'pgbench_accounts' and o.n is not null group by 1, 2 order by 1 asc limit 1;
-- sysbench's oltp_* scripts.
SELECT c FROM sbtest1 WHERE id=5012;
SELECT c FROM sbtest1 WHERE id BETWEEN 5012 AND 5111;
SELECT SUM(k) FROM sbtest1 WHERE id BETWEEN 5012 AND 5111;
SELECT c FROM sbtest1 WHERE id BETWEEN 5012 AND 5111 ORDER BY c;
SELECT DISTINCT c FROM sbtest1 WHERE id BETWEEN 5012 AND 5111 ORDER BY c;
UPDATE sbtest1 SET k=k+1 WHERE id=5012;
UPDATE sbtest1 SET c='08566691963-88624912351-16662227201' WHERE id=5012;
DELETE FROM sbtest1 WHERE id=5012;
INSERT INTO sbtest1 (id, k, c, pad) VALUES (5012, 4993, '68487932199-96439406143', '67847967377-48000963322');
SELECT count(k) FROM sbtest1 WHERE k BETWEEN 10 AND 20 OR k BETWEEN 50 AND 60;
SELECT id, k, c, pad FROM sbtest1 WHERE k IN (10, 20, 30, 40, 50, 60, 70, 80, 90, 100);
INSERT INTO sbtest1(k, c, pad) VALUES (499, 'a', 'b'), (500, 'c', 'd'), (501, 'e', 'f');
