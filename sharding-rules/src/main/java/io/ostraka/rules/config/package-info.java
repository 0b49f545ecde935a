/**
 * The YAML file as records that are valid once they exist.
 *
 * <p>Entry class: {@link io.ostraka.rules.config.ConfigReader}. Reads files, nothing else; immutable results.
 */
package io.ostraka.rules.config;
