package io.ostraka.proxy.session;

import io.netty.channel.Channel;
import io.ostraka.proxy.auth.LoginRate;
import io.ostraka.proxy.auth.LoginThrottle;
import io.ostraka.proxy.auth.ShardRoles;
import io.ostraka.proxy.auth.UserDirectory;
import io.ostraka.proxy.tls.ServerTls;
import io.ostraka.rules.config.LimitsConfig;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/**
 * What every new connection meets: who may come in, how, and where to. {@code rolesByDatabase}: who may besides the users of
 * the file. {@code trusts}: no password is asked. {@code
 * allowsPlaintext}: also from other machines. {@code cancelElsewhere}: asks the other proxies for the session of a cancel's key. Immutable, as far as it is its own.
 */
public record FrontDoor(
        ServedDatabases databases,
        UserDirectory users,
        Map<String, ShardRoles> rolesByDatabase,
        boolean trusts,
        boolean allowsPlaintext,
        Optional<ServerTls> tls,
        LimitsConfig limits,
        LoginThrottle throttle,
        LoginRate rate,
        SessionSlots slots,
        Sessions sessions,
        Function<byte[], CompletionStage<Void>> cancelElsewhere,
        ConsoleDoor console) {

    /** A number, and the longest secret of the protocol. */
    private static final int MAX_CANCEL_KEY_BYTES = Integer.BYTES + 256;

    public FrontDoor {
        rolesByDatabase = Map.copyOf(rolesByDatabase);
    }

    ShardRoles roles(String database) {
        return rolesByDatabase.getOrDefault(database, ShardRoles.NONE);
    }

    /**
     * Does nothing when the key is wrong, and says nothing either way; completes when nothing that the session does after can be hit
     * by it.
     */
    CompletionStage<Void> cancel(byte[] key) {
        if (key.length > MAX_CANCEL_KEY_BYTES) {
            return CompletableFuture.completedStage(null);
        }
        Optional<CompletableFuture<Void>> here = sessions.cancel(key);
        return here.isPresent() ? here.get() : cancelElsewhere.apply(key);
    }

    /** Prepares a connection that was just accepted. */
    public void open(Channel channel) {
        if (!slots.arrive()) {
            // Nothing was read, so nothing can be told: it may be about to speak TLS.
            channel.close();
            return;
        }
        channel.pipeline().addLast(new EncryptionHandler(tls), new StartupHandler(this));
    }
}
