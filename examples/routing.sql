CREATE TABLE customers (id bigint PRIMARY KEY, name text NOT NULL, country text);
CREATE TABLE orders (customer_id bigint REFERENCES customers, no int, at timestamptz NOT NULL DEFAULT now(), total numeric,
    PRIMARY KEY (customer_id, no));
CREATE TABLE items (customer_id bigint, no int, line int, product text, price numeric, PRIMARY KEY (customer_id, no, line),
    FOREIGN KEY (customer_id, no) REFERENCES orders);
CREATE TABLE events (at date NOT NULL, what text);
CREATE TABLE countries (code text PRIMARY KEY, name text);
CREATE TABLE audit_log (line text);
CREATE TABLE ledger (tenant int, account int, amount numeric, PRIMARY KEY (tenant, account));
CREATE TABLE settings (key text PRIMARY KEY, value text);

CREATE VIEW spending AS SELECT customer_id, sum(total) AS spent FROM orders GROUP BY customer_id;
CREATE FUNCTION orders_of(bigint) RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM orders WHERE customer_id = $1';
