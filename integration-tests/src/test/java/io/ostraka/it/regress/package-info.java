/**
 * SQL scripts that were written for one PostgreSQL, such as its own regression tests, over shards: {@link io.ostraka.it.regress.Scene}
 * finds what a script makes and asks, {@link io.ostraka.it.regress.Rehearsal} asks the same of the proxy.
 */
package io.ostraka.it.regress;
