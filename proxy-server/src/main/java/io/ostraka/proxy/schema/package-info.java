/**
 * Reads the catalog from the shards over JDBC, notices difference and drift. Knows no sessions.
 *
 * <p>Entry classes: {@link io.ostraka.proxy.schema.SchemaService} while serving, {@link io.ostraka.proxy.schema.ShardCheck}
 * for the command line. Reading blocks and runs on threads named {@code schema-<database>-<n>}; what was read is immutable.
 */
package io.ostraka.proxy.schema;
