# pgbench: its tables, its three protocols, a connection for each transaction, pipelines; no transaction may fail.
set -u
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

sql() { psql -X -At -c "$1" 2>&1; }
totals() {
  sql "SELECT (SELECT sum(abalance) FROM pgbench_accounts) = (SELECT sum(bbalance) FROM pgbench_branches),
              (SELECT sum(abalance) FROM pgbench_accounts) = (SELECT sum(delta) FROM pgbench_history),
              (SELECT sum(abalance) FROM pgbench_accounts) = (SELECT sum(tbalance) FROM pgbench_tellers),
              (SELECT count(*) FROM pgbench_history)"
}
bench() {
  echo "---- pgbench $*"
  pgbench -n "$@" 2>&1 | grep -Ei 'error|fatal|abort|warn|processed|failed|query mode' | grep -v 'without initial'
  echo "status ${PIPESTATUS[0]}"
}

pgbench -i -s 1 2>&1 | grep -Eiv ' of | in |^$'
sql '\dt'
sql 'SELECT count(*), sum(aid) FROM pgbench_accounts'
pgbench -i -I dtGvpf -s 1 2>&1 | grep -Eiv ' of | in |^$'
pgbench -i -I dtgvp --partitions=3 -s 1 2>&1 | grep -Eiv ' of | in |^$'

for protocol in simple extended prepared; do
  bench -M $protocol -c 1 -t 50 --random-seed=7
  sql 'SELECT (SELECT sum(aid::bigint * abalance) FROM pgbench_accounts), (SELECT sum(tid * tbalance) FROM pgbench_tellers)'
done
for protocol in simple extended prepared; do
  bench -M $protocol -c 4 -j 2 -t 25
  bench -M $protocol -c 2 -t 5 -C
  bench -M $protocol -c 4 -t 50 -S
  bench -M $protocol -c 4 -t 25 -N
  totals
done

cat >pipeline.sql <<'SQL'
\set id random(1, 1000)
\startpipeline
SELECT abalance FROM pgbench_accounts WHERE aid = :id;
SELECT abalance FROM pgbench_accounts WHERE aid = :id + 1;
UPDATE pgbench_branches SET bbalance = bbalance WHERE bid = 1;
SELECT 1;
\endpipeline
SQL
cat >block.sql <<'SQL'
\set id random(1, 100000)
\startpipeline
BEGIN;
UPDATE pgbench_accounts SET abalance = abalance + 0 WHERE aid = :id;
SELECT abalance FROM pgbench_accounts WHERE aid = :id;
END;
\endpipeline
SELECT :id AS mine \gset
\if :mine <> :id
SELECT 1/0;
\endif
SQL
cat >combined.sql <<'SQL'
SELECT 1 AS one \; SELECT 2 AS two \; SELECT 3 AS three \aset
SELECT :one + :two + :three AS six \gset
\if :six <> 6
SELECT 1/0;
\endif
SQL
bench -M extended -c 4 -t 25 -f pipeline.sql
bench -M prepared -c 4 -t 25 -f pipeline.sql
bench -M extended -c 4 -t 25 -f block.sql
bench -M prepared -c 4 -t 25 -f block.sql
bench -M simple -c 4 -t 25 -f combined.sql
echo 'SELECT 1/0;' >broken.sql
bench -c 1 -t 2 -f broken.sql
cat >serializable.sql <<'SQL'
BEGIN ISOLATION LEVEL SERIALIZABLE;
UPDATE pgbench_branches SET bbalance = bbalance + 1 WHERE bid = 1;
END;
SQL
bench -c 4 -t 20 --max-tries=0 -f serializable.sql
pgbench -i -I d 2>&1 | grep -v done
