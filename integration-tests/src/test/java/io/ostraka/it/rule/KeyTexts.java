package io.ostraka.it.rule;

import io.ostraka.rules.rule.KeyType;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.UUID;

/** Random input of key types: what clients send, what they rarely send, and broken variants of both. */
final class KeyTexts {
    private static final String[] CHARACTERS = {
        "a",
        "b",
        "Z",
        "0",
        " ",
        "  ",
        "'",
        "\"",
        "\\",
        "%",
        "\t",
        "é",
        "ß",
        "ø",
        "Ω",
        "ж",
        "漢",
        "字",
        "\uD83D\uDE00",
        "\u0301",
        "\u00a0"
    };
    private static final String NOISE = "0123456789+-.:eE xXTtZzBC_{}\\/,naifyNo\t";

    private final Random random;

    KeyTexts(long seed) {
        this.random = new Random(seed);
    }

    List<String> valid(KeyType type, int count) {
        List<String> texts = new ArrayList<>(special(type));
        while (texts.size() < count) {
            texts.add(valid(type));
        }
        return texts;
    }

    /** One to three characters inserted, removed or replaced: most of it is no longer input of the type. */
    String mutated(String text) {
        StringBuilder mutant = new StringBuilder(text);
        for (int i = random.nextInt(3); i >= 0; i--) {
            int at = random.nextInt(mutant.length() + 1);
            char noise = NOISE.charAt(random.nextInt(NOISE.length()));
            switch (random.nextInt(3)) {
                case 0 -> mutant.insert(at, noise);
                case 1 -> mutant.delete(at, Math.min(at + 1, mutant.length()));
                default -> mutant.replace(at, Math.min(at + 1, mutant.length()), String.valueOf(noise));
            }
        }
        return mutant.toString();
    }

    String valid(KeyType type) {
        return switch (type) {
            case INT2 -> Integer.toString(random.nextInt(1 << 16) - (1 << 15));
            case INT4 -> spaced(Integer.toString(random.nextInt() >> random.nextInt(32)));
            case INT8 -> spaced(Long.toString(random.nextLong() >> random.nextInt(64)));
            case TEXT, VARCHAR, BPCHAR -> words();
            case UUID -> uuid();
            case NUMERIC -> numeric();
            case DATE -> date(random.nextInt(4) == 0 ? 5_874_000 : 9999);
            case TIMESTAMP -> timestamp();
            case TIMESTAMPTZ -> timestamp() + offset();
            case BYTEA -> bytea();
            case BOOL ->
                List.of("t", "f", "true", "FALSE", "yes", "no", "on", "off", "1", "0")
                        .get(random.nextInt(10));
        };
    }

    /** From few values in many forms, so that two of different types are often equal; TimeZone is Kathmandu's. */
    String common(KeyType type) {
        int number = random.nextInt(9) - 4;
        String day = "2026-01-0" + (random.nextInt(9) + 1);
        String time = random.nextInt(3) == 0 ? " 10:00:00" : " 00:00:00";
        return switch (type) {
            case INT2, INT4, INT8 -> Integer.toString(number);
            case NUMERIC -> number + List.of("", ".0", ".000", ".5", "e0", "e1").get(random.nextInt(6));
            case TEXT, VARCHAR, BPCHAR -> "k" + number + " ".repeat(random.nextInt(3));
            case DATE -> day;
            case TIMESTAMP -> day + time;
            case TIMESTAMPTZ -> day + time + "+05:45";
            case UUID, BYTEA, BOOL -> throw new IllegalArgumentException(type + " equals no other type");
        };
    }

