package io.ostraka.rules.rule;

import java.time.LocalDate;
import java.time.LocalTime;
import java.time.YearMonth;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Dates and times in ISO form, the one form whose meaning depends neither on DateStyle nor, with an explicit offset, on
 * TimeZone. Words ({@code now}, {@code epoch}), other orders of day and month, time zone names, 24:00, leap seconds and more
 * than six decimal places (which the server rounds) are not understood. Pure. Source: {@code datetime.c}.
 */
final class DateTimeText {
    static final long INFINITE_TIMESTAMP = Long.MAX_VALUE;
    static final long MINUS_INFINITE_TIMESTAMP = Long.MIN_VALUE;
    static final long INFINITE_DATE = Integer.MAX_VALUE;
    static final long MINUS_INFINITE_DATE = Integer.MIN_VALUE;
    static final long MICROS_PER_DAY = 86_400_000_000L;

    private static final long EPOCH_2000 = LocalDate.of(2000, 1, 1).toEpochDay();
    /** 4714-11-24 BC, the first day PostgreSQL knows, and the first ones it no longer stores. */
    private static final long FIRST_DAY = LocalDate.of(-4713, 11, 24).toEpochDay() - EPOCH_2000;

    private static final long END_OF_DATES = LocalDate.of(5_874_898, 1, 1).toEpochDay() - EPOCH_2000;
    private static final long END_OF_TIMESTAMPS = LocalDate.of(294_277, 1, 1).toEpochDay() - EPOCH_2000;

    private static final Pattern FORM = Pattern.compile("([0-9]{4,7})-([0-9]{2})-([0-9]{2})"
            + "(?:(?:[Tt]| +)([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\\.([0-9]{1,6}))?)?)?"
            + "( ?(?:[Zz]|([+-])([0-9]{2})(?::([0-9]{2})(?::([0-9]{2}))?|([0-9]{2}))?))?"
            + "( +[Bb][Cc])?");

    private static final DateTimeFormatter TIME = DateTimeFormatter.ISO_LOCAL_TIME;

    /** The server's own limit on offsets, just under 16 hours. */
    private static final int MAX_OFFSET_HOURS = 15;

    private final long day;
    private final long microsOfDay;
    private final OptionalLong offsetSeconds;

    private DateTimeText(long day, long microsOfDay, OptionalLong offsetSeconds) {
        this.day = day;
        this.microsOfDay = microsOfDay;
        this.offsetSeconds = offsetSeconds;
    }

    /** Days since 2000-01-01; a time of day and an offset are read and dropped, as the server does. */
    static OptionalLong date(String text) {
        return switch (word(text)) {
            case "infinity" -> OptionalLong.of(INFINITE_DATE);
            case "-infinity" -> OptionalLong.of(MINUS_INFINITE_DATE);
            default -> {
                Optional<DateTimeText> parsed = parse(text);
                yield parsed.isPresent() && isDate(parsed.get().day)
                        ? OptionalLong.of(parsed.get().day)
                        : OptionalLong.empty();
            }
        };
    }

    /** Microseconds since 2000-01-01 00:00; an offset is read and dropped, as the server does. */
    static OptionalLong timestamp(String text) {
        return switch (word(text)) {
            case "infinity" -> OptionalLong.of(INFINITE_TIMESTAMP);
            case "-infinity" -> OptionalLong.of(MINUS_INFINITE_TIMESTAMP);
            default -> {
                Optional<DateTimeText> parsed = parse(text);
                yield parsed.isPresent() ? inRange(parsed.get().day, parsed.get().microsOfDay) : OptionalLong.empty();
            }
        };
    }

    /** Microseconds since 2000-01-01 00:00 UTC; without an offset it depends on the session and is not understood. */
    static OptionalLong timestamptz(String text) {
        return switch (word(text)) {
            case "infinity" -> OptionalLong.of(INFINITE_TIMESTAMP);
            case "-infinity" -> OptionalLong.of(MINUS_INFINITE_TIMESTAMP);
            default -> {
                Optional<DateTimeText> parsed = parse(text);
                yield parsed.isPresent() && parsed.get().offsetSeconds.isPresent()
                        ? inRange(
                                parsed.get().day,
                                parsed.get().microsOfDay
                                        - parsed.get().offsetSeconds.getAsLong() * 1_000_000)
                        : OptionalLong.empty();
            }
        };
    }

