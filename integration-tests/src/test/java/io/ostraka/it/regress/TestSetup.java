package io.ostraka.it.regress;

import java.util.List;

/**
 * Rows for the tables that PostgreSQL's {@code test_setup.sql} makes and fills from files of its source tree, which are not needed here: of the
 * same shapes, fewer.
 */
final class TestSetup {
    static final String FILE = "test_setup";

    static final List<String> ROWS = List.of(
            thousand("onek"),
            thousand("tenk1"),
            "INSERT INTO onek2 SELECT * FROM onek",
            "INSERT INTO tenk2 SELECT * FROM tenk1",
            "INSERT INTO person SELECT 'p' || i, 20 + i % 40, point(i, i % 7) FROM generate_series(1, 50) i",
            "INSERT INTO emp SELECT 'e' || i, i, point(i, 1), i * 100, 'sharon' FROM generate_series(1, 5) i",
            "INSERT INTO student SELECT 's' || i, i, point(1, i), i / 2.0 FROM generate_series(1, 5) i",
            "INSERT INTO stud_emp SELECT 'se' || i, i, point(2, i), i * 50, 'x', 3.1, 60 FROM generate_series(1, 3) i");

    private TestSetup() {}

    private static String thousand(String table) {
        return "INSERT INTO " + table
                + " SELECT u, i, u % 2, u % 4, u % 10, u % 20, u % 100, u % 1000, u % 2000, u % 5000, u,"
                + " u % 100 * 2 + 1, u % 100 * 2, (chr(65 + u % 26) || chr(65 + u / 26 % 26) || 'AAAA')::name,"
                + " (chr(65 + i % 26) || chr(65 + i / 26 % 26) || 'BBBB')::name,"
                + " (ARRAY['AAAAxx', 'HHHHxx', 'OOOOxx', 'VVVVxx'])[1 + i % 4]"
                + " FROM (SELECT i, (i * 7 + 3) % 1000 AS u FROM generate_series(0, 999) i) x";
    }
}
