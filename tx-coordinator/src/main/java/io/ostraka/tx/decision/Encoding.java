package io.ostraka.tx.decision;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInput;
import java.io.DataInputStream;
import java.io.DataOutput;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/**
 * The envelope of everything this package writes: {@code Byte1 format, Byte1 kind, fields}. Integers are big-endian
 * or, where they are mostly small, seven bits a byte, lowest first, the highest bit saying that more follow; as {@link DataOutput#writeUTF} has them; lists begin with their length. Reading insists on the format, and on
 * having used every byte.
 */
final class Encoding {
    /** Grows when the meaning of bytes already written would change; a new kind alone does not need it. */
    static final int FORMAT = 1;

    private Encoding() {}

    @FunctionalInterface
    interface Fields {
        void writeTo(DataOutput out) throws IOException;
    }

    @FunctionalInterface
    interface Reader<T> {
        /** Empty when the kind is unknown. */
        Optional<T> read(int kind, DataInput in) throws IOException;
    }

    static byte[] encode(int kind, Fields fields) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        try {
            out.writeByte(FORMAT);
            out.writeByte(kind);
            fields.writeTo(out);
        } catch (IOException e) {
            // Memory does not fail; a string above 65,535 bytes does, and names are bounded far below.
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    @FunctionalInterface
    interface ElementReader<T> {
        T read(DataInput in) throws IOException;
    }

    @FunctionalInterface
    interface ElementWriter<T> {
        void write(T element, DataOutput out) throws IOException;
    }

    /** A number that is not negative, in one to nine bytes. */
    static void writeNumber(DataOutput out, long number) throws IOException {
        if (number < 0) {
            throw new IllegalArgumentException(number + " is negative");
        }
        long rest = number;
        for (; rest >= 0x80; rest >>>= 7) {
            out.writeByte((int) ((rest & 0x7f) | 0x80));
        }
        out.writeByte((int) rest);
    }

    static long readNumber(DataInput in) throws IOException {
        long number = 0;
        for (int shift = 0; shift < 63; shift += 7) {
            int next = in.readUnsignedByte();
            number |= (long) (next & 0x7f) << shift;
            if (next < 0x80) {
                return number;
            }
        }
        throw new MalformedBytesException("a number has more than nine bytes");
    }

    static <T> void writeList(DataOutput out, Collection<T> elements, ElementWriter<T> writer) throws IOException {
        writeNumber(out, elements.size());
        for (T element : elements) {
            writer.write(element, out);
        }
    }

    /** A length that lies ends at the end of the bytes: nothing is allocated for it beforehand. */
    static <T> List<T> readList(DataInput in, ElementReader<T> reader) throws IOException {
        List<T> elements = new ArrayList<>();
        for (long left = readNumber(in); left > 0; left--) {
            elements.add(reader.read(in));
        }
        return elements;
    }

    /** {@code what} names the thing in errors. */
    static <T> T decode(String what, byte[] encoded, Reader<T> reader) throws MalformedBytesException {
        try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(encoded))) {
            int format = in.readUnsignedByte();
            if (format != FORMAT) {
                throw new MalformedBytesException(
                        what + " has format " + format + ", this version reads format " + FORMAT);
            }
            int kind = in.readUnsignedByte();
            T value = reader.read(kind, in)
                    .orElseThrow(() -> new MalformedBytesException(what + " is of unknown kind " + kind));
            if (in.available() > 0) {
                throw new MalformedBytesException(what + " of kind " + kind + " is followed by " + in.available()
                        + " bytes that do not belong to it");
            }
            return value;
        } catch (MalformedBytesException e) {
            throw e;
        } catch (EOFException e) {
            throw new MalformedBytesException(what + " ends too early", e);
        } catch (IOException | IllegalArgumentException e) {
            throw new MalformedBytesException(what + " is malformed: " + e.getMessage(), e);
        }
    }
}
