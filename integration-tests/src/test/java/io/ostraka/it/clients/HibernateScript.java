package io.ostraka.it.clients;

import io.ostraka.it.harness.Endpoint;
import jakarta.persistence.CascadeType;
import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.EnumType;
import jakarta.persistence.Enumerated;
import jakarta.persistence.GeneratedValue;
import jakarta.persistence.GenerationType;
import jakarta.persistence.Id;
import jakarta.persistence.LockModeType;
import jakarta.persistence.ManyToOne;
import jakarta.persistence.OneToMany;
import jakarta.persistence.OrderBy;
import jakarta.persistence.PersistenceException;
import jakarta.persistence.Version;
import java.io.PrintWriter;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.hibernate.ScrollableResults;
import org.hibernate.Session;
import org.hibernate.SessionFactory;
import org.hibernate.cfg.Configuration;
import org.hibernate.exception.ConstraintViolationException;
import org.hibernate.query.SelectionQuery;

/** Hibernate: its schema tool, sequences and identities, batches, locks, versions, scrolling. */
final class HibernateScript {
    private HibernateScript() {}

    enum Kind {
        PLAIN,
        FANCY
    }

    /** A row with most of what a column can be, numbered by a sequence. */
    @Entity(name = "Author")
    static class Author {
        @Id
        @GeneratedValue(strategy = GenerationType.SEQUENCE)
        Long id;

        @Column(unique = true, nullable = false)
        String name;

        @Enumerated(EnumType.STRING)
        Kind kind = Kind.PLAIN;

        BigDecimal worth;
        Instant since;
        LocalDate born;
        UUID key;
        byte[] picture;
        String[] tags;

        @Version
        int version;

        @OneToMany(mappedBy = "author", cascade = CascadeType.ALL, orphanRemoval = true)
        @OrderBy("id")
        List<Book> books = new ArrayList<>();
    }

    /** Numbered by an identity column. */
    @Entity(name = "Book")
    static class Book {
        @Id
        @GeneratedValue(strategy = GenerationType.IDENTITY)
        Long id;

        String title;

        @ManyToOne
        Author author;
    }

    static void run(Endpoint endpoint, PrintWriter out) {
        try (SessionFactory factory = factory(endpoint, "create")) {
            factory.inTransaction(HibernateScript::fill);
            factory.inTransaction(session -> read(session, out));
            locks(factory, out);
            failures(factory, out);
            factory.inTransaction(session -> write(session, out));
        }
        try (SessionFactory factory = factory(endpoint, "validate")) {
            factory.inTransaction(
                    session -> out.println(session.createSelectionQuery("select count(*) from Author", Long.class)
                            .getSingleResult()));
        }
        factory(endpoint, "create-drop").close();
    }

    private static SessionFactory factory(Endpoint endpoint, String schemaAction) {
        return new Configuration()
                .addAnnotatedClass(Author.class)
                .addAnnotatedClass(Book.class)
                .setProperty("hibernate.connection.url", endpoint.jdbcUrl())
                .setProperty("hibernate.connection.username", endpoint.user())
                .setProperty("hibernate.connection.password", endpoint.password())
                .setProperty("hibernate.hbm2ddl.auto", schemaAction)
                .setProperty("hibernate.jdbc.batch_size", "20")
                .setProperty("hibernate.order_inserts", "true")
                .setProperty("hibernate.connection.pool_size", "3")
                .buildSessionFactory();
    }

    private static void fill(Session session) {
        for (int i = 0; i < 120; i++) {
            Author author = new Author();
            author.name = "author " + i;
            author.kind = i % 3 == 0 ? Kind.FANCY : Kind.PLAIN;
            author.worth = BigDecimal.valueOf(i, 2);
            author.since = Instant.ofEpochSecond(1_700_000_000L + i);
            author.born = LocalDate.of(1900, 1, 1).plusDays(i);
            author.key = new UUID(i, i);
            author.picture = new byte[] {(byte) i, 0, -1};
            author.tags = new String[] {"a", "t" + i};
            for (int j = 0; j < i % 4; j++) {
                Book book = new Book();
                book.title = "book " + i + "." + j;
                book.author = author;
                author.books.add(book);
            }
            session.persist(author);
        }
    }

