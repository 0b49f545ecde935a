/** What one statement costs before it reaches a socket, measured by JMH: {@code bin/ostraka-bench micro}. */
package io.ostraka.bench.micro;
