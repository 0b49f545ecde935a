/**
 * PostgreSQL's SQL: lexer, Calcite-derived grammar, classification, name resolution, shard-key extraction.
 *
 * <p>Knows no shards. Pure, thread-safe.
 */
package io.ostraka.rules.sql;
