/** Console, metrics, audit log. Holds no state of its own. */
package io.ostraka.proxy.admin;
