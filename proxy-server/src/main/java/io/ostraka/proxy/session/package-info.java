/** One client's state machine: startup, simple and extended query, COPY, cancel, settings. Parses no SQL. */
package io.ostraka.proxy.session;
