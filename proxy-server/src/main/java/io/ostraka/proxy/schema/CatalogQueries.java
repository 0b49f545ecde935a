package io.ostraka.proxy.schema;

/**
 * What {@link CatalogReader} asks, for PostgreSQL 15 to 18 under {@code search_path = pg_catalog}. The first column is the
 * relation's oid unless said otherwise. Source: PostgreSQL manual, "System Catalogs".
 */
final class CatalogQueries {
    private CatalogQueries() {}

    /** Alias {@code n} is {@code pg_namespace}: not TOAST's, not anybody's temporary one. */
    private static final String LASTING_SCHEMA = "n.nspname !~ '^pg_(toast|temp)'";

    /** Alias {@code c} is {@code pg_class}, {@code n} its schema: a relation that the catalog has. */
    private static final String LASTING_RELATION =
            "c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND c.relpersistence <> 't' AND " + LASTING_SCHEMA;

    private static final String USER_RELATION =
            LASTING_RELATION + " AND n.nspname NOT IN ('pg_catalog', 'information_schema')";

    /** Name. */
    static final String SCHEMAS = "SELECT nspname FROM pg_namespace n WHERE " + LASTING_SCHEMA;

    /** Oid, schema, name, kind, partition key or bounds, view definition. */
    static final String RELATIONS = "SELECT c.oid, n.nspname, c.relname, c.relkind,"
            + " CASE WHEN c.relkind = 'p' THEN 'PARTITION BY ' || pg_get_partkeydef(c.oid) || ' ' ELSE '' END"
            + " || coalesce(pg_get_expr(c.relpartbound, c.oid), ''),"
            + " CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END"
            + " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE " + LASTING_RELATION
            + " ORDER BY n.nspname, c.relname";

    /**
     * Oid, name, base type, its modifier, not null, has a default, deterministic, type in words, collation, default,
     * identity, generated, whether texts are ordered by their bytes. A domain's own NOT NULL and default count; domains over domains are followed, and the modifier is
     * the last one's.
     */
    static final String COLUMNS = "WITH RECURSIVE domains (oid, base, modifier, not_null, has_default, depth) AS ("
            + "SELECT oid, typbasetype, typtypmod, typnotnull, typdefault IS NOT NULL, 1 FROM pg_type"
            + " WHERE typtype = 'd'"
            + " UNION ALL SELECT d.oid, t.typbasetype, t.typtypmod, d.not_null OR t.typnotnull,"
            + " d.has_default OR t.typdefault IS NOT NULL, d.depth + 1"
            + " FROM domains d JOIN pg_type t ON t.oid = d.base AND t.typtype = 'd'),"
            + " based AS (SELECT DISTINCT ON (oid) * FROM domains ORDER BY oid, depth DESC)"
            + " SELECT a.attrelid, a.attname, t.typname, coalesce(d.modifier, a.atttypmod),"
            + " a.attnotnull OR coalesce(d.not_null, false),"
            + " (a.atthasdef AND a.attgenerated = '') OR a.attidentity <> '' OR coalesce(d.has_default, false),"
            + " coalesce(o.collisdeterministic, true), format_type(a.atttypid, a.atttypmod),"
            + " CASE WHEN o.oid IS NULL THEN '' WHEN os.nspname = 'pg_catalog' THEN quote_ident(o.collname)"
            + " ELSE quote_ident(os.nspname) || '.' || quote_ident(o.collname) END,"
            + " coalesce(pg_get_expr(f.adbin, f.adrelid), ''), a.attidentity, a.attgenerated,"
            + " coalesce(CASE o.collprovider WHEN 'b' THEN true WHEN 'c' THEN o.collcollate IN ('C', 'POSIX')"
            + " WHEN 'd' THEN (SELECT pg_encoding_to_char(b.encoding) = 'UTF8'"
            + " AND CASE coalesce(to_jsonb(b) ->> 'datlocprovider', 'c') WHEN 'b' THEN true"
            + " WHEN 'c' THEN b.datcollate IN ('C', 'POSIX') ELSE false END"
            + " FROM pg_database b WHERE b.datname = current_database()) END, false)"
            + " FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
            + " LEFT JOIN based d ON d.oid = a.atttypid JOIN pg_type t ON t.oid = coalesce(d.base, a.atttypid)"
            + " LEFT JOIN pg_collation o ON o.oid = a.attcollation LEFT JOIN pg_namespace os ON os.oid = o.collnamespace"
            + " LEFT JOIN pg_attrdef f ON f.adrelid = a.attrelid AND f.adnum = a.attnum"
            + " WHERE a.attnum > 0 AND NOT a.attisdropped AND " + USER_RELATION + " ORDER BY a.attrelid, a.attnum";

