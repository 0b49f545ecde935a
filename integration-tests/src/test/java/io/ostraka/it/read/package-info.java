/** Reads over several shards: the answers of one PostgreSQL with all the rows, or a refusal. */
package io.ostraka.it.read;
