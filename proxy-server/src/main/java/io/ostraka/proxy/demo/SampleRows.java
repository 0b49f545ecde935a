package io.ostraka.proxy.demo;

import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.UUID;

/**
 * The demo's rows, the same at every run, inserted as an application would: one INSERT with its shard key at a time,
 * each finding its shard by the rules. Borrows the connection; used by one thread.
 */
final class SampleRows {
    private static final String[] COUNTRIES = {
        "AT", "Austria", "CA", "Canada", "DE", "Germany", "GR", "Greece", "US", "United States"
    };
    private static final String[] NAMES = {
        "Ada",
        "Bela",
        "Chloé",
        "Dimitra",
        "Eirik",
        "Farah",
        "Gülay",
        "Hugo",
        "Ines",
        "Jiří",
        "Kleisthenes",
        "Lena",
        "Maron",
        "Nikias",
        "Olga",
        "Perikles",
        "Quentin",
        "Rosa",
        "Solon",
        "Themistokles"
    };
    private static final String[] PRODUCTS = {"amphora", "krater", "kylix", "lekythos", "olive oil", "ostrakon"};
    private static final String[] STATUS = {"new", "paid", "shipped"};
    private static final String[] REGIONS = {"eu", "us", "ca", "jp"};
    private static final OffsetDateTime START = OffsetDateTime.of(2025, 11, 1, 9, 0, 0, 0, ZoneOffset.UTC);

    private final Connection proxy;
    private int count;

    SampleRows(Connection proxy) {
        this.proxy = proxy;
    }

    /** Returns the number of rows inserted, copies of reference tables included. */
    int insert(List<String> shards) throws SQLException {
        insertCountries(shards);
        insertCustomersWithOrders();
        insertEvents();
        insertAccounts();
        insertTheRest();
        return count;
    }

    /** A reference table has a copy on every shard; each is filled by sending everything to that shard. */
    private void insertCountries(List<String> shards) throws SQLException {
        for (String shard : shards) {
            execute("SET ostraka.shard = '" + shard + "'");
            for (int i = 0; i < COUNTRIES.length; i += 2) {
                insert("INSERT INTO countries (code, name) VALUES (?, ?)", COUNTRIES[i], COUNTRIES[i + 1]);
            }
        }
        execute("RESET ostraka.shard");
    }

    private void insertCustomersWithOrders() throws SQLException {
        long order = 1000;
        for (int i = 0; i < NAMES.length; i++) {
            long customer = i + 1L;
            insert(
                    "INSERT INTO customers (id, name, email, country) VALUES (?, ?, ?, ?)",
                    customer,
                    NAMES[i],
                    "customer" + customer + "@example.com",
                    COUNTRIES[i * 2 % COUNTRIES.length]);
            for (int j = 0; j < 1 + i % 4; j++) {
                order++;
                insertOrder(customer, order);
            }
        }
    }

    private void insertOrder(long customer, long order) throws SQLException {
        int lines = 1 + (int) (order % 3);
        insert(
                "INSERT INTO orders (customer_id, id, placed_at, status, total) VALUES (?, ?, ?, ?, ?)",
                customer,
                order,
                START.plusHours(31 * (order - 1000)),
                STATUS[(int) (order % STATUS.length)],
                price(order).multiply(BigDecimal.valueOf(2L * lines)));
        for (int line = 1; line <= lines; line++) {
            insert(
                    "INSERT INTO order_items (customer_id, order_id, line, product, quantity, price)"
                            + " VALUES (?, ?, ?, ?, ?, ?)",
                    customer,
                    order,
                    line,
                    PRODUCTS[(int) ((order + line) % PRODUCTS.length)],
                    2,
                    price(order));
        }
    }

    private void insertEvents() throws SQLException {
        for (int i = 0; i < 24; i++) {
            insert(
                    "INSERT INTO events (created_at, id, kind, payload) VALUES (?, ?, ?, CAST(? AS jsonb))",
                    START.plusDays(5L * i),
                    (long) i,
                    i % 2 == 0 ? "login" : "purchase",
                    "{\"customer\": " + (1 + i % NAMES.length) + "}");
        }
    }

    private void insertAccounts() throws SQLException {
        for (int i = 0; i < 12; i++) {
            insert(
                    "INSERT INTO accounts (region, id, owner, balance) VALUES (?, ?, ?, ?)",
                    REGIONS[i % REGIONS.length],
                    i,
                    NAMES[i],
                    new BigDecimal("100.00"));
        }
    }

    private void insertTheRest() throws SQLException {
        for (int i = 0; i < 12; i++) {
            insert(
                    "INSERT INTO sessions (session_id, customer_id, last_seen) VALUES (?, ?, ?)",
                    new UUID(0x05A0_4A00_0000_4000L + i, 0x8000_0000_0000_0000L + 7919L * i),
                    i + 1L,
                    START.plusMinutes(i));
        }
        for (int i = 0; i < 20; i++) {
            insert(
                    "INSERT INTO ledger (tenant_id, account_id, entry, amount) VALUES (?, ?, ?, ?)",
                    1 + i % 2,
                    1 + i / 2 % 5,
                    1 + i / 10,
                    price(i));
        }
        for (int i = 1; i <= 4; i++) {
            insert("INSERT INTO audit_log (id, at, what) VALUES (?, ?, ?)", (long) i, START.plusDays(i), "day closed");
            insert("INSERT INTO archive.old (id, what) VALUES (?, ?)", (long) i, "carton " + i);
            insert("INSERT INTO tenant_a.notes (id, note) VALUES (?, ?)", i, "note of tenant a");
            insert("INSERT INTO tenant_b.notes (id, note) VALUES (?, ?)", i, "note of tenant b");
        }
    }

    private static BigDecimal price(long seed) {
        return BigDecimal.valueOf(495 + seed * 37 % 4000, 2);
    }

    private void insert(String sql, Object... values) throws SQLException {
        try (PreparedStatement statement = proxy.prepareStatement(sql)) {
            for (int i = 0; i < values.length; i++) {
                statement.setObject(i + 1, values[i]);
            }
            count += statement.executeUpdate();
        }
    }

    private void execute(String sql) throws SQLException {
        try (Statement statement = proxy.createStatement()) {
            statement.execute(sql);
        }
    }
}
