package io.ostraka.tx.decision;

import io.ostraka.tx.decision.TransactionEntry.Abort;
import io.ostraka.tx.decision.TransactionEntry.Behind;
import io.ostraka.tx.decision.TransactionEntry.ClientDecided;
import io.ostraka.tx.decision.TransactionEntry.ClientPrepared;
import io.ostraka.tx.decision.TransactionEntry.Commit;
import io.ostraka.tx.decision.TransactionEntry.Done;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * The part of {@link DecisionState} that knows what becomes of transactions. Holds those in flight and nothing else:
 * a commit until it is done, an abort until it is done or its epoch ends, a client's until the client decides. What is
 * in none of these is presumed aborted.
 *
 * <p>A commit that is proposed again after it was done (a packet that went astray for long) is stored again; recovery
 * finds its branches committed and it is done once more. Remembering what is done instead would have no bound.
 */
final class TransactionFates {
    private final Map<Gtid, StoredCommit> commits = new TreeMap<>();
    private final Set<Gtid> aborted = new TreeSet<>();
    private final Map<String, PreparedBranches> byName = new TreeMap<>();
    private final Map<String, Long> preparedMicros = new TreeMap<>();
    private final Map<Gtid, String> names = new TreeMap<>();

    Optional<PreparedBranches> commitOf(Gtid gtid) {
        return Optional.ofNullable(commits.get(gtid)).map(StoredCommit::transaction);
    }

    Collection<StoredCommit> commits() {
        return Collections.unmodifiableCollection(commits.values());
    }

    boolean isAborted(Gtid gtid) {
        return aborted.contains(gtid);
    }

    boolean isClients(Gtid gtid) {
        return names.containsKey(gtid);
    }

    Optional<PreparedBranches> named(String name) {
        return Optional.ofNullable(byName.get(name));
    }

    /** Of a name that is in use. */
    long preparedMicros(String name) {
        return preparedMicros.get(name);
    }

    Map<String, PreparedBranches> byName() {
        return Collections.unmodifiableMap(byName);
    }

    Answer commit(Commit entry, Predicate<Epoch> live, Predicate<PreparedBranches> lost) {
        List<Boolean> accepted = new ArrayList<>(entry.transactions().size());
        for (PreparedBranches transaction : entry.transactions()) {
            Gtid gtid = transaction.gtid();
            boolean stands = commits.containsKey(gtid)
                    || (live.test(gtid.epoch())
                            && !aborted.contains(gtid)
                            && !names.containsKey(gtid)
                            && !lost.test(transaction));
            if (stands) {
                commits.putIfAbsent(gtid, new StoredCommit(transaction, gtid.epoch(), Optional.empty()));
            }
            accepted.add(stands);
        }
        return new Answer.Decided(accepted);
    }

    Answer abort(Abort entry, long index, Predicate<Epoch> live) {
        if (commits.containsKey(entry.gtid())) {
            return new Answer.Rejected("transaction " + entry.gtid() + " is committed");
        }
        if (names.containsKey(entry.gtid())) {
            return new Answer.Rejected(
                    "transaction " + entry.gtid() + " was prepared by a client as \"" + names.get(entry.gtid()) + "\"");
        }
        if (live.test(entry.gtid().epoch())) {
            aborted.add(entry.gtid());
        }
        return new Answer.Accepted(index);
    }

    Answer done(Done entry, long index) {
        for (Gtid gtid : entry.gtids()) {
            commits.remove(gtid);
            aborted.remove(gtid);
        }
        return new Answer.Accepted(index);
    }

    Answer behind(Behind entry, long index) {
        StoredCommit stored = commits.get(entry.gtid());
        if (stored == null) {
            return new Answer.Rejected("no commit of transaction " + entry.gtid() + " is stored");
        }
        commits.put(entry.gtid(), new StoredCommit(stored.transaction(), stored.keeper(), Optional.of(entry.shards())));
        return new Answer.Accepted(index);
    }

    Answer clientPrepared(ClientPrepared entry, long index, Predicate<Epoch> live) {
        Gtid gtid = entry.transaction().gtid();
        PreparedBranches taken = byName.get(entry.name());
        if (taken != null) {
            return taken.gtid().equals(gtid)
                    ? new Answer.Accepted(index)
                    : new Answer.Rejected("transaction identifier \"" + entry.name() + "\" is already in use");
        }
        if (!live.test(gtid.epoch()) || aborted.contains(gtid) || commits.containsKey(gtid)) {
            return new Answer.Rejected("transaction " + gtid + " is decided already");
        }
        byName.put(entry.name(), entry.transaction());
        preparedMicros.put(entry.name(), entry.preparedMicros());
        names.put(gtid, entry.name());
        return new Answer.Accepted(index);
    }

    Answer clientDecided(ClientDecided entry, long index, Predicate<Epoch> live) {
        PreparedBranches transaction = byName.get(entry.name());
        if (transaction == null || !transaction.gtid().equals(entry.gtid())) {
            boolean decidedSo = entry.commit()
                    ? commits.containsKey(entry.gtid())
                    : aborted.contains(entry.gtid())
                            || (!live.test(entry.gtid().epoch()) && !commits.containsKey(entry.gtid()));
            return decidedSo
                    ? new Answer.Accepted(index)
                    : new Answer.Rejected(
                            "prepared transaction with identifier \"" + entry.name() + "\" does not exist");
        }
        byName.remove(entry.name());
        preparedMicros.remove(entry.name());
        names.remove(entry.gtid());
        if (entry.commit()) {
            commits.put(entry.gtid(), new StoredCommit(transaction, entry.by(), Optional.empty()));
        } else if (live.test(entry.gtid().epoch())) {
            aborted.add(entry.gtid());
        }
        return new Answer.Accepted(index);
    }

    /** Of a dead epoch everything without a commit is rolled back: no need to remember which were aborted. */
    void expelled(Epoch epoch) {
        aborted.removeIf(gtid -> gtid.epoch().equals(epoch));
    }

    void writeTo(DataOutput out) throws IOException {
        Encoding.writeList(out, commits.values(), StoredCommit::writeTo);
        Encoding.writeList(out, aborted, Gtid::writeTo);
        Encoding.writeList(out, byName.entrySet(), (client, to) -> {
            to.writeUTF(client.getKey());
            client.getValue().writeTo(to);
            to.writeLong(preparedMicros.get(client.getKey()));
        });
    }

    void readFrom(DataInput in) throws IOException {
        for (StoredCommit stored : Encoding.readList(in, StoredCommit::read)) {
            commits.put(stored.transaction().gtid(), stored);
        }
        aborted.addAll(Encoding.readList(in, Gtid::read));
        for (long left = Encoding.readNumber(in); left > 0; left--) {
            String name = in.readUTF();
            PreparedBranches transaction = PreparedBranches.read(in);
            byName.put(name, transaction);
            preparedMicros.put(name, in.readLong());
            names.put(transaction.gtid(), name);
        }
    }
}
