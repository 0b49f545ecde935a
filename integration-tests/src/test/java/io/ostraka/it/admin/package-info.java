/** The console, as its clients see it. */
package io.ostraka.it.admin;
