/**
 * What the proxy costs: the same load against PostgreSQL itself, PgBouncer, a proxy that only copies bytes, and Ostraka,
 * in turns on the same machine. Everything it starts is its own and gone at the end.
 *
 * <p>Entry class: {@link io.ostraka.bench.OstrakaBench}, by {@code bin/ostraka-bench}; see {@code docs/benchmarks.md}.
 * One thread drives it; loads run in other processes, or on threads of their own that end with the load.
 */
package io.ostraka.bench;
