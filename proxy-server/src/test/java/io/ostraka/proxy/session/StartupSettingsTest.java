package io.ostraka.proxy.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.proxy.backend.BackendSettings;
import io.ostraka.proxy.wire.StartupMessage;
import io.ostraka.rules.error.PgErrorException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StartupSettingsTest {
    private static Settings settings(String... namesAndValues) {
        Map<String, String> parameters = new LinkedHashMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            parameters.put(namesAndValues[i], namesAndValues[i + 1]);
        }
        return StartupSettings.of(new StartupMessage("app", "shop", parameters, List.of()));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "-c work_mem=1MB           | work_mem  | E'1MB'",
                "-cwork_mem=1MB            | work_mem  | E'1MB'",
                "--work-mem=1MB            | work_mem  | E'1MB'",
                "-c TimeZone=Europe/Athens | timezone  | E'Europe/Athens'",
                "-c a.b=one\\ word         | a.b       | E'one word'",
                "-c a.b=it's               | a.b       | E'it\\'s'",
                "-c work_mem=              | work_mem  | E''",
            })
    void optionsAreReadAsTheServerReadsThem(String options, String name, String value) {
        assertEquals(
                "SELECT pg_catalog.set_config(E'" + name + "', " + value + ", false);",
                BackendSettings.NONE.changeTo(settings("options", options).made()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"-c=", "-c", "-c =x", "--", "--=", "-x", "word", "-c work_mem"})
    void anOptionThatSaysNothingIsRefused(String options) {
        PgErrorException refused = assertThrows(PgErrorException.class, () -> settings("options", options));
        assertTrue(refused.error().message().startsWith("invalid command-line argument"), refused.getMessage());
    }

    @Test
    void theSearchPathIsKnownFromTheStart() {
        assertEquals(
                List.of("a", "B c", "$user"),
                settings("search_path", "A, \"B c\", \"$user\"").searchPath());
    }

    @ParameterizedTest
    @ValueSource(strings = {"MULE_INTERNAL", "EUC_XX", "LATIN0", ""})
    void anEncodingTheProxyCannotReadIsRefused(String encoding) {
        assertThrows(PgErrorException.class, () -> settings("client_encoding", encoding));
    }

    @ParameterizedTest
    @ValueSource(strings = {"UTF8", "utf-8", "UNICODE", "'utf-8'", "SQL_ASCII"})
    void unicodeIsUnderstoodInAllItsSpellings(String encoding) {
        assertEquals(List.of(), settings("client_encoding", encoding).searchPath());
    }

    @ParameterizedTest
    @ValueSource(strings = {"off", "OFF", "false", "0", "no", ""})
    void stringConstantsWithBackslashEscapesAreRefused(String off) {
        assertThrows(PgErrorException.class, () -> settings("standard_conforming_strings", off));
    }

    @ParameterizedTest
    @ValueSource(strings = {"on", "ON", "true", "t", "1", "yes"})
    void stringConstantsOfTheStandardAreTaken(String on) {
        assertEquals(List.of(), settings("standard_conforming_strings", on).searchPath());
    }

    @Test
    void replicationIsRefused() {
        assertThrows(PgErrorException.class, () -> settings("replication", "database"));
        assertEquals(
                BackendSettings.NONE.changeTo(settings("replication", "off").made()), "");
    }
}
