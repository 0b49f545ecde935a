package io.ostraka.bench;

import java.io.IOException;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What can be measured. */
enum Scenario {
    /** One row by its key, from a sharded table. */
    POINT("queries") {
        @Override
        List<Measurement> measurements(
                Shards shards, Clients programs, List<Protocol> protocols, List<Integer> clients) {
            List<Measurement> measurements = new ArrayList<>();
            for (int count : clients) {
                for (Protocol protocol : protocols) {
                    measurements.add(point(shards, programs, protocol, count));
                }
            }
            return measurements;
        }

        @Override
        List<String> contestants() {
            return Contestants.NAMES;
        }
    },

    /** The same by one client: what is added to the time of a query. */
    ONE("queries") {
        @Override
        List<Measurement> measurements(
                Shards shards, Clients programs, List<Protocol> protocols, List<Integer> clients) {
            return protocols.stream()
                    .map(protocol -> point(shards, programs, protocol, 1))
                    .toList();
        }

        @Override
        List<String> contestants() {
            return Contestants.NAMES;
        }
    },

    /** pgbench's TPC-B with all tables on one shard: transactions of seven statements. */
    TPCB("transactions") {
        @Override
        List<Measurement> measurements(Shards shards, Clients programs, List<Protocol> protocols, List<Integer> clients)
                throws IOException, SQLException {
            return List.of(new Measurement(
                    this, Door.ONE_SHARD, Protocol.SIMPLE, TPCB_CLIENTS, programs.tpcb(Protocol.SIMPLE, TPCB_CLIENTS)));
        }
    },

    /** Many clients on few connections; fails when a client gets far less than the others. */
    ACTIVE("queries") {
        @Override
        List<Measurement> measurements(
                Shards shards, Clients programs, List<Protocol> protocols, List<Integer> clients) {
            return List.of(new Measurement(
                    this,
                    Door.NARROW,
                    Protocol.SIMPLE,
                    MANY_CLIENTS,
                    new JdbcPointLoad(shards.rows(), Protocol.SIMPLE, MANY_CLIENTS).fair()));
        }

        @Override
        List<String> contestants() {
            // The others would need as many connections to PostgreSQL as there are clients.
            return List.of("pgbouncer", "ostraka");
        }
    },

    /** One result of 1 GB from one shard. */
    BULK("MB") {
        @Override
        List<Measurement> measurements(
                Shards shards, Clients programs, List<Protocol> protocols, List<Integer> clients) {
            return List.of(new Measurement(this, Door.ONE_SHARD, Protocol.SIMPLE, 1, new BulkLoad()));
        }
    },

    /** A whole sharded table as one result. */
    SCAN("rows") {
        @Override
        List<Measurement> measurements(
                Shards shards, Clients programs, List<Protocol> protocols, List<Integer> clients) {
            return List.of(new Measurement(this, Door.SHARDED, Protocol.EXTENDED, 1, new ScanLoad(shards.rows())));
        }
    },

    /** Rows into a sharded table by COPY. */
    COPY("rows") {
        @Override
        List<Measurement> measurements(
                Shards shards, Clients programs, List<Protocol> protocols, List<Integer> clients) {
            return List.of(new Measurement(this, Door.SHARDED, Protocol.SIMPLE, 1, new CopyLoad(shards)));
        }
    };

    /** Of {@link #ACTIVE}. */
    static final int MANY_CLIENTS = 500;

    private static final int TPCB_CLIENTS = 8;

    private final String unit;

    Scenario(String unit) {
        this.unit = unit;
    }

    /** What is counted. */
    String unit() {
        return unit;
    }

    String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Makes the loads that a program of its own may send. */
    interface Clients {
        /** By pgbench or by pgjdbc. */
        Load point(int rows, Protocol protocol, int clients);

        /** By pgbench only, which makes its tables first. */
        Load tpcb(Protocol protocol, int clients) throws IOException, SQLException;
    }

    /** Who can do it at all, and says more by it than the others do. */
    List<String> contestants() {
        return Contestants.NAMES.stream()
                .filter(name -> !name.equals(Contestants.TOGETHER))
                .toList();
    }

    /** {@code protocols} and {@code clients}: those asked for; a scenario with its own ignores them. */
    abstract List<Measurement> measurements(
            Shards shards, Clients programs, List<Protocol> protocols, List<Integer> clients)
            throws IOException, SQLException;

    final Measurement point(Shards shards, Clients programs, Protocol protocol, int count) {
        return new Measurement(
                this, Door.of(protocol), protocol, count, programs.point(shards.rows(), protocol, count));
    }
}
