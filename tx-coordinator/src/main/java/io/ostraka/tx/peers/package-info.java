/**
 * Connections between the nodes of a group: calls with answers, over TCP, encrypted and proven by a shared secret. Knows
 * nothing of what is said.
 *
 * <p>Entry classes: {@link io.ostraka.tx.peers.PeerListener} answers, {@link io.ostraka.tx.peers.PeerCaller} asks. Both block,
 * on threads of their own or of their callers.
 */
package io.ostraka.tx.peers;
