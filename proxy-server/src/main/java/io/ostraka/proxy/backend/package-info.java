/** Connections to shards, their pools, prepared statements, health. Knows no plans. */
package io.ostraka.proxy.backend;
