/** Plans against real servers: what a plan's shards answer is what one server with all rows answers. */
package io.ostraka.it.plan;
