package io.ostraka.proxy.wire;

import java.util.Optional;

/** One parameter of a Bind that the proxy writes itself; empty for NULL. */
public record BindValue(boolean isBinary, Optional<byte[]> bytes) {}
