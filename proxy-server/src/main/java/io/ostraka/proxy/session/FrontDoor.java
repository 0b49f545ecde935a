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

/**
 * What every new connection meets: who may come in, how, and where to. {@code rolesByDatabase}: who may besides the users of
 * the file. {@code trusts}: no password is asked. {@code
 * allowsPlaintext}: also from other machines. Immutable, as far as it is its own.
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
        Sessions sessions) {

    public FrontDoor {
        rolesByDatabase = Map.copyOf(rolesByDatabase);
    }

    ShardRoles roles(String database) {
        return rolesByDatabase.getOrDefault(database, ShardRoles.NONE);
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
