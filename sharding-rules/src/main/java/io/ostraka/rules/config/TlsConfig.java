package io.ostraka.rules.config;

import java.nio.file.Path;
import java.util.Optional;

/** The {@code tls} block: PEM files of the server's certificate chain, its key and, optionally, the clients' authority. */
public record TlsConfig(Path certificate, Path key, Optional<Path> clientCa) {}
