package io.ostraka.proxy.auth;

/** What the proxy knows to prove to a shard who it is. */
public sealed interface ShardSecret {
    /** A password: good for every method. */
    record Password(String value) implements ShardSecret {
        @Override
        public String toString() {
            return "Password[***]";
        }
    }

    /** The keys a client has proved to hold at its own login: good for SCRAM where the same verifier is stored. */
    record Proven(ScramKeys keys) implements ShardSecret {}

    /** Nothing: good for shards that ask for nothing. */
    record Nothing() implements ShardSecret {}
}
