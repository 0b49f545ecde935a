/** Holds the arrows between modules and packages; see the room table of the architecture. */
package io.ostraka.it.architecture;
