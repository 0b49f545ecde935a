/** Who may come in: SCRAM-SHA-256 on both sides, users, access rules, limits on login. Knows no SQL. */
package io.ostraka.proxy.auth;
