/** Shard keys held against a real server: hashes, input, order and conversions must be PostgreSQL's own. */
package io.ostraka.it.rule;