    private static void read(Session session, PrintWriter out) {
        Author author = session.createSelectionQuery("from Author where name = :name", Author.class)
                .setParameter("name", "author 7")
                .getSingleResult();
        out.println(author.kind + " " + author.worth + " " + author.since + " " + author.born + " " + author.key + " "
                + Arrays.toString(author.picture) + " " + Arrays.toString(author.tags) + " "
                + author.books.stream().map(book -> book.title).toList());
        out.println(session
                .createSelectionQuery(
                        "select a.kind, count(b), sum(a.worth) from Author a left join a.books b group by a.kind"
                                + " order by a.kind",
                        Object[].class)
                .getResultList()
                .stream()
                .map(Arrays::toString)
                .toList());
        out.println(session
                .createSelectionQuery(
                        "from Author a join fetch a.books where a.worth < 0.1 order by a.id", Author.class)
                .setMaxResults(3)
                .getResultList()
                .stream()
                .map(found -> found.name + found.books.size())
                .toList());
        SelectionQuery<String> names = session.createSelectionQuery("select name from Author order by id", String.class)
                .setFetchSize(10);
        try (Stream<String> stream = names.getResultStream()) {
            out.println(stream.limit(25).toList());
        }
        try (ScrollableResults<String> scrolled = names.scroll()) {
            int rows = 0;
            while (scrolled.next()) {
                rows++;
            }
            out.println(rows);
        }
        out.println(session.createNativeQuery("SELECT count(*) FROM Book WHERE title LIKE ?1", Long.class)
                .setParameter(1, "book 1%")
                .getSingleResult());
    }

    private static void locks(SessionFactory factory, PrintWriter out) {
        Long id = factory.fromTransaction(
                session -> session.createSelectionQuery("select id from Author where name = 'author 1'", Long.class)
                        .getSingleResult());
        factory.inTransaction(session -> {
            Author locked = session.find(Author.class, id, LockModeType.PESSIMISTIC_WRITE);
            locked.worth = BigDecimal.TEN;
            try {
                factory.inTransaction(other -> other.createNativeQuery(
                                "SELECT id FROM Author WHERE id = ?1 FOR UPDATE NOWAIT", Long.class)
                        .setParameter(1, id)
                        .getSingleResult());
                out.println("locked twice");
            } catch (PersistenceException e) {
                out.println(e.getClass().getSimpleName());
            }
        });
        try (Session early = factory.openSession();
                Session late = factory.openSession()) {
            Author stale = early.find(Author.class, id);
            late.inTransaction(transaction -> late.find(Author.class, id).name = "renamed");
            early.inTransaction(transaction -> stale.name = "renamed too");
        } catch (PersistenceException e) {
            out.println(e.getClass().getSimpleName());
        }
    }

    private static void failures(SessionFactory factory, PrintWriter out) {
        try {
            factory.inTransaction(session -> {
                Author twin = new Author();
                twin.name = "author 2";
                session.persist(twin);
            });
        } catch (ConstraintViolationException e) {
            out.println(e.getSQLState() + " " + e.getConstraintName());
        }
        try {
            factory.inTransaction(session ->
                    session.createNativeQuery("SELECT 1/0", Integer.class).getSingleResult());
        } catch (PersistenceException e) {
            out.println(e.getClass().getSimpleName());
        }
    }

    private static void write(Session session, PrintWriter out) {
        out.println(session.createMutationQuery("update Author set worth = worth + 1 where kind = FANCY")
                .executeUpdate());
        out.println(session.createMutationQuery("insert into Book (title) values ('a'), ('b')")
                .executeUpdate());
        Author author = session.createSelectionQuery("from Author where name = 'author 3'", Author.class)
                .getSingleResult();
        author.books.remove(0);
        author.tags = new String[0];
        session.flush();
        out.println(session.createMutationQuery("delete from Book where title is null or author is null")
                .executeUpdate());
        session.remove(author);
    }
}