    /** Oid, whether primary, columns. An index that is not valid yet keeps no promise. */
    static final String UNIQUE_KEYS = "SELECT i.indrelid, i.indisprimary,"
            + " array(SELECT a.attname::text FROM unnest(i.indkey::int2[]) WITH ORDINALITY k(attnum, place)"
            + " JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum"
            + " WHERE k.place <= i.indnkeyatts ORDER BY k.place)"
            + " FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
            + " WHERE i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL AND " + USER_RELATION
            + " ORDER BY 1, 2 DESC, 3";

    /** Oid, about how many rows: as the last VACUUM or ANALYZE found, or as counted since the statistics were last lost. */
    static final String ROWS = "SELECT c.oid, greatest(c.reltuples::int8, pg_stat_get_live_tuples(c.oid), 0)"
            + " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            + " WHERE c.relkind IN ('r', 'm') AND " + USER_RELATION;

    /** Oid, text. Constraints but NOT NULL (the column says it), and unique indexes that belong to none. */
    static final String CONSTRAINTS =
            "SELECT o.conrelid, pg_get_constraintdef(o.oid) COLLATE \"C\" FROM pg_constraint o"
                    + " JOIN pg_class c ON c.oid = o.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
                    + " WHERE o.contype IN ('p', 'u', 'f', 'c', 'x') AND " + USER_RELATION
                    + " UNION ALL SELECT i.indrelid,"
                    + " ('UNIQUE INDEX ' || substring(pg_get_indexdef(i.indexrelid) FROM ' USING (.*)')) COLLATE \"C\""
                    + " FROM pg_index i"
                    + " JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
                    + " WHERE i.indisunique AND " + USER_RELATION
                    + " AND NOT EXISTS (SELECT FROM pg_constraint o WHERE o.conindid = i.indexrelid"
                    + " AND o.contype IN ('p', 'u', 'x'))"
                    + " ORDER BY 1, 2";

    /** Oid, name, columns, referenced schema and table, referenced columns. Those of partitions are their parent's. */
    static final String FOREIGN_KEYS = "SELECT o.conrelid, o.conname,"
            + " array(SELECT a.attname::text FROM unnest(o.conkey) WITH ORDINALITY k(attnum, place)"
            + " JOIN pg_attribute a ON a.attrelid = o.conrelid AND a.attnum = k.attnum ORDER BY k.place),"
            + " rn.nspname, r.relname,"
            + " array(SELECT a.attname::text FROM unnest(o.confkey) WITH ORDINALITY k(attnum, place)"
            + " JOIN pg_attribute a ON a.attrelid = o.confrelid AND a.attnum = k.attnum ORDER BY k.place)"
            + " FROM pg_constraint o JOIN pg_class c ON c.oid = o.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
            + " JOIN pg_class r ON r.oid = o.confrelid JOIN pg_namespace rn ON rn.oid = r.relnamespace"
            + " WHERE o.contype = 'f' AND o.conparentid = 0 AND " + USER_RELATION + " ORDER BY 1, 2";

    /** Oid. */
    static final String RULES = "SELECT DISTINCT w.ev_class FROM pg_rewrite w WHERE w.rulename <> '_RETURN'";

