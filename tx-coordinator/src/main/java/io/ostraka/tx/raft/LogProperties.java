package io.ostraka.tx.raft;

import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.ratis.RaftConfigKeys;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.server.RaftServerConfigKeys;
import org.apache.ratis.server.RaftServerConfigKeys.Log.CorruptionPolicy;
import org.apache.ratis.util.SizeInBytes;
import org.apache.ratis.util.TimeDuration;

/** How Ratis is set up, and why so. */
final class LogProperties {
    private LogProperties() {}

    /** Nobody else can be leader: no reason to wait before standing for election. */
    static RaftProperties alone(DataDirectory directory) {
        RaftProperties properties = common(directory);
        RaftConfigKeys.Rpc.setType(properties, new NoPeersRpc());
        RaftServerConfigKeys.Rpc.setFirstElectionTimeoutMin(properties, millis(1));
        RaftServerConfigKeys.Rpc.setFirstElectionTimeoutMax(properties, millis(2));
        RaftServerConfigKeys.Rpc.setTimeoutMin(properties, millis(20));
        RaftServerConfigKeys.Rpc.setTimeoutMax(properties, millis(40));
        RaftServerConfigKeys.LeaderElection.setPreVote(properties, false);
        return properties;
    }

    /**
     * A machine that runs everything at once may let a process wait for a second; a leader that is gone is replaced within a
     * few. A node that was cut off asks before it stands (pre-vote), so that its return does not depose anybody.
     */
    static RaftProperties inGroup(DataDirectory directory) {
        RaftProperties properties = common(directory);
        RaftConfigKeys.Rpc.setType(properties, new PeersRpc());
        RaftServerConfigKeys.Rpc.setFirstElectionTimeoutMin(properties, millis(300));
        RaftServerConfigKeys.Rpc.setFirstElectionTimeoutMax(properties, millis(900));
        RaftServerConfigKeys.Rpc.setTimeoutMin(properties, millis(1_000));
        RaftServerConfigKeys.Rpc.setTimeoutMax(properties, millis(2_000));
        RaftServerConfigKeys.LeaderElection.setPreVote(properties, true);
        // A group of one may be given a second member.
        RaftServerConfigKeys.LeaderElection.setMemberMajorityAdd(properties, true);
        return properties;
    }

    private static RaftProperties common(DataDirectory directory) {
        RaftProperties properties = new RaftProperties();
        RaftServerConfigKeys.setStorageDir(properties, List.of(directory.raft().toFile()));
        RaftServerConfigKeys.Log.setCorruptionPolicy(properties, CorruptionPolicy.EXCEPTION);
        // By default a pause of the JVM (a suspended laptop) above five minutes closes the log for good.
        RaftServerConfigKeys.setCloseThreshold(properties, TimeDuration.valueOf(3650, TimeUnit.DAYS));

        // Entries are tens of bytes; a segment is read whole at start.
        RaftServerConfigKeys.Log.setSegmentSizeMax(properties, SizeInBytes.valueOf("4MB"));
        RaftServerConfigKeys.Log.setPreallocatedSize(properties, SizeInBytes.valueOf("256KB"));
        // Would write, and flush, a second entry after each one, to know the commit index after a restart sooner: it is
        // known
        // as soon as there is a leader.
        RaftServerConfigKeys.Log.setLogMetadataEnabled(properties, false);
        RaftServerConfigKeys.Snapshot.setAutoTriggerEnabled(properties, true);
        RaftServerConfigKeys.Snapshot.setAutoTriggerThreshold(properties, 50_000);
        RaftServerConfigKeys.Snapshot.setRetentionFileNum(properties, 2);
        RaftServerConfigKeys.Log.setPurgeUptoSnapshotIndex(properties, true);
        RaftServerConfigKeys.Log.setPurgeGap(properties, 1);
        return properties;
    }

    private static TimeDuration millis(long millis) {
        return TimeDuration.valueOf(millis, TimeUnit.MILLISECONDS);
    }
}
