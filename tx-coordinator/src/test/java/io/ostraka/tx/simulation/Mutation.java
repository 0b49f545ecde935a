package io.ostraka.tx.simulation;

/** Ways to break the protocol. Each must be noticed: that is what shows that the checks can see. */
enum Mutation {
    /** As it should be. */
    NONE(1),
    /** The decision is proposed when the first shard has voted. */
    DECIDE_BEFORE_ALL_VOTES(1),
    /** A PREPARE that was cut short while it waited for the standby counts as a vote. */
    COUNT_A_WARNED_VOTE(82),
    /** Branches of a node that missed its lease are rolled back although no EXPEL was logged. */
    FORGET_THE_EXPEL(2),
    /** EXPEL is applied, and decisions of the dead epoch are accepted all the same. */
    ACCEPT_THE_DEAD(607),
    /** A node sweeps its own branches by what it ran before the scan. */
    SKIP_THE_SECOND_LOOK(20),
    /** "The log did not answer" is taken for a no. */
    ROLL_BACK_WHEN_UNKNOWN(2),
    /** "Does not exist" is taken for committed. */
    TRUST_DOES_NOT_EXIST(310),
    /** A COMMIT PREPARED with a warning is taken for one without. */
    TRUST_A_WARNED_COMMIT(9),
    /** What is seen committed is forgotten without a barrier. */
    FORGET_WITHOUT_A_BARRIER(9),
    /** DONE is logged when the first branch is finished. */
    FORGET_EARLY(1),
    /** Commits do not wait for rounds. */
    PASS_A_CLOSED_GATE(1),
    /** Snapshots do not wait for commits. */
    CLOSE_OVER_OPEN_WINDOWS(4),
    /** A gate that opened by itself says that it stayed closed. */
    BELIEVE_EVERY_GATE(31),
    /** Snapshots are handed out without asking who lives by then. */
    IGNORE_NEWCOMERS(75),
    /** Who asks for a snapshot gets the one that is being taken. */
    JOIN_THE_RUNNING_ROUND(4),
    /** Snapshots include shards that were left behind. */
    SNAPSHOT_WHAT_IS_HALF_SHOWN(7),
    /** The client is answered before every node knows which shard was left behind. */
    ANSWER_BEFORE_ALL_KNOW(105),
    /** A leader renews leases without asking whether it leads still. */
    RENEW_WITHOUT_A_MAJORITY(31_944),
    /** A promoted standby is taken without asking what it lacks. */
    TAKE_WHATEVER_WAS_PROMOTED(3),
    /** What is forgotten is not written down as what a promoted standby must have. */
    FORGET_WITHOUT_A_FLOOR(3),
    /** A promoted standby is read before it was settled. */
    READ_BEFORE_ADMISSION(3),
    /** Where real-time order is kept: clients are told of commits while snapshots are taken. */
    TELL_DURING_ROUNDS(305),
    /** Whoever is prepared and not known is rolled back, whatever its name. */
    TOUCH_FOREIGN_BRANCHES(1);

    /** A seed that showed it when it was written down: looked at first, because some show in few seeds only. */
    final long likelySeed;

    Mutation(long likelySeed) {
        this.likelySeed = likelySeed;
    }
}
