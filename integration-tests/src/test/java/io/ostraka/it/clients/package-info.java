/**
 * Real clients in front of a PostgreSQL server, directly and through Ostraka: what works there must work here. {@code
 * bin/ostraka-clients} ({@link io.ostraka.it.clients.ClientScripts}) runs a script of each {@link
 * io.ostraka.it.clients.Client}, and so do the tests; {@code bin/ostraka-pgjdbc-suite} ({@link
 * io.ostraka.it.clients.PgjdbcSuite}) runs the PostgreSQL JDBC driver's own tests. What they found is in {@code
 * docs/compatibility.md}.
 */
package io.ostraka.it.clients;
