package io.ostraka.it.clients;

import io.ostraka.it.harness.ClusterSpec;
import io.r2dbc.postgresql.PostgresqlConnectionFactory;
import io.vertx.pgclient.PgConnection;
import java.util.List;
import liquibase.Liquibase;
import org.flywaydb.core.Flyway;
import org.hibernate.SessionFactory;
import org.jooq.DSLContext;

/** All clients that have a script here. */
final class Clients {
    private static final ClusterSpec TWO_SHARDS = ClusterSpec.shards(2)
            .withDdl("CREATE TABLE items (id int PRIMARY KEY, grp int, v bigint, note text)")
            .withTables("items: { hash: id }");

    private Clients() {}

    static List<Client> all() {
        return List.of(
                Program.shell("psql", "psql", "postgresql-client"),
                Program.shell("pg_dump", "pg_dump", "postgresql-client"),
                Program.shell("pgbench", "pgbench", "postgresql-contrib"),
                Program.shell("two-shards", "pgbench", "postgresql-contrib").on(TWO_SHARDS),
                Program.shell("sysbench", "sysbench", "sysbench"),
                Program.python("psycopg-2", "psycopg2", "python3-psycopg2"),
                Program.python("psycopg-3", "psycopg", "python3-psycopg"),
                Program.python("python-sqlalchemy", "sqlalchemy", "python3-sqlalchemy python3-psycopg2"),
                Program.python("python-django", "django", "python3-django python3-psycopg2"),
                Program.node("node-postgres", "pg"),
                new Library("hibernate", SessionFactory.class, HibernateScript::run),
                new Library("flyway", Flyway.class, FlywayScript::run),
                new Library("liquibase", Liquibase.class, LiquibaseScript::run),
                new Library("jooq", DSLContext.class, JooqScript::run),
                new Library("r2dbc", PostgresqlConnectionFactory.class, R2dbcScript::run),
                new Library("vertx", PgConnection.class, VertxScript::run));
    }
}
