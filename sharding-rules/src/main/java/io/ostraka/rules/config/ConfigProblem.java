package io.ostraka.rules.config;

/**
 * One thing wrong in a configuration file. {@code line} and {@code column} count from 1; both are 0 when the file as a
 * whole is meant. {@code path} is the key's, as in {@code databases.shop.pool.size}, or empty. Contains no secret.
 */
public record ConfigProblem(String file, int line, int column, String path, String message) {

    /** {@code shop.yaml:12:7: databases.shop.pool.size: must be at least 1, is 0}. */
    @Override
    public String toString() {
        return file + (line > 0 ? ":" + line + ":" + column : "") + ": " + (path.isEmpty() ? "" : path + ": ")
                + message;
    }
}
