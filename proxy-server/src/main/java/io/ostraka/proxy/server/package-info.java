/** Wiring, start and stop, reload, command line. */
package io.ostraka.proxy.server;
