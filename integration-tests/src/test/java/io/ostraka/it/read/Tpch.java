package io.ostraka.it.read;

import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.postgresql.PGConnection;

/**
 * TPC-H in small: lineitem and orders by order, customer by customer, part and partsupp by part, the rest on all shards. The rows are
 * the schema's, computed from their numbers, so that every query finds some. Immutable.
 */
public final class Tpch {
    /** Of scale 1. */
    public static final int ORDERS = 600;

    private static final int CUSTOMERS = 90;
    private static final int PARTS = 120;
    private static final int SUPPLIERS = 20;

    public static final String DDL = """
            CREATE TABLE region (r_regionkey int PRIMARY KEY, r_name char(25), r_comment varchar(152));
            CREATE TABLE nation (n_nationkey int PRIMARY KEY, n_name char(25), n_regionkey int, n_comment varchar(152));
            CREATE TABLE supplier (s_suppkey int PRIMARY KEY, s_name char(25), s_address varchar(40), s_nationkey int,
                s_phone char(15), s_acctbal numeric(15, 2), s_comment varchar(101));
            CREATE TABLE customer (c_custkey int PRIMARY KEY, c_name varchar(25), c_address varchar(40), c_nationkey int,
                c_phone char(15), c_acctbal numeric(15, 2), c_mktsegment char(10), c_comment varchar(117));
            CREATE TABLE part (p_partkey int PRIMARY KEY, p_name varchar(55), p_mfgr char(25), p_brand char(10),
                p_type varchar(25), p_size int, p_container char(10), p_retailprice numeric(15, 2), p_comment varchar(23));
            CREATE TABLE partsupp (ps_partkey int, ps_suppkey int, ps_availqty int, ps_supplycost numeric(15, 2),
                ps_comment varchar(199), PRIMARY KEY (ps_partkey, ps_suppkey));
            CREATE TABLE orders (o_orderkey int PRIMARY KEY, o_custkey int, o_orderstatus char(1), o_totalprice numeric(15, 2),
                o_orderdate date, o_orderpriority char(15), o_clerk char(15), o_shippriority int, o_comment varchar(79));
            CREATE TABLE lineitem (l_orderkey int, l_partkey int, l_suppkey int, l_linenumber int, l_quantity numeric(15, 2),
                l_extendedprice numeric(15, 2), l_discount numeric(15, 2), l_tax numeric(15, 2), l_returnflag char(1),
                l_linestatus char(1), l_shipdate date, l_commitdate date, l_receiptdate date, l_shipinstruct char(25),
                l_shipmode char(10), l_comment varchar(44), PRIMARY KEY (l_orderkey, l_linenumber));
            """;

    public static final String RULES = """
            lineitem: { hash: l_orderkey, colocate_with: orders }
            orders: { hash: o_orderkey }
            customer: { hash: c_custkey }
            part: { hash: p_partkey }
            partsupp: { hash: ps_partkey, colocate_with: part }
            supplier: { reference: true }
            nation: { reference: true }
            region: { reference: true }
            """;

    private static final List<String> SHARDED = List.of("customer", "part", "partsupp", "orders", "lineitem");
    private static final List<String> REFERENCES = List.of("region", "nation", "supplier");

    private static final String COPIES = """
            INSERT INTO region SELECT g, (ARRAY['AFRICA','AMERICA','ASIA','EUROPE','MIDDLE EAST'])[1 + g], 'r' FROM generate_series(0, 4) g;
            INSERT INTO nation SELECT g, (ARRAY['ALGERIA','BRAZIL','CHINA','FRANCE','SAUDI ARABIA','KENYA','CANADA','INDIA','GERMANY',
                'IRAN'])[1 + g % 10] || CASE WHEN g < 10 THEN '' ELSE ' ' || g END, g % 5, 'n' FROM generate_series(0, 24) g;
            INSERT INTO supplier SELECT g, 'Supplier#' || g, 'road ' || g, g % 10, (10 + g % 10) || '-' || g, g * 123.45,
                CASE WHEN g % 7 = 0 THEN 'Customer bad Complaints' ELSE 's' END FROM generate_series(1, 20) g;
            """;

    private final int orders;
    private final int customers;
    private final int parts;

    public Tpch(int scale) {
        orders = ORDERS * scale;
        customers = CUSTOMERS * scale;
        parts = PARTS * scale;
    }

