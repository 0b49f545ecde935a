package io.ostraka.rules.plan;

import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * What PostgreSQL's own functions (and those of its contrib modules written in C) do besides computing a value, where
 * that matters to a sharded database. Source: PostgreSQL manual, "Functions and Operators" and "Additional Supplied
 * Modules". A volatile function that is not listed works on its server as a whole, and runs on the default shard, so
 * that it is always the same server.
 */
final class SystemFunctions {
    /** Reads tables that its arguments name, or a query that they hold. */
    private static final Set<String> HIDE_TABLES = Set.of(
            "query_to_xml",
            "query_to_xmlschema",
            "query_to_xml_and_xmlschema",
            "cursor_to_xml",
            "cursor_to_xmlschema",
            "table_to_xml",
            "table_to_xmlschema",
            "table_to_xml_and_xmlschema",
            "schema_to_xml",
            "schema_to_xmlschema",
            "schema_to_xml_and_xmlschema",
            "database_to_xml",
            "database_to_xmlschema",
            "database_to_xml_and_xmlschema",
            "ts_stat",
            "ts_rewrite",
            "crosstab",
            "crosstab2",
            "crosstab3",
            "crosstab4",
            "crosstabn",
            "crosstab_hash",
            "connectby",
            "xpath_table",
            "dblink",
            "dblink_exec",
            "dblink_open",
            "dblink_send_query",
            "dblink_connect",
            "dblink_connect_u");

    /** Depends on, or changes, what only one connection to one server knows; with what to do instead. */
    private static final Map<String, String> OF_CONNECTION = new TreeMap<>(Map.of(
            "currval", "Use RETURNING to learn a generated value.",
            "lastval", "Use RETURNING to learn a generated value.",
            "setval", "SET ostraka.shard to each shard in turn and set the sequence there.",
            "set_config", "Use SET or SET LOCAL.",
            "setseed", "SET ostraka.shard to the shard whose random numbers are to be repeated.",
            "pg_export_snapshot", "SET ostraka.shard to the shard whose snapshot is to be shared.",
            "pg_terminate_backend", "SET ostraka.shard to the shard whose backend is to be ended.",
            "pg_cancel_backend", "SET ostraka.shard to the shard whose backend is to be cancelled."));

    /** Another value for each row, so that nobody can tell on which server it was made. */
    private static final Set<String> ANOTHER_EACH_TIME =
            Set.of("random", "random_normal", "gen_random_uuid", "uuidv4", "uuidv7", "clock_timestamp");

    /** Volatile or stable, but neither tied to a server nor changing it. */
    private static final Set<String> ANYWHERE = Set.of(
            "random",
            "random_normal",
            "gen_random_uuid",
            "uuidv4",
            "uuidv7",
            "clock_timestamp",
            "timeofday",
            "pg_sleep",
            "pg_sleep_for",
            "pg_sleep_until",
            "txid_current",
            "pg_current_xact_id");

    /**
     * Stable, all or some of their overloads, only because they look at settings or the database's encoding, which are the same
     * on every shard of a session.
     */
    private static final Set<String> OF_SETTINGS = Set.of(
            "array_to_json",
            "array_to_string",
            "concat",
            "concat_ws",
            "date_add",
            "date_bin",
            "date_part",
            "date_subtract",
            "date_trunc",
            "extract",
            "format",
            "generate_series",
            "json_agg",
            "json_build_array",
            "json_build_object",
            "jsonb_build_array",
            "jsonb_build_object",
            "length",
            "make_timestamptz",
            "overlaps",
            "quote_literal",
            "quote_nullable",
            "row_to_json",
            "timezone",
            "to_char",
            "to_date",
            "to_json",
            "to_jsonb",
            "to_number",
            "to_timestamp");

    /** What the grammar spells like functions, and what is not found under its name in pg_proc. */
    private static final Set<String> SYNTAX = Set.of(
            "coalesce",
            "nullif",
            "greatest",
            "least",
            "extract",
            "position",
            "substring",
            "trim",
            "overlay",
            "normalize",
            "json_array",
            "json_exists",
            "json_object",
            "json_query",
            "json_scalar",
            "json_serialize",
            "json_value",
            "xmlconcat",
            "xmlelement",
            "xmlforest",
            "xmlparse",
            "xmlpi",
            "xmlroot",
            "xmlserialize");

    /** Words that stand for a call without parentheses. */
    private static final Set<String> VALUE_WORDS = Set.of(
            "current_catalog",
            "current_date",
            "current_role",
            "current_schema",
            "current_time",
            "current_timestamp",
            "current_user",
            "localtime",
            "localtimestamp",
            "session_user",
            "system_user",
            "user");

    private SystemFunctions() {}

    static boolean hidesTables(String name) {
        return HIDE_TABLES.contains(name);
    }

    static boolean isOfConnection(String name) {
        return OF_CONNECTION.containsKey(name);
    }

    /** What to do instead of calling a function of the connection. */
    static String instead(String name) {
        return OF_CONNECTION.get(name);
    }

    static boolean locksForSession(String name) {
        return name.startsWith("pg_advisory_lock")
                || name.startsWith("pg_try_advisory_lock")
                || name.startsWith("pg_advisory_unlock");
    }

    /** Locks and messages that all clients of the database share: they meet only on one server. */
    static boolean isShared(String name) {
        return name.startsWith("pg_advisory_")
                || name.startsWith("pg_try_advisory_")
                || name.equals("pg_notify")
                || name.startsWith("lo_")
                || name.equals("loread")
                || name.equals("lowrite");
    }

    static boolean isSequence(String name) {
        return name.equals("nextval");
    }

    static boolean isAnotherEachTime(String name) {
        return ANOTHER_EACH_TIME.contains(name);
    }

    static boolean isAnywhere(String name) {
        return ANYWHERE.contains(name);
    }

    static boolean isOfSettings(String name) {
        return OF_SETTINGS.contains(name);
    }

    static boolean isSyntax(String name) {
        return SYNTAX.contains(name);
    }

    static boolean isValueWord(String name) {
        return VALUE_WORDS.contains(name);
    }

    /** Whether its mere mention in a text that is not understood makes that text one to be refused. */
    static boolean needsCare(String name) {
        return HIDE_TABLES.contains(name) || OF_CONNECTION.containsKey(name) || isShared(name) || locksForSession(name);
    }
}
