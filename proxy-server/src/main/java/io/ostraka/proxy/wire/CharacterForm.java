package io.ostraka.proxy.wire;

/**
 * How an encoding makes characters above ASCII of bytes. {@code length} is how many a first byte announces, and {@code isWhole} whether so
 * many are a character's form, though there may be none of that code. Source: PostgreSQL's {@code wchar.c}.
 *
 * <p>A code is the character's bytes as a number; that of four bytes begins above those of three, see {@link #code}.
 */
enum CharacterForm {
    /** EUC with one set of characters beside ASCII. */
    EUC_KR {
        @Override
        int length(byte[] data, int at, int end) {
            return eucLength(data[at]);
        }

        @Override
        boolean isWhole(byte[] data, int at, int end) {
            return end - at >= 2 && isEuc(data[at]) && isEuc(data[at + 1]);
        }

        @Override
        int wholeLength(byte[] data, int at) {
            return 2;
        }
    },
    EUC_CN {
        @Override
        int length(byte[] data, int at, int end) {
            return isSingleShift(data[at]) ? 3 : 2;
        }

        @Override
        boolean isWhole(byte[] data, int at, int end) {
            return EUC_KR.isWhole(data, at, end);
        }

        @Override
        int wholeLength(byte[] data, int at) {
            return 2;
        }
    },
    EUC_JP {
        @Override
        int length(byte[] data, int at, int end) {
            return eucLength(data[at]);
        }

        @Override
        boolean isWhole(byte[] data, int at, int end) {
            int length = eucLength(data[at]);
            if (end - at < length) {
                return false;
            }
            if (data[at] == SINGLE_SHIFT_2) {
                return isBetween(data[at + 1], 0xA1, 0xDF);
            }
            return (data[at] == SINGLE_SHIFT_3 || isEuc(data[at]))
                    && isEuc(data[at + 1])
                    && (length == 2 || isEuc(data[at + 2]));
        }
    },
    EUC_TW {
        @Override
        int length(byte[] data, int at, int end) {
            return data[at] == SINGLE_SHIFT_2 ? 4 : data[at] == SINGLE_SHIFT_3 ? 3 : 2;
        }

        @Override
        boolean isWhole(byte[] data, int at, int end) {
            if (data[at] == SINGLE_SHIFT_2) {
                return end - at >= 4
                        && isBetween(data[at + 1], 0xA1, 0xA7)
                        && isEuc(data[at + 2])
                        && isEuc(data[at + 3]);
            }
            return data[at] != SINGLE_SHIFT_3 && end - at >= 2 && isEuc(data[at + 1]);
        }

        /** The first of four bytes is always the same. */
        @Override
        int ofFour(byte[] data, int at) {
            return (data[at + 1] & 0xFF) << 16 | (data[at + 2] & 0xFF) << 8 | (data[at + 3] & 0xFF);
        }

        @Override
        byte[] bytes(int code) {
            byte[] bytes = super.bytes(code);
            return bytes.length == 3 ? new byte[] {SINGLE_SHIFT_2, bytes[0], bytes[1], bytes[2]} : bytes;
        }
    },
    JOHAB {
        @Override
        int length(byte[] data, int at, int end) {
            return eucLength(data[at]);
        }

        /** The server takes fewer than Johab has. */
        @Override
        boolean isWhole(byte[] data, int at, int end) {
            int length = eucLength(data[at]);
            return end - at >= length && isEuc(data[at + 1]) && (length == 2 || isEuc(data[at + 2]));
        }
    },
    SJIS {
        @Override
        int length(byte[] data, int at, int end) {
            return isBetween(data[at], 0xA1, 0xDF) ? 1 : 2;
        }

        @Override
        boolean isWhole(byte[] data, int at, int end) {
            return length(data, at, end) == 1
                    || (end - at >= 2
                            && (isBetween(data[at], 0x81, 0x9F) || isBetween(data[at], 0xE0, 0xFC))
                            && (isBetween(data[at + 1], 0x40, 0x7E) || isBetween(data[at + 1], 0x80, 0xFC)));
        }
    },
    /** BIG5, GBK and UHC: whatever follows a byte above ASCII. */
    DOUBLE {
        @Override
        int length(byte[] data, int at, int end) {
            return 2;
        }

        @Override
        boolean isWhole(byte[] data, int at, int end) {
            return end - at >= 2 && data[at + 1] != 0 && !(data[at] == (byte) 0x8D && data[at + 1] == ' ');
        }
    },
    GB18030 {
        @Override
        int length(byte[] data, int at, int end) {
            return at + 1 < end && isDigit(data[at + 1]) ? 4 : 2;
        }

        @Override
        boolean isWhole(byte[] data, int at, int end) {
            if (end - at < 2 || !isBetween(data[at], 0x81, 0xFE)) {
                return false;
            }
            if (isDigit(data[at + 1])) {
                return end - at >= 4 && isBetween(data[at + 2], 0x81, 0xFE) && isDigit(data[at + 3]);
            }
            return isBetween(data[at + 1], 0x40, 0x7E) || isBetween(data[at + 1], 0x80, 0xFE);
        }

        /** Counted without gaps. */
        @Override
        int ofFour(byte[] data, int at) {
            int two = ((data[at] & 0xFF) - 0x81) * 10 + data[at + 1] - '0';
            return FOUR_BYTES + (two * 126 + (data[at + 2] & 0xFF) - 0x81) * 10 + data[at + 3] - '0';
        }

        @Override
        byte[] bytes(int code) {
            if (code < FOUR_BYTES) {
                return super.bytes(code);
            }
            int left = code - FOUR_BYTES;
            return new byte[] {
                (byte) (0x81 + left / 12_600),
                (byte) ('0' + left / 1_260 % 10),
                (byte) (0x81 + left / 10 % 126),
                (byte) ('0' + left % 10)
            };
        }
    };

    private static final byte SINGLE_SHIFT_2 = (byte) 0x8E;
    private static final byte SINGLE_SHIFT_3 = (byte) 0x8F;
    private static final int FOUR_BYTES = 0x1000000;

    /** For a byte above ASCII. */
    abstract int length(byte[] data, int at, int end);

    abstract boolean isWhole(byte[] data, int at, int end);

    /** How many bytes a character has that is whole. */
    int wholeLength(byte[] data, int at) {
        return length(data, at, data.length);
    }

    /** Of so many bytes, which are whole. */
    final int code(byte[] data, int at, int length) {
        if (length == 4) {
            return ofFour(data, at);
        }
        int code = 0;
        for (int i = at; i < at + length; i++) {
            code = code << 8 | (data[i] & 0xFF);
        }
        return code;
    }

    int ofFour(byte[] data, int at) {
        throw new IllegalStateException(this + " has no characters of four bytes");
    }

    byte[] bytes(int code) {
        if (code < 0x100) {
            return new byte[] {(byte) code};
        }
        return code < 0x10000
                ? new byte[] {(byte) (code >> 8), (byte) code}
                : new byte[] {(byte) (code >> 16), (byte) (code >> 8), (byte) code};
    }

    private static int eucLength(byte first) {
        return first == SINGLE_SHIFT_3 ? 3 : 2;
    }

    private static boolean isSingleShift(byte first) {
        return first == SINGLE_SHIFT_2 || first == SINGLE_SHIFT_3;
    }

    private static boolean isEuc(byte b) {
        return isBetween(b, 0xA1, 0xFE);
    }

    private static boolean isDigit(byte b) {
        return b >= '0' && b <= '9';
    }

    private static boolean isBetween(byte b, int low, int high) {
        return (b & 0xFF) >= low && (b & 0xFF) <= high;
    }
}
