/**
 * Random input: scripts of well-formed messages whose answers must equal PostgreSQL's ({@link
 * io.ostraka.it.fuzz.RandomScriptTest}), and malformed bytes in every state that must do no harm ({@link
 * io.ostraka.it.fuzz.FrontDoorFuzz}, {@code bin/ostraka-fuzz}). Everything is made from a seed, which failures print.
 */
package io.ostraka.it.fuzz;
