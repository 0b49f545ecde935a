/** What one client sees of a session: both protocols, transactions, settings, pooling, cancel, failures of shards. */
package io.ostraka.it.session;
