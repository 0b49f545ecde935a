package io.ostraka.bench;

import java.util.Locale;

/** How statements are sent; the names are pgbench's. */
enum Protocol {
    /** One Query message with the literals in the text. */
    SIMPLE,
    /** Parse, Bind, Describe, Execute each time. */
    EXTENDED,
    /** Parse once, then Bind and Execute. */
    PREPARED;

    String pgbenchName() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The pgjdbc options that make it send the same. */
    String[] jdbcOptions() {
        return switch (this) {
            case SIMPLE -> new String[] {"preferQueryMode=simple"};
            case EXTENDED -> new String[] {"prepareThreshold=0"};
            case PREPARED -> new String[] {"prepareThreshold=1"};
        };
    }
}
