/** Transactions over several shards: what clients see, and what is left when proxies and shards are killed in the middle. */
package io.ostraka.it.transaction;
