/** Reads the catalog from the shards over JDBC, notices difference and drift. Knows no sessions. */
package io.ostraka.proxy.schema;