    private static List<String> special(KeyType type) {
        return switch (type) {
            case INT2 -> List.of("-32768", "32767", "0", "-0", "+7", " 7\n");
            case INT4 -> List.of("-2147483648", "2147483647", "0", "-1");
            case INT8 -> List.of("-9223372036854775808", "9223372036854775807", "0", "-1", "4294967296", "-4294967296");
            case TEXT, VARCHAR, BPCHAR -> List.of("", " ", "a", "a ", "ab", "abc", "abcd", "twelve bytes", "é");
            case UUID ->
                List.of(
                        "00000000-0000-0000-0000-000000000000",
                        "{A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11}",
                        "a0eebc999c0b4ef8bb6d6bb9bd380a11",
                        "a0ee-bc99-9c0b-4ef8-bb6d-6bb9-bd38-0a11",
                        "{a0eebc99-9c0b4ef8-bb6d6bb9-bd380a11}");
            case NUMERIC ->
                List.of(
                        "0",
                        "-0",
                        "0.000",
                        "NaN",
                        "nan",
                        "Infinity",
                        "-Infinity",
                        "inf",
                        "+inf",
                        "-INF",
                        "1",
                        "1.0",
                        "1.000000",
                        "10000",
                        "1e4",
                        "100000000",
                        "0.0001",
                        "0.00001",
                        "1e-20",
                        "1e20",
                        ".5",
                        "5.",
                        "+5",
                        "1.5e+3",
                        "00012.500");
            case DATE ->
                List.of(
                        "infinity",
                        "-infinity",
                        "2000-01-01",
                        "1999-12-31",
                        "0001-01-01",
                        "4714-11-24 BC",
                        "5874897-12-31",
                        "2024-02-29");
            case TIMESTAMP ->
                List.of(
                        "infinity",
                        "-Infinity",
                        "294276-12-31 23:59:59.999999",
                        "4714-11-24 00:00:00 BC",
                        "2000-01-01 00:00:00",
                        "1999-12-31T23:59:59.999999",
                        "2026-01-01",
                        "2026-01-01 10:00",
                        "2026-01-01 10:00:00+02",
                        "2026-01-01+02");
            case TIMESTAMPTZ ->
                List.of(
                        "infinity",
                        "-infinity",
                        "2026-01-01 10:00:00+02",
                        "2026-01-01T10:00:00Z",
                        "2026-01-01+02",
                        "2026-01-01 -05",
                        "2026-01-01 10:00:00 +05:45",
                        "2026-01-01 10:00:00-0330",
                        "0044-03-15 12:00:00+00 BC",
                        "2026-03-29 02:30:00+00:19:32");
            case BYTEA -> List.of("", "\\x", "\\x00ff", "abc", "\\\\", "\\000\\377", "\\x 0a 0b");
            case BOOL -> List.of("tr", "fals", " t ", "of", "oN", "y", "n");
        };
    }

    private String spaced(String text) {
        return random.nextInt(8) == 0 ? " " + text + "\t" : text;
    }

    private String words() {
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(40); i > 0; i--) {
            text.append(CHARACTERS[random.nextInt(CHARACTERS.length)]);
        }
        return text.append(random.nextInt(4) == 0 ? "  " : "").toString();
    }

    private String uuid() {
        String text = new UUID(random.nextLong(), random.nextLong()).toString();
        return switch (random.nextInt(4)) {
            case 0 -> text.toUpperCase(Locale.ROOT);
            case 1 -> "{" + text + "}";
            case 2 -> text.replace("-", "");
            default -> text;
        };
    }

    private String numeric() {
        BigDecimal value = new BigDecimal(
                new BigInteger(random.nextInt(200) + 1, random)
                        .multiply(BigInteger.valueOf(random.nextBoolean() ? 1 : -1)),
                random.nextInt(60) - 20);
        BigDecimal zeros = random.nextInt(4) == 0 ? value.multiply(BigDecimal.TEN.pow(random.nextInt(9))) : value;
        return spaced(random.nextBoolean() ? zeros.toString() : zeros.toPlainString());
    }

    private String date(int lastYear) {
        LocalDate day = LocalDate.of(random.nextInt(lastYear) + 1, random.nextInt(12) + 1, random.nextInt(28) + 1);
        String text = String.format("%04d-%02d-%02d", day.getYear(), day.getMonthValue(), day.getDayOfMonth());
        return random.nextInt(10) == 0 && day.getYear() < 4000 ? text + " BC" : text;
    }

    private String timestamp() {
        String fraction = random.nextBoolean() ? "" : "." + (random.nextInt(900_000) + 100_000);
        return date(random.nextInt(8) == 0 ? 294_000 : 9999).replace(" BC", "")
                + (random.nextBoolean() ? " " : "T")
                + String.format("%02d:%02d:%02d", random.nextInt(24), random.nextInt(60), random.nextInt(60))
                + fraction;
    }

    private String offset() {
        return switch (random.nextInt(4)) {
            case 0 -> "Z";
            case 1 -> String.format("%s%02d", random.nextBoolean() ? "+" : "-", random.nextInt(15));
            default ->
                String.format("%s%02d:%02d", random.nextBoolean() ? "+" : "-", random.nextInt(15), random.nextInt(60));
        };
    }

    private String bytea() {
        byte[] bytes = new byte[random.nextInt(40)];
        random.nextBytes(bytes);
        if (random.nextBoolean()) {
            return "\\x" + HexFormat.of().formatHex(bytes);
        }
        StringBuilder escaped = new StringBuilder();
        for (byte b : bytes) {
            boolean plain = b >= ' ' && b < 127 && b != '\\';
            escaped.append(plain ? String.valueOf((char) b) : String.format("\\%03o", b & 0xff));
        }
        return escaped.toString();
    }
}
