/** The whole thing on one machine: embedded PostgreSQL servers, sample rules, sample rows. */
package io.ostraka.proxy.demo;
