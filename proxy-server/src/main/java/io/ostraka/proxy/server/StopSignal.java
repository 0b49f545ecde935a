package io.ostraka.proxy.server;

import java.lang.reflect.Proxy;
import java.util.concurrent.CompletableFuture;

/**
 * SIGTERM and SIGINT as something a command can wait for, so that it stops in its own good order and ends with its own
 * exit status. A second one of the same kind ends the process at once. Thread-safe.
 *
 * <p>Java's shutdown hooks are no substitute: they all run at the same time, whatever depends on what. The class that
 * handles signals is in the module {@code jdk.unsupported}, present in every JDK; the compiler's warning about it cannot be
 * switched off, therefore the reflection.
 */
final class StopSignal {
    private final CompletableFuture<Void> requested = new CompletableFuture<>();

    StopSignal() {
        for (String name : new String[] {"TERM", "INT"}) {
            on(name, () -> {
                restoreDefault(name);
                requested.complete(null);
            });
        }
    }

    boolean isRequested() {
        return requested.isDone();
    }

    /** Blocks until the user wants us to stop. */
    void await() {
        requested.join();
    }

    /** Completes, on a thread of the virtual machine, when the user wants us to stop. */
    CompletableFuture<Void> requested() {
        return requested;
    }

    /** From now on signal {@code name} (without SIG) runs {@code action} on a thread of the virtual machine. */
    static void on(String name, Runnable action) {
        try {
            Class<?> handlerType = Class.forName("sun.misc.SignalHandler");
            Object handler = Proxy.newProxyInstance(
                    StopSignal.class.getClassLoader(), new Class<?>[] {handlerType}, (proxy, method, arguments) -> {
                        if (method.getName().equals("handle")) {
                            action.run();
                        }
                        return null;
                    });
            install(name, handlerType, handler);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("this Java cannot handle signals", e);
        }
    }

    private static void restoreDefault(String name) {
        try {
            Class<?> handlerType = Class.forName("sun.misc.SignalHandler");
            install(name, handlerType, handlerType.getField("SIG_DFL").get(null));
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("this Java cannot handle signals", e);
        }
    }

    private static void install(String name, Class<?> handlerType, Object handler) throws ReflectiveOperationException {
        Class<?> signalType = Class.forName("sun.misc.Signal");
        signalType
                .getMethod("handle", signalType, handlerType)
                .invoke(null, signalType.getConstructor(String.class).newInstance(name), handler);
    }
}
