# sysbench: its OLTP loads on PostgreSQL, with and without prepared statements.
set -u

load() {
  echo "---- sysbench $*"
  sysbench --db-driver=pgsql --pgsql-host="$PGHOST" --pgsql-port="$PGPORT" --pgsql-user="$PGUSER" \
    --pgsql-password="$PGPASSWORD" --pgsql-db="$PGDATABASE" --tables=2 --table-size=1000 --rand-seed=5 "$@" 2>&1 |
    grep -Ei 'error|fatal|creating|inserting|dropping|transactions:|read:|write:|other:|total:' |
    sed -E 's/ *\([0-9.]+ per sec\.\)//'
  echo "status ${PIPESTATUS[0]}"
}

load oltp_read_write prepare
for load in oltp_point_select oltp_read_only oltp_read_write oltp_insert oltp_update_index oltp_update_non_index oltp_delete \
  oltp_write_only select_random_points select_random_ranges; do
  load $load --threads=1 --events=50 --time=0 run
  load $load --threads=1 --events=50 --time=0 --db-ps-mode=disable run
done
load oltp_point_select --threads=4 --events=400 --time=0 run
load oltp_read_only --threads=4 --events=100 --time=0 run
load oltp_read_write cleanup