    /** The tables that are split, each with the expression that computes its rows, from a number g on. */
    private String[][] rows() {
        return new String[][] {
            {
                "customer",
                "SELECT g, 'Customer#' || lpad(g::text, 9, '0'), 'street ' || g, g % 25, (10 + g % 25) || '-' || g,"
                        + " (g * 7919 % 1100000)::numeric / 100 - 999, (ARRAY['BUILDING','AUTOMOBILE','MACHINERY'])[1 + g % 3], 'c' || g"
                        + " FROM generate_series(1, " + customers + ") g"
            },
            {
                "part",
                "SELECT g, (ARRAY['forest green','lace red','green almond','blue'])[1 + g % 4] || g, 'Manufacturer#' || g % 5,"
                        + " (ARRAY['Brand#12','Brand#23','Brand#34','Brand#45'])[1 + g % 4],"
                        + " (ARRAY['ECONOMY ANODIZED STEEL','PROMO BRUSHED BRASS','MEDIUM POLISHED TIN','SMALL PLATED BRASS'])[1 + g % 4],"
                        + " (ARRAY[15,3,9,49,4])[1 + g / 3 % 5],"
                        + " (ARRAY['SM CASE','MED BOX','LG BOX'])[1 + g % 3], 900 + g, 'p' FROM generate_series(1, "
                        + parts
                        + ") g"
            },
            {
                "partsupp",
                "SELECT p, 1 + (p / 4 + s * 5) % " + SUPPLIERS
                        + ", 100 + p * s % 800, (p * 31 + s * 17) % 1000 + 0.25, 'ps'" + " FROM generate_series(1, "
                        + parts
                        + ") p, generate_series(0, 3) s"
            },
            {
                "orders",
                "SELECT g, 1 + g * 13 % (" + customers + " * 2 / 3), (ARRAY['F','O','P'])[1 + g % 3], g * 101.5,"
                        + " date '1992-01-01' + g * 37 % 2400, (ARRAY['1-URGENT','2-HIGH','3-MEDIUM','5-LOW'])[1 + g % 4], 'Clerk',"
                        + " 0, CASE WHEN g % 9 = 0 THEN 'special requests' ELSE 'o' END FROM generate_series(1, "
                        + orders
                        + ") g"
            },
            {
                "lineitem",
                "SELECT o, p, 1 + (p / 4 + l % 4 * 5) % " + SUPPLIERS
                        + ", l, 1 + h % 50, 1000 + h % 90000, h % 11 * 0.01, h % 9 * 0.01,"
                        + " (ARRAY['R','A','N'])[1 + h % 3], (ARRAY['O','F'])[1 + o % 2], d + h % 99, d + 50 + h % 67, d + h % 99 + h % 29,"
                        + " (ARRAY['DELIVER IN PERSON','NONE'])[1 + h / 3 % 2], (ARRAY['MAIL','SHIP','AIR','TRUCK'])[1 + h / 7 % 4], 'l'"
                        + " FROM generate_series(1, " + orders + ") o, generate_series(1, 1 + o % 6) l,"
                        + " LATERAL (SELECT date '1992-01-01' + o * 37 % 2400 AS d, hashint4(o * 10 + l) & 16777215 AS h) x,"
                        + " LATERAL (SELECT 1 + h / 11 % " + parts + " AS p) y"
            }
        };
    }

    /** Makes all rows there. */
    public void fill(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(COPIES);
            for (String[] table : rows()) {
                statement.execute("INSERT INTO " + table[0] + " " + table[1]);
            }
        }
    }

    /** Copies the tables that every shard has to one of them. */
    public void copyReferences(Connection from, Connection to) throws SQLException {
        for (String table : REFERENCES) {
            copy(table, from, to);
        }
    }

    /** Copies the others to a proxy, which deals the rows. */
    public void copySharded(Connection from, Connection to) throws SQLException {
        for (String table : SHARDED) {
            copy(table, from, to);
        }
    }

    private static void copy(String table, Connection from, Connection to) throws SQLException {
        try {
            StringWriter rows = new StringWriter();
            from.unwrap(PGConnection.class).getCopyAPI().copyOut("COPY " + table + " TO STDOUT", rows);
            to.unwrap(PGConnection.class)
                    .getCopyAPI()
                    .copyIn("COPY " + table + " FROM STDIN", new StringReader(rows.toString()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The 22, in their order. */
    public static List<String> queries() {
        return Stream.of(Pattern.compile("(?m)^--.*$")
                        .matcher(Texts.of("tpch.sql"))
                        .replaceAll("")
                        .split(";"))
                .map(String::strip)
                .filter(query -> !query.isEmpty())
                .toList();
    }
}
