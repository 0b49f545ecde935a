package io.ostraka.bench;

/** One group of lines in the table: a load, to be given to every contestant in turn. */
record Measurement(Scenario scenario, Door door, Protocol protocol, int clients, Load load) {
    @Override
    public String toString() {
        return scenario.label() + ", " + protocol.pgbenchName() + ", " + clients
                + (clients == 1 ? " client" : " clients");
    }
}
