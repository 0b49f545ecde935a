/** The replicated state: what an applied entry means. Pure. */
package io.ostraka.tx.decision;
