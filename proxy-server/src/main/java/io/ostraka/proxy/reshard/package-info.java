/** Moving slots and ranges online. Serves no statement. */
package io.ostraka.proxy.reshard;
