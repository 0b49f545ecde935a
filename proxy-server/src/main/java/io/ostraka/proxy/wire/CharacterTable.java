package io.ostraka.proxy.wire;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.LongStream;
import java.util.zip.GZIPInputStream;

/**
 * Which characters the codes of an encoding stand for, as a PostgreSQL server converts them. A character is a code point, or a number from
 * {@link #PAIRS} on for two of them that have one code. Immutable, thread-safe.
 *
 * <p>Read from a resource that {@code CharacterTablesTest} writes: gzip of numbers of seven bits a byte, the low ones first. These are
 * the pairs, the characters that do not tell which of the server's was meant, and runs of codes and characters that both go up by one: twice their
 * length, odd where the way back leads to another code, and how far code and character are from the end of the run before.
 */
final class CharacterTable {
    static final int PAIRS = Character.MAX_CODE_POINT + 1;

    /** First code and character of each run, and its length; by code. */
    private final int[] codes;

    private final int[] points;
    private final int[] lengths;
    /** First characters of the runs that lead back, ascending, and which runs these are. */
    private final int[] back;

    private final int[] runs;
    /** Both of each pair. */
    private final int[] pairs;

    private final Set<Integer> ambiguous = new HashSet<>();

    private CharacterTable(Numbers in) throws IOException {
        pairs = new int[2 * in.next()];
        for (int i = 0; i < pairs.length; i++) {
            pairs[i] = in.next();
        }
        for (int left = in.next(); left > 0; left--) {
            ambiguous.add(in.next());
        }
        codes = new int[in.next()];
        points = new int[codes.length];
        lengths = new int[codes.length];
        boolean[] leadsBack = new boolean[codes.length];
        int code = 0;
        int point = 0;
        for (int i = 0; i < codes.length; i++) {
            int length = in.next();
            leadsBack[i] = length % 2 == 0;
            lengths[i] = length / 2;
            codes[i] = code + in.nextSigned();
            points[i] = point + in.nextSigned();
            code = codes[i] + lengths[i];
            point = points[i] + lengths[i];
        }
        long[] byPoint = LongStream.range(0, codes.length)
                .filter(run -> leadsBack[(int) run])
                .map(run -> ((long) points[(int) run] << Integer.SIZE) | run)
                .sorted()
                .toArray();
        back = Arrays.stream(byPoint)
                .mapToInt(run -> (int) (run >> Integer.SIZE))
                .toArray();
        runs = Arrays.stream(byPoint).mapToInt(run -> (int) run).toArray();
    }

    private record Numbers(DataInputStream in) {
        int next() throws IOException {
            int number = 0;
            for (int shift = 0; ; shift += 7) {
                int bits = in.readUnsignedByte();
                number |= (bits & 0x7F) << shift;
                if (bits < 0x80) {
                    return number;
                }
            }
        }

        int nextSigned() throws IOException {
            int number = next();
            return (number >>> 1) ^ -(number & 1);
        }
    }

    /** The table of the encoding that PostgreSQL calls so. */
    static CharacterTable of(String encoding) {
        try (InputStream resource = CharacterTable.class.getResourceAsStream(encoding + ".characters");
                DataInputStream in = new DataInputStream(new BufferedInputStream(new GZIPInputStream(resource)))) {
            return new CharacterTable(new Numbers(in));
        } catch (IOException e) {
            throw new UncheckedIOException("no table of the characters of " + encoding, e);
        }
    }

    /** The character of a code, -1 if there is none. */
    int point(int code) {
        int run = before(codes, code);
        return run < 0 || code - codes[run] >= lengths[run] ? -1 : points[run] + code - codes[run];
    }

    /** The code of a character, from which the same comes back; -1 if there is none. */
    int code(int point) {
        int found = before(back, point);
        int run = found < 0 ? -1 : runs[found];
        return run < 0 || point - points[run] >= lengths[run] ? -1 : codes[run] + point - points[run];
    }

    private static int before(int[] sorted, int wanted) {
        int found = Arrays.binarySearch(sorted, wanted);
        return found >= 0 ? found : -found - 2;
    }

    /** Whether a server that sends this character may have another one, which has the same code but does not come back from it. */
    boolean isAmbiguous(int point) {
        return ambiguous.contains(point);
    }

    void append(StringBuilder text, int point) {
        if (point < PAIRS) {
            text.appendCodePoint(point);
        } else {
            int pair = 2 * (point - PAIRS);
            text.appendCodePoint(pairs[pair]).appendCodePoint(pairs[pair + 1]);
        }
    }

    /** The two as one character, -1 if they have no code together. */
    int pair(int first, int second) {
        for (int i = 0; i < pairs.length; i += 2) {
            if (pairs[i] == first && pairs[i + 1] == second) {
                return PAIRS + i / 2;
            }
        }
        return -1;
    }
}