    /**
     * Oid, whether reads reach it, whether writes do, whether it is a function, its schema, its name, the column whose
     * default alone reaches it. Functions of the system are left out; so is a table's dependence on itself.
     */
    static final String HIDDEN_ACCESS = "WITH parts (relid, classid, objid, reads, writes, attname) AS ("
            + "SELECT tgrelid, 'pg_trigger'::regclass, oid, false, true, NULL::name FROM pg_trigger"
            + " WHERE NOT tgisinternal"
            + " UNION ALL SELECT f.adrelid, 'pg_attrdef'::regclass, f.oid, a.attgenerated = 'v', true,"
            + " CASE WHEN a.attgenerated = '' THEN a.attname END FROM pg_attrdef f"
            + " JOIN pg_attribute a ON a.attrelid = f.adrelid AND a.attnum = f.adnum"
            + " UNION ALL SELECT p.polrelid, 'pg_policy'::regclass, p.oid, p.polcmd IN ('r', '*'), true, NULL"
            + " FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid WHERE c.relrowsecurity"
            + " UNION ALL SELECT conrelid, 'pg_constraint'::regclass, oid, false, true, NULL FROM pg_constraint"
            + " WHERE conrelid <> 0 AND contype IN ('c', 'x')"
            + " UNION ALL SELECT indrelid, 'pg_class'::regclass, indexrelid, false, true, NULL FROM pg_index"
            + " WHERE indexprs IS NOT NULL OR indpred IS NOT NULL)"
            + " SELECT DISTINCT s.relid, s.reads, s.writes, p.oid IS NOT NULL, coalesce(pn.nspname, rn.nspname),"
            + " coalesce(p.proname, r.relname), s.attname"
            + " FROM parts s JOIN pg_depend d ON d.classid = s.classid AND d.objid = s.objid"
            + " LEFT JOIN pg_proc p ON d.refclassid = 'pg_proc'::regclass AND p.oid = d.refobjid"
            + " LEFT JOIN pg_namespace pn ON pn.oid = p.pronamespace"
            + " LEFT JOIN pg_class r ON d.refclassid = 'pg_class'::regclass AND r.oid = d.refobjid"
            + " AND r.oid <> s.relid AND r.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')"
            + " LEFT JOIN pg_namespace rn ON rn.oid = r.relnamespace"
            + " WHERE pn.nspname <> 'pg_catalog' OR r.oid IS NOT NULL"
            // A serial column's default names its sequence; an identity column's sequence only names the column.
            + " UNION SELECT d.refobjid, false, true, false, sn.nspname, s.relname, ia.attname FROM pg_depend d"
            + " JOIN pg_attribute ia ON ia.attrelid = d.refobjid AND ia.attnum = d.refobjsubid"
            + " JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S' JOIN pg_namespace sn ON sn.oid = s.relnamespace"
            + " WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0"
            + " AND d.deptype = 'i'";

    /** Oid, function's schema and name, for INSERT, for UPDATE, arguments. */
    static final String ROW_TRIGGERS =
            "SELECT t.tgrelid, n.nspname, p.proname, (t.tgtype & 4) <> 0, (t.tgtype & 16) <> 0,"
                    + " t.tgargs FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_namespace n ON n.oid = p.pronamespace"
                    + " WHERE NOT t.tgisinternal AND t.tgenabled <> 'D' AND (t.tgtype & 3) = 3 AND (t.tgtype & 20) <> 0"
                    + " ORDER BY t.tgrelid, t.tgname";

    /**
     * Oid of the referenced table, schema and name of the referring one, its columns, the referenced ones, the actions on
     * UPDATE and DELETE.
     */
    static final String CASCADES = "SELECT o.confrelid, n.nspname, c.relname,"
            + " array(SELECT a.attname::text FROM unnest(o.conkey) WITH ORDINALITY k(attnum, place)"
            + " JOIN pg_attribute a ON a.attrelid = o.conrelid AND a.attnum = k.attnum ORDER BY k.place),"
            + " array(SELECT a.attname::text FROM unnest(o.confkey) WITH ORDINALITY k(attnum, place)"
            + " JOIN pg_attribute a ON a.attrelid = o.confrelid AND a.attnum = k.attnum ORDER BY k.place),"
            + " o.confupdtype, o.confdeltype"
            + " FROM pg_constraint o JOIN pg_class c ON c.oid = o.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
            + " WHERE o.contype = 'f' AND (o.confupdtype NOT IN ('a', 'r') OR o.confdeltype NOT IN ('a', 'r')) AND "
            + USER_RELATION + " ORDER BY 1, 2, 3, o.conname";

    /** Child's oid, parent's oid, whether the child is a partition. */
    static final String INHERITANCE = "SELECT i.inhrelid, i.inhparent, c.relispartition FROM pg_inherits i"
            + " JOIN pg_class c ON c.oid = i.inhrelid WHERE c.relkind IN ('r', 'p', 'f') ORDER BY i.inhrelid, i.inhseqno";

    /** Schema, name, kind, volatility, returns a set, language, body. No oid. */
    static final String FUNCTIONS = "SELECT n.nspname, p.proname, p.prokind, p.provolatile, p.proretset, l.lanname,"
            + " (CASE WHEN l.lanname IN ('internal', 'c') THEN ''"
            + " ELSE coalesce(pg_get_function_sqlbody(p.oid), p.prosrc, '') END) COLLATE \"C\""
            + " FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang"
            + " WHERE " + LASTING_SCHEMA + " ORDER BY 1, 2, 7, 3, 4, 5, 6";

