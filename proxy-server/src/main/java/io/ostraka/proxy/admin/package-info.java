/**
 * The console: the database {@code ostraka}, which answers SHOW to administrators. Begins at {@link
 * io.ostraka.proxy.admin.Console}. Each connection is confined to its event loop; what it shows is asked of other threads when
 * it is asked for. Holds no state of its own.
 */
package io.ostraka.proxy.admin;
