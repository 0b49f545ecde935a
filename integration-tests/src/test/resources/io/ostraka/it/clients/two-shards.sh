# psql and pgbench on a table that lies on two shards: rows by key in the three protocols, and what needs all of them.
set -u
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

psql -X -a 2>&1 <<'SQL' | grep -v '^INSERT'
\pset pager off
\d items
\dt
\di
SELECT format('INSERT INTO items VALUES (%s, %s, 0, %L)', i, i % 7, 'note ' || i) FROM generate_series(1, 200) i \gexec
SELECT * FROM items WHERE id = 7;
SELECT * FROM items WHERE id = 7 \gdesc
SELECT * FROM items WHERE id = 7 \gx
SELECT id, note FROM items WHERE grp = 3 ORDER BY id LIMIT 5;
SELECT count(*) AS items_in_all, sum(id) FROM items \gset
\echo :items_in_all
SELECT grp, count(*), min(note), max(id) FROM items GROUP BY grp ORDER BY grp;
SELECT grp, id % 2 AS odd, count(*) FROM items GROUP BY 1, 2 ORDER BY 1, 2 \crosstabview grp odd
INSERT INTO items VALUES (7, 0, 0, 'twice');
BEGIN;
UPDATE items SET v = 1 WHERE id = 1 RETURNING id, v;
SAVEPOINT s;
SELECT 1/0;
ROLLBACK TO s;
SELECT v FROM items WHERE id = 1;
ROLLBACK;
SELECT v FROM items WHERE id = 1;
SELECT * FROM missing;
\set FETCH_COUNT 0
SELECT id FROM items ORDER BY id DESC LIMIT 3 \g | cat -n
SQL

cat >by-key.sql <<'SQL'
\set id random(1, 200)
SELECT v FROM items WHERE id = :id;
UPDATE items SET v = v + 1 WHERE id = :id;
SQL
cat >block.sql <<'SQL'
\set id random(1, 200)
BEGIN;
UPDATE items SET v = v + 1 WHERE id = :id;
SELECT v, note FROM items WHERE id = :id;
UPDATE items SET note = 'note ' || :id WHERE id = :id;
END;
SQL
for protocol in simple extended prepared; do
  for script in by-key block; do
    echo "---- pgbench $protocol $script"
    pgbench -n -M $protocol -c 1 -t 100 --random-seed=3 -f $script.sql 2>&1 | grep -Ei 'error|abort|processed|failed'
    pgbench -n -M $protocol -c 4 -j 2 -t 50 -f $script.sql 2>&1 | grep -Ei 'error|abort|processed|failed'
    pgbench -n -M $protocol -c 2 -t 5 -C -f $script.sql 2>&1 | grep -Ei 'error|abort|processed|failed'
  done
done
psql -X -At -c 'SELECT count(*), sum(v) FROM items' -c 'SELECT id, note FROM items ORDER BY id' 2>&1 | md5sum
