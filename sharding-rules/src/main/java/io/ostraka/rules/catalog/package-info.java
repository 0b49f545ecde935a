/**
 * An immutable picture of a database: tables, columns, keys, functions. Filled by others, read by the planner.
 *
 * <p>Entry class: {@link io.ostraka.rules.catalog.Catalog}.
 */
package io.ostraka.rules.catalog;
