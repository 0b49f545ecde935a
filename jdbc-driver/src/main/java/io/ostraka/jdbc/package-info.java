/** {@code jdbc:ostraka://} for applications: the PostgreSQL driver underneath. */
package io.ostraka.jdbc;
