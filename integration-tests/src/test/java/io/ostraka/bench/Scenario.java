package io.ostraka.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What can be measured. */
enum Scenario {
    /** One row by its key, from a sharded table. */
    POINT("queries") {
        @Override
        List<Measurement> measurements(
                Shards shards, PointClient client, List<Protocol> protocols, List<Integer> clients) {
            List<Measurement> measurements = new ArrayList<>();
            for (int count : clients) {
                for (Protocol protocol : protocols) {
                    measurements.add(
                            new Measurement(this, protocol, count, client.load(shards.rows(), protocol, count)));
                }
            }
            return measurements;
        }
    },

    /** A whole sharded table as one result. */
    SCAN("rows") {
        @Override
        List<Measurement> measurements(
                Shards shards, PointClient client, List<Protocol> protocols, List<Integer> clients) {
            return List.of(new Measurement(this, Protocol.EXTENDED, 1, new ScanLoad(shards.rows())));
        }
    },

    /** Rows into a sharded table by COPY. */
    COPY("rows") {
        @Override
        List<Measurement> measurements(
                Shards shards, PointClient client, List<Protocol> protocols, List<Integer> clients) {
            return List.of(new Measurement(this, Protocol.SIMPLE, 1, new CopyLoad(shards)));
        }
    };

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

    /** Makes the load of point queries: by pgbench or by pgjdbc. */
    interface PointClient {
        Load load(int rows, Protocol protocol, int clients);
    }

    /** {@code protocols} and {@code clients}: those asked for; a scenario with its own ignores them. */
    abstract List<Measurement> measurements(
            Shards shards, PointClient client, List<Protocol> protocols, List<Integer> clients);
}
