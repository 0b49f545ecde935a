package io.ostraka.proxy.schema;

import io.ostraka.rules.config.UserConfig;
import java.util.Optional;

/** As whom the control plane logs in to shards. */
record ShardLogin(String user, String password) {

    /** Empty when the file knows only a verifier of the password: nobody can log in with that. */
    static Optional<ShardLogin> of(UserConfig user) {
        Optional<String> password = user.shardPassword();
        if (password.isEmpty() && user.credential() instanceof UserConfig.Credential.Password own) {
            password = Optional.of(own.value());
        }
        return password.map(known -> new ShardLogin(user.shardUser().orElse(user.name()), known));
    }

    /** Secrets stay out of logs. */
    @Override
    public String toString() {
        return "ShardLogin[" + user + "]";
    }
}
