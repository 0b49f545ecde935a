package io.ostraka.it.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What each client's script prints, whoever answers. */
class ClientScriptsTest {
    static List<Client> clients() {
        return Clients.all();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("clients")
    void aClientSeesNoDifferencePooledByTransaction(Client client) throws IOException {
        seesNoDifference(client, "transaction");
    }

    @Test
    void psqlSeesNoDifferencePooledBySession() throws IOException {
        seesNoDifference(Program.shell("psql", "psql", "postgresql-client"), "session");
    }

    @Test
    void aDifferenceIsFound() {
        assertEquals(
                List.of("  a", "< b", "> c", "  d", "> e"),
                Comparison.difference(List.of("a", "b", "d"), List.of("a", "c", "d", "e")));
    }

    private static void seesNoDifference(Client client, String mode) throws IOException {
        assumeTrue(client.version().isPresent(), () -> client.name() + " is not installed: " + client.install());
        Comparison comparison = Comparison.of(client, mode);
        assumeTrue(comparison.skipped().isEmpty(), () -> comparison.skipped().orElse(""));
        assertEquals("", String.join("\n", comparison.differences()), client.name());
        assertTrue(comparison.lines() > 1, "the script printed nothing");
    }
}