    /** Aggregate's schema and name, then schema and name of a function that it calls. No oid. */
    static final String AGGREGATE_SUPPORT = "SELECT n.nspname, p.proname, fn.nspname, f.proname"
            + " FROM pg_aggregate g JOIN pg_proc p ON p.oid = g.aggfnoid JOIN pg_namespace n ON n.oid = p.pronamespace"
            + " CROSS JOIN LATERAL unnest(ARRAY[g.aggtransfn, g.aggfinalfn, g.aggcombinefn, g.aggserialfn,"
            + " g.aggdeserialfn, g.aggmtransfn, g.aggminvtransfn, g.aggmfinalfn]::oid[]) called(oid)"
            + " JOIN pg_proc f ON f.oid = called.oid JOIN pg_namespace fn ON fn.oid = f.pronamespace"
            + " WHERE fn.nspname <> 'pg_catalog'";

    /**
     * Schema, name: functions outside {@code pg_catalog} behind operators, casts, input and output of types, index support,
     * and what domains' checks and defaults call. No oid.
     */
    static final String AMBIENT_FUNCTIONS = "SELECT DISTINCT n.nspname, p.proname FROM ("
            + "SELECT oprcode::oid FROM pg_operator UNION ALL SELECT castfunc FROM pg_cast"
            + " UNION ALL SELECT unnest(ARRAY[typinput, typoutput, typreceive, typsend]::oid[]) FROM pg_type"
            + " UNION ALL SELECT amproc::oid FROM pg_amproc"
            + " UNION ALL SELECT d.refobjid FROM pg_depend d JOIN pg_constraint o ON o.oid = d.objid AND o.contypid <> 0"
            + " WHERE d.classid = 'pg_constraint'::regclass AND d.refclassid = 'pg_proc'::regclass"
            + " UNION ALL SELECT d.refobjid FROM pg_depend d JOIN pg_type t ON t.oid = d.objid AND t.typtype = 'd'"
            + " WHERE d.classid = 'pg_type'::regclass AND d.refclassid = 'pg_proc'::regclass"
            + ") used(oid) JOIN pg_proc p ON p.oid = used.oid JOIN pg_namespace n ON n.oid = p.pronamespace"
            + " WHERE n.nspname <> 'pg_catalog'";

    /** Operators outside {@code pg_catalog} that take nothing but its types (pseudo-types are among these). */
    static final String OPERATORS = "SELECT DISTINCT n.nspname, o.oprname FROM pg_operator o"
            + " JOIN pg_namespace n ON n.oid = o.oprnamespace WHERE n.nspname <> 'pg_catalog'"
            + " AND NOT EXISTS (SELECT FROM pg_type t WHERE t.oid IN (o.oprleft, o.oprright)"
            + " AND t.typnamespace <> 'pg_catalog'::regnamespace)";

    /**
     * One number over the row versions ({@code xmin}) of every catalog that the others read, for objects that are not the
     * system's own (their oids begin at 16384).
     */
    static final String FINGERPRINT = "SELECT coalesce(sum(hashtextextended(version, 0)::numeric), 0)::text FROM ("
            + "SELECT 'c' || oid || ' ' || xmin FROM pg_class WHERE oid >= 16384 AND relpersistence <> 't'"
            + " AND relkind <> 't'"
            + " UNION ALL SELECT 'a' || attrelid || ' ' || attnum || ' ' || a.xmin FROM pg_attribute a"
            + " JOIN pg_class c ON c.oid = a.attrelid"
            + " WHERE a.attrelid >= 16384 AND a.attnum > 0 AND c.relpersistence <> 't' AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c')"
            + versions("pg_namespace", "n", "nspname !~ '^pg_(toast|temp)'")
            + versions("pg_attrdef", "d", "true")
            + versions("pg_constraint", "o", "true")
            + versions("pg_trigger", "t", "NOT tgisinternal")
            + versions("pg_policy", "p", "true")
            + versions("pg_rewrite", "w", "true")
            + versions("pg_proc", "f", "true")
            + versions("pg_type", "y", "typtype <> 'c' AND typelem = 0")
            + versions("pg_operator", "r", "true")
            + versions("pg_cast", "s", "true")
            + versions("pg_amproc", "m", "true")
            + versions("pg_collation", "l", "true")
            + versions("pg_enum", "e", "true")
            + " UNION ALL SELECT 'i' || indexrelid || ' ' || xmin FROM pg_index WHERE indexrelid >= 16384"
            + " UNION ALL SELECT 'h' || inhrelid || ' ' || inhparent || ' ' || xmin FROM pg_inherits"
            + " UNION ALL SELECT 'g' || setdatabase || ' ' || setrole || ' ' || xmin FROM pg_db_role_setting"
            + ") versions(version)";