    static boolean isDate(long day) {
        return day >= FIRST_DAY && day < END_OF_DATES;
    }

    /** The timestamp {@code micros} after the beginning of {@code day}, if there is such a timestamp. */
    static OptionalLong inRange(long day, long micros) {
        if (!isDate(day) || day > END_OF_TIMESTAMPS) {
            return OptionalLong.empty();
        }
        // At most a day beyond the last one: still far from overflow, which comes 8 days after the end.
        long value = day * MICROS_PER_DAY + micros;
        return isTimestamp(value) ? OptionalLong.of(value) : OptionalLong.empty();
    }

    static boolean isTimestamp(long value) {
        return value >= FIRST_DAY * MICROS_PER_DAY && value < END_OF_TIMESTAMPS * MICROS_PER_DAY;
    }

    /** For people: the ISO form, astronomical years before our era. */
    static String formatDate(long day) {
        if (day == INFINITE_DATE || day == MINUS_INFINITE_DATE) {
            return day > 0 ? "infinity" : "-infinity";
        }
        return LocalDate.ofEpochDay(day + EPOCH_2000).toString();
    }

    /** For people: the ISO form, astronomical years before our era. */
    static String formatTimestamp(long micros) {
        if (micros == INFINITE_TIMESTAMP || micros == MINUS_INFINITE_TIMESTAMP) {
            return micros > 0 ? "infinity" : "-infinity";
        }
        long day = Math.floorDiv(micros, MICROS_PER_DAY);
        LocalTime time = LocalTime.ofNanoOfDay(Math.floorMod(micros, MICROS_PER_DAY) * 1000);
        return formatDate(day) + " " + TIME.format(time);
    }

    private static String word(String text) {
        // Only a word starts with a letter or a minus; the rest is spared the copy.
        String body = PgText.strip(text);
        return body.isEmpty() || PgText.isDigit(body.charAt(0)) ? "" : body.toLowerCase(Locale.ROOT);
    }

    private static Optional<DateTimeText> parse(String text) {
        Matcher m = FORM.matcher(PgText.strip(text));
        if (!m.matches()) {
            return Optional.empty();
        }
        int year = Integer.parseInt(m.group(1));
        int month = Integer.parseInt(m.group(2));
        int dayOfMonth = Integer.parseInt(m.group(3));
        if (year == 0 || month < 1 || month > 12) {
            return Optional.empty();
        }
        int astronomicalYear = m.group(14) == null ? year : 1 - year;
        if (dayOfMonth < 1 || dayOfMonth > YearMonth.of(astronomicalYear, month).lengthOfMonth()) {
            return Optional.empty();
        }
        long hour = number(m.group(4));
        long minute = number(m.group(5));
        long second = number(m.group(6));
        long offsetHours = number(m.group(10));
        // +0730, but not +0007:30: a colon makes hours of all that is before it.
        long offsetMinutes = number(m.group(13) == null ? m.group(11) : m.group(13));
        long offsetRest = number(m.group(12));
        if (hour > 23
                || minute > 59
                || second > 59
                || offsetHours > MAX_OFFSET_HOURS
                || offsetMinutes > 59
                || offsetRest > 59) {
            return Optional.empty();
        }
        String fraction = m.group(7) == null ? "" : m.group(7);
        long micros = number((fraction + "000000").substring(0, 6));
        long day = LocalDate.of(astronomicalYear, month, dayOfMonth).toEpochDay() - EPOCH_2000;
        long offset = (offsetHours * 60 + offsetMinutes) * 60 + offsetRest;
        return Optional.of(new DateTimeText(
                day,
                ((hour * 60 + minute) * 60 + second) * 1_000_000 + micros,
                m.group(8) == null
                        ? OptionalLong.empty()
                        : OptionalLong.of("-".equals(m.group(9)) ? -offset : offset)));
    }

    private static long number(String digits) {
        return digits == null ? 0 : Long.parseLong(digits);
    }
}
