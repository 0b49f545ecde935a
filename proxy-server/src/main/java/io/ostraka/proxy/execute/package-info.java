/** Runs a plan on backend connections: forward, scatter. Parses no SQL. */
package io.ostraka.proxy.execute;
