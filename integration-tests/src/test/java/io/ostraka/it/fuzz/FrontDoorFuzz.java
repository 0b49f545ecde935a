package io.ostraka.it.fuzz;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.ostraka.it.harness.Endpoint;
import io.ostraka.it.harness.FrontendMessages;
import io.ostraka.it.harness.WireClient;
import java.io.ByteArrayOutputStream;
import java.io.UncheckedIOException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * One stranger at the front door: bytes that are wrong in a way made from a seed, before the login, in the middle of it, or in
 * some state after it. Then it says no more, and the server must close within the client's patience. Used by one thread.
 */
final class FrontDoorFuzz {
    private static final int MOST_STEPS = 12;
    private static final String TYPES = "QPBDECSHFdcfXpAZ\0\377";

    /** The proxy counts failed logins and shuts an address out for a while: so few of them. */
    private static final int MOST_LOGINS = 10;

    private final Endpoint endpoint;
    private int logins;

    FrontDoorFuzz(Endpoint endpoint) {
        this.endpoint = endpoint;
    }

    /** @throws AssertionError when the server neither answers nor closes */
    void visit(long seed) {
        Random random = new Random(seed);
        int state = random.nextInt(8);
        if (state == 2 && logins++ >= MOST_LOGINS) {
            state = 1;
        }
        boolean isLoggedIn = state >= 3;
        try (WireClient client = isLoggedIn ? WireClient.login(endpoint) : WireClient.connect(endpoint)) {
            byte[] bytes =
                    switch (state) {
                        case 0 -> random(random, 300);
                        case 1 -> mutated(startup(), random);
                        case 2 -> concatenated(startup(), mutated(sasl(), random));
                        default -> afterLogin(random);
                    };
            sendInPieces(client, bytes, random);
            if (random.nextInt(3) == 0) {
                return; // gone, without a word
            }
            client.shutdownOutput();
            client.drain();
        } catch (UncheckedIOException e) {
            if (e.getCause() instanceof SocketTimeoutException) {
                throw new AssertionError("the server hangs on to a client that has gone, seed " + seed, e);
            }
            // A server that closes with our bytes unread resets the connection.
        }
    }

    private byte[] startup() {
        return FrontendMessages.startup(
                endpoint.user(), endpoint.database(), Map.of("application_name", "fuzz", "options", "-c work_mem=5MB"));
    }

    private static byte[] sasl() {
        byte[] first = "n,,n=*,r=abcdefghijklmnopqrstuvwx".getBytes(UTF_8);
        ByteBuffer body = ByteBuffer.allocate(18 + first.length);
        body.put("SCRAM-SHA-256\0".getBytes(UTF_8)).putInt(first.length).put(first);
        return concatenated(
                FrontendMessages.raw('p', body.array()),
                FrontendMessages.raw('p', "c=biws,r=abcdefghijklmnopqrstuvwx,p=AAAA".getBytes(UTF_8)));
    }

    /** A script with damaged messages in it, or only messages out of place. */
    private static byte[] afterLogin(Random random) {
        List<byte[]> messages = new ArrayList<>();
        for (Step step : new ScriptGenerator(random).script(1 + random.nextInt(MOST_STEPS))) {
            messages.addAll(step.messages());
        }
        for (int damage = random.nextInt(4); damage > 0; damage--) {
            int at = random.nextInt(messages.size());
            switch (random.nextInt(6)) {
                case 0 -> messages.set(at, mutated(messages.get(at), random));
                case 1 ->
                    messages.set(at, Arrays.copyOf(messages.get(at), random.nextInt(messages.get(at).length + 1)));
                case 2 -> messages.add(at, messages.get(random.nextInt(messages.size())));
                case 3 -> messages.remove(messages.size() > 1 ? at : 0);
                case 4 -> messages.add(at, stranger(random));
                default -> messages.set(at, withLength(messages.get(at), random));
            }
            if (messages.isEmpty()) {
                messages.add(stranger(random));
            }
        }
        return concatenated(messages.toArray(byte[][]::new));
    }

    /** A message of any type with any body, and the right length. */
    private static byte[] stranger(Random random) {
        return FrontendMessages.raw(TYPES.charAt(random.nextInt(TYPES.length())), random(random, 40));
    }

    private static byte[] withLength(byte[] message, Random random) {
        byte[] changed = message.clone();
        int[] lengths = {0, 3, 4, 5, -1, Integer.MAX_VALUE, Integer.MIN_VALUE, 1 << 30, 70_000, message.length};
        if (changed.length >= 5) {
            ByteBuffer.wrap(changed).putInt(1, lengths[random.nextInt(lengths.length)]);
        }
        return changed;
    }

    private static byte[] mutated(byte[] good, Random random) {
        byte[] bytes = good.clone();
        for (int i = random.nextInt(4); i >= 0 && bytes.length > 0; i--) {
            bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
        }
        return bytes;
    }

    private static byte[] random(Random random, int most) {
        byte[] bytes = new byte[random.nextInt(most)];
        random.nextBytes(bytes);
        return bytes;
    }

    private static byte[] concatenated(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }

    private static void sendInPieces(WireClient client, byte[] bytes, Random random) {
        int pieces = random.nextInt(4);
        int from = 0;
        for (int i = 0; i < pieces && from < bytes.length; i++) {
            int to = from + random.nextInt(bytes.length - from + 1);
            client.send(Arrays.copyOfRange(bytes, from, to));
            from = to;
        }
        client.send(Arrays.copyOfRange(bytes, from, bytes.length));
    }
}
