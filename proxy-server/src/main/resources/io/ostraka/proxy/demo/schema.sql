-- The demo's schema: a small shop, with a table for each kind of rule in rules.yaml. The same on every shard.
-- A key that shall be unique over all shards includes the shard key.

CREATE TABLE countries (
    code char(2) PRIMARY KEY,
    name text NOT NULL
);

CREATE TABLE customers (
    id bigint PRIMARY KEY,
    name text NOT NULL,
    email text NOT NULL,
    country char(2) NOT NULL REFERENCES countries
);

CREATE TABLE orders (
    customer_id bigint NOT NULL REFERENCES customers,
    id bigint NOT NULL,
    placed_at timestamptz NOT NULL,
    status text NOT NULL DEFAULT 'new' CHECK (status IN ('new', 'paid', 'shipped')),
    total numeric(12, 2) NOT NULL,
    PRIMARY KEY (customer_id, id)
);

CREATE TABLE order_items (
    customer_id bigint NOT NULL,
    order_id bigint NOT NULL,
    line integer NOT NULL,
    product text NOT NULL,
    quantity integer NOT NULL CHECK (quantity > 0),
    price numeric(12, 2) NOT NULL,
    PRIMARY KEY (customer_id, order_id, line),
    FOREIGN KEY (customer_id, order_id) REFERENCES orders
);

CREATE TABLE events (
    created_at timestamptz NOT NULL,
    id bigint NOT NULL,
    kind text NOT NULL,
    payload jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (created_at, id)
);

CREATE TABLE accounts (
    region text NOT NULL,
    id integer NOT NULL,
    owner text NOT NULL,
    balance numeric(14, 2) NOT NULL DEFAULT 0,
    PRIMARY KEY (region, id)
);

CREATE TABLE sessions (
    session_id uuid PRIMARY KEY,
    customer_id bigint NOT NULL,
    last_seen timestamptz NOT NULL
);

CREATE TABLE audit_log (
    id bigint PRIMARY KEY,
    at timestamptz NOT NULL,
    what text NOT NULL
);

CREATE TABLE ledger (
    tenant_id integer NOT NULL,
    account_id integer NOT NULL,
    entry integer NOT NULL,
    amount numeric(14, 2) NOT NULL,
    PRIMARY KEY (tenant_id, account_id, entry)
);

CREATE SCHEMA archive;

CREATE TABLE archive.old (
    id bigint PRIMARY KEY,
    what text NOT NULL
);

CREATE SCHEMA tenant_a;

CREATE TABLE tenant_a.notes (
    id integer PRIMARY KEY,
    note text NOT NULL
);

CREATE SCHEMA tenant_b;

CREATE TABLE tenant_b.notes (
    id integer PRIMARY KEY,
    note text NOT NULL
);