    /**
     * What values and their order depend on besides tables and functions, by name, each in words: the server's version and locale, settings, and what is in types and
     * collations made by users. TimeZone, DateStyle and extra_float_digits are the driver's own here: only roles' and databases' are seen.
     */
    static final String TRAITS =
            "SELECT 'the version', 'PostgreSQL ' || current_setting('server_version_num')::int / 10000"
                    + " UNION ALL SELECT 'the locale', concat_ws(' ', to_jsonb(b) ->> 'datlocprovider', b.datcollate, b.datctype,"
                    + " coalesce(to_jsonb(b) ->> 'datlocale', to_jsonb(b) ->> 'daticulocale'), to_jsonb(b) ->> 'daticurules',"
                    + " pg_database_collation_actual_version(b.oid), pg_encoding_to_char(b.encoding))"
                    + " FROM pg_database b WHERE b.datname = current_database()"
                    + " UNION ALL SELECT 'setting ' || name, setting FROM pg_settings WHERE name = ANY (ARRAY['IntervalStyle',"
                    + " 'array_nulls', 'bytea_output', 'default_text_search_config', 'lc_messages', 'lc_monetary', 'lc_numeric',"
                    + " 'lc_time', 'quote_all_identifiers', 'standard_conforming_strings', 'transform_null_equals', 'xmlbinary',"
                    + " 'xmloption'])"
                    + " UNION ALL SELECT 'settings of ' || CASE setrole WHEN 0 THEN 'all roles' ELSE 'role ' || pg_get_userbyid(setrole) END"
                    + " || CASE setdatabase WHEN 0 THEN '' ELSE ' in the database' END, array_to_string(setconfig, ', ')"
                    + " FROM pg_db_role_setting WHERE setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))"
                    + " UNION ALL SELECT 'type ' || format_type(t.oid, NULL), concat_ws(' ', t.typtype,"
                    + " (SELECT string_agg(quote_literal(enumlabel), ', ' ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = t.oid),"
                    + " CASE t.typtype WHEN 'd' THEN format_type(t.typbasetype, t.typtypmod) || ' ' || t.typnotnull END,"
                    + " t.typcollation::regcollation, t.typdefault,"
                    + " (SELECT string_agg(pg_get_constraintdef(o.oid), ' ' ORDER BY conname) FROM pg_constraint o WHERE contypid = t.oid),"
                    + " (SELECT string_agg(quote_ident(attname) || ' ' || format_type(atttypid, atttypmod) || ' ' || attcollation::regcollation,"
                    + " ', ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = t.typrelid AND attnum > 0 AND NOT attisdropped),"
                    + " (SELECT concat_ws(' ', rngsubtype::regtype, rngcollation::regcollation, rngcanonical, rngsubdiff) FROM pg_range"
                    + " WHERE rngtypid = t.oid))"
                    + " FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace LEFT JOIN pg_class c ON c.oid = t.typrelid"
                    + " WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND " + LASTING_SCHEMA
                    + " AND (t.typrelid = 0 OR c.relkind = 'c') AND t.typtype <> 'm' AND NOT (t.typlen = -1 AND t.typelem <> 0)"
                    + " UNION ALL SELECT 'collation ' || o.oid::regcollation, concat_ws(' ', collprovider, collisdeterministic, collcollate,"
                    + " collctype, coalesce(to_jsonb(o) ->> 'colllocale', to_jsonb(o) ->> 'colliculocale'), to_jsonb(o) ->> 'collicurules')"
                    + " FROM pg_collation o JOIN pg_namespace n ON n.oid = o.collnamespace WHERE n.nspname <> 'pg_catalog'";

    private static String versions(String catalog, String mark, String condition) {
        return " UNION ALL SELECT '" + mark + "' || oid || ' ' || xmin FROM " + catalog + " WHERE oid >= 16384 AND ("
                + condition + ")";
    }
}
