package io.ostraka.rules.sql;

import java.util.ArrayList;
import java.util.List;

/**
 * PostgreSQL 18's keywords and what each may name, as its {@code pg_get_keywords()} lists them. A keyword has a number,
 * by which tables may be indexed; the lookup folds ASCII case and allocates nothing.
 */
final class Keywords {
    enum Category {
        /** May name anything. */
        UNRESERVED,
        /** May name a column or table, but neither a function nor a type. */
        COLUMN_NAME,
        /** May name a function or type, but not a column or table. */
        TYPE_OR_FUNCTION,
        /** May only be a label behind AS, or (most of them) a bare one. */
        RESERVED
    }

    static final int NONE = -1;

    private static final String COLUMN_NAMES = """
            between bigint bit boolean char character coalesce dec decimal exists extract float greatest grouping inout \
            int integer interval json json_array json_arrayagg json_exists json_object json_objectagg json_query \
            json_scalar json_serialize json_table json_value least merge_action national nchar none normalize nullif \
            numeric out overlay position precision real row setof smallint substring time timestamp treat trim values \
            varchar xmlattributes xmlconcat xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot \
            xmlserialize xmltable""";

    private static final String RESERVED = """
            all analyse analyze and any array as asc asymmetric both case cast check collate column constraint create \
            current_catalog current_date current_role current_time current_timestamp current_user default deferrable \
            desc distinct do else end except false fetch for foreign from grant group having in initially intersect into \
            lateral leading limit localtime localtimestamp not null offset on only or order placing primary references \
            returning select session_user some symmetric system_user table then to trailing true union unique user using \
            variadic when where window with""";

    private static final String TYPES_OR_FUNCTIONS = """
            authorization binary collation concurrently cross current_schema freeze full ilike inner is isnull join left \
            like natural notnull outer overlaps right similar tablesample verbose""";

    private static final String UNRESERVED = """
            abort absent absolute access action add admin after aggregate also alter always asensitive assertion \
            assignment at atomic attach attribute backward before begin breadth by cache call called cascade cascaded \
            catalog chain characteristics checkpoint class close cluster columns comment comments commit committed \
            compression conditional configuration conflict connection constraints content continue conversion copy cost \
            csv cube current cursor cycle data database day deallocate declare defaults deferred definer delete delimiter \
            delimiters depends depth detach dictionary disable discard document domain double drop each empty enable \
            encoding encrypted enforced enum error escape event exclude excluding exclusive execute explain expression \
            extension external family filter finalize first following force format forward function functions generated \
            global granted groups handler header hold hour identity if immediate immutable implicit import include \
            including increment indent index indexes inherit inherits inline input insensitive insert instead invoker \
            isolation keep key keys label language large last leakproof level listen load local location lock locked \
            logged mapping match matched materialized maxvalue merge method minute minvalue mode month move name names \
            nested new next nfc nfd nfkc nfkd no normalized nothing notify nowait nulls object objects of off oids old \
            omit operator option options ordinality others over overriding owned owner parallel parameter parser partial \
            partition passing password path period plan plans policy preceding prepare prepared preserve prior privileges \
            procedural procedure procedures program publication quote quotes range read reassign recursive ref \
            referencing refresh reindex relative release rename repeatable replace replica reset restart restrict return \
            returns revoke role rollback rollup routine routines rows rule savepoint scalar schema schemas scroll search \
            second security sequence sequences serializable server session set sets share show simple skip snapshot \
            source sql stable standalone start statement statistics stdin stdout storage stored strict string strip \
            subscription support sysid system tables tablespace target temp template temporary text ties transaction \
            transform trigger truncate trusted type types uescape unbounded uncommitted unconditional unencrypted unknown \
            unlisten unlogged until update vacuum valid validate validator value varying version view views virtual \
            volatile whitespace within without work wrapper write xml year yes zone""";

    /** Keywords that a select item without AS may not take for its label. */
    private static final String NOT_BARE_LABELS = """
            array as char character create day except fetch filter for from grant group having hour intersect into \
            isnull limit minute month notnull offset on order over overlaps precision returning second to union varying \
            where window with within without year""";

    private static final List<String> WORDS = new ArrayList<>();
    private static final List<Category> CATEGORIES = new ArrayList<>();
    private static final boolean[] BARE_LABEL;

    // Open addressing at a quarter full: a miss, the usual case, seldom compares.
    private static final int SLOTS = 2048;
    private static final short[] TABLE = new short[SLOTS];
    private static final int MAX_LENGTH;

    static {
        add(UNRESERVED, Category.UNRESERVED);
        add(COLUMN_NAMES, Category.COLUMN_NAME);
        add(TYPES_OR_FUNCTIONS, Category.TYPE_OR_FUNCTION);
        add(RESERVED, Category.RESERVED);
        int longest = 0;
        for (int number = 0; number < WORDS.size(); number++) {
            String word = WORDS.get(number);
            longest = Math.max(longest, word.length());
            int slot = hash(word, 0, word.length()) & (SLOTS - 1);
            while (TABLE[slot] != 0) {
                slot = (slot + 1) & (SLOTS - 1);
            }
            TABLE[slot] = (short) (number + 1);
        }
        MAX_LENGTH = longest;
        BARE_LABEL = new boolean[WORDS.size()];
        List<String> notBare = List.of(NOT_BARE_LABELS.split(" ", -1));
        for (int number = 0; number < BARE_LABEL.length; number++) {
            BARE_LABEL[number] = !notBare.contains(WORDS.get(number));
        }
    }

    private Keywords() {}

    private static void add(String words, Category category) {
        for (String word : words.split(" ", -1)) {
            WORDS.add(word.intern());
            CATEGORIES.add(category);
        }
    }

    private static int hash(CharSequence text, int start, int end) {
        int hash = end - start;
        for (int i = start; i < end; i++) {
            hash = hash * 31 + (text.charAt(i) | 0x20);
        }
        return hash ^ (hash >>> 11);
    }

    /** The number of the keyword that {@code [start, end)} of the text spells, or {@link #NONE}. */
    static int find(String text, int start, int end) {
        int length = end - start;
        if (length > MAX_LENGTH || length < 2) {
            return NONE;
        }
        int slot = hash(text, start, end) & (SLOTS - 1);
        while (TABLE[slot] != 0) {
            int number = TABLE[slot] - 1;
            if (spells(WORDS.get(number), text, start, length)) {
                return number;
            }
            slot = (slot + 1) & (SLOTS - 1);
        }
        return NONE;
    }

    private static boolean spells(String word, String text, int start, int length) {
        if (word.length() != length) {
            return false;
        }
        for (int i = 0; i < length; i++) {
            char c = text.charAt(start + i);
            char folded = c >= 'A' && c <= 'Z' ? (char) (c + 32) : c;
            if (folded != word.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    static int find(String word) {
        return find(word, 0, word.length());
    }

    static int count() {
        return WORDS.size();
    }

    /** The keyword in lower case, empty for {@link #NONE}; the same string object each time. */
    static String word(int number) {
        return number == NONE ? "" : WORDS.get(number);
    }

    static Category category(int number) {
        return CATEGORIES.get(number);
    }

    static boolean isReserved(int number) {
        return number != NONE && CATEGORIES.get(number) == Category.RESERVED;
    }

    /** Whether the keyword may label a select item without AS. */
    static boolean isBareLabel(int number) {
        return BARE_LABEL[number];
    }
}
