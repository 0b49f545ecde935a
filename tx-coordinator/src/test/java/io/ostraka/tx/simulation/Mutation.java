package io.ostraka.tx.simulation;

/** Ways to break the protocol. Each must be noticed: that is what shows that the checks can see. */
enum Mutation {
    /** As it should be. */
    NONE,
    /** The decision is proposed when the first shard has voted. */
    DECIDE_BEFORE_ALL_VOTES,
    /** A PREPARE that was cut short while it waited for the standby counts as a vote. */
    COUNT_A_WARNED_VOTE,
    /** Branches of a node that missed its lease are rolled back although no EXPEL was logged. */
    FORGET_THE_EXPEL,
    /** EXPEL is applied, and decisions of the dead epoch are accepted all the same. */
    ACCEPT_THE_DEAD,
    /** A node sweeps its own branches by what it ran before the scan. */
    SKIP_THE_SECOND_LOOK,
    /** "The log did not answer" is taken for a no. */
    ROLL_BACK_WHEN_UNKNOWN,
    /** "Does not exist" is taken for committed. */
    TRUST_DOES_NOT_EXIST,
    /** A COMMIT PREPARED with a warning is taken for one without. */
    TRUST_A_WARNED_COMMIT,
    /** What is seen committed is forgotten without a barrier. */
    FORGET_WITHOUT_A_BARRIER,
    /** DONE is logged when the first branch is finished. */
    FORGET_EARLY,
    /** Commits do not wait for rounds. */
    PASS_A_CLOSED_GATE,
    /** Snapshots do not wait for commits. */
    CLOSE_OVER_OPEN_WINDOWS,
    /** A gate that opened by itself says that it stayed closed. */
    BELIEVE_EVERY_GATE,
    /** Snapshots are handed out without asking who lives by then. */
    IGNORE_NEWCOMERS,
    /** Who asks for a snapshot gets the one that is being taken. */
    JOIN_THE_RUNNING_ROUND,
    /** Snapshots include shards that were left behind. */
    SNAPSHOT_WHAT_IS_HALF_SHOWN,
    /** The client is answered before every node knows which shard was left behind. */
    ANSWER_BEFORE_ALL_KNOW,
    /** A promoted standby is read before it was settled. */
    READ_BEFORE_ADMISSION,
    /** Whoever is prepared and not known is rolled back, whatever its name. */
    TOUCH_FOREIGN_BRANCHES
}
