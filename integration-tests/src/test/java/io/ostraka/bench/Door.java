package io.ostraka.bench;

/** The databases a contestant offers. Behind those that know no shards all of them are the same one. */
enum Door {
    /** The sharded tables, with as many connections to each server as there are clients. */
    SHARDED,
    /** The same for prepared statements, which may need pooling by session. */
    PREPARED,
    /** Everything on one server. */
    ONE_SHARD,
    /** The sharded tables, with {@link #NARROW_CONNECTIONS} connections to each server however many clients there are. */
    NARROW;

    static final int NARROW_CONNECTIONS = 20;

    static Door of(Protocol protocol) {
        return protocol == Protocol.PREPARED ? PREPARED : SHARDED;
    }
}
