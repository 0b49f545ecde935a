package io.ostraka.it.regress;

import io.ostraka.it.harness.Await;
import io.ostraka.it.harness.ClusterSpec;
import io.ostraka.it.harness.Differential;
import io.ostraka.it.harness.Protocol;
import io.ostraka.it.harness.TestCluster;
import java.io.IOException;
import java.io.PrintStream;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Asks a scene's questions of three shards and of one PostgreSQL, and tells how the answers compare. A question whose answer depends on how rows lie
 * in a table is not one: plain servers that have them in other orders, backwards and shuffled, differ, too. Confined to the thread that runs it.
 */
final class Rehearsal {
    private static final String LIMIT = "SET statement_timeout = '20s'";
    private static final Pattern SETTING = Pattern.compile("(?i)(re)?set\\s");
    /** ORDER BY in no parentheses, as far as one can see: how it goes on has none, or closes what it opens. */
    private static final Pattern ORDERED =
            Pattern.compile("(?is)\\border\\s+by\\b(?:[^()]++|\\((?:[^()]++|\\([^()]*+\\))*+\\))*+$");

    private static final int LONGEST = 1500;

    /** How an answer compares with that of one PostgreSQL. */
    enum Verdict {
        SAME,
        REFUSED,
        /** One PostgreSQL may answer otherwise, too. */
        UNCERTAIN,
        DIFFERENT
    }

    private final Scene scene;
    private final TestCluster model;
    private final PrintStream out;

    private Rehearsal(Scene scene, TestCluster model, PrintStream out) {
        this.scene = scene;
        this.model = model;
        this.out = out;
    }

    /**
     * Plays a script and asks its questions in each protocol.
     *
     * @param before what its tables and rows need, if anything
     * @param out told what is not the same
     */
    static Map<Verdict, Integer> of(List<String> before, List<String> script, List<Protocol> protocols, PrintStream out)
            throws SQLException, IOException {
        try (TestCluster model = TestCluster.start(ClusterSpec.shards(1))) {
            Scene scene = Scene.played(model.reference(), before, script);
            return new Rehearsal(scene, model, out).run(protocols);
        }
    }

    private Map<Verdict, Integer> run(List<Protocol> protocols) throws SQLException, IOException {
        Map<Verdict, Integer> verdicts = new EnumMap<>(Verdict.class);
        try (TestCluster cluster = TestCluster.start(ClusterSpec.shards(3).withTables(scene.rules()))) {
            for (String definition : scene.definitions()) {
                define(cluster, definition);
            }
            awaitTables(cluster);
            cluster.empty();
            model.empty();
            for (String table : scene.rows().keySet()) {
                fill(cluster, table);
            }
            cluster.everywhere("ANALYZE");
            for (Protocol protocol : protocols) {
                ask(cluster, protocol, verdicts);
            }
        }
        return verdicts;
    }

    private void define(TestCluster cluster, String definition) {
        try {
            cluster.everywhere(definition);
            model.onShard("s0", definition);
        } catch (SQLException impossible) {
            out.println("NOT MADE " + definition + "\n    " + impossible.getMessage());
        }
    }

    /** A table that has its rows, or has none anywhere. */
    private void fill(TestCluster cluster, String table) throws SQLException, IOException {
        try {
            scene.fill(cluster.proxy(), table, Scene.Order.AS_WRITTEN);
            scene.fill(cluster.reference(), table, Scene.Order.AS_WRITTEN);
            scene.fill(model.reference(), table, Scene.Order.BACKWARDS);
            scene.fill(model.shard("s0"), table, Scene.Order.SHUFFLED);
        } catch (SQLException impossible) {
            out.println("NOT FILLED " + table + ": " + impossible.getMessage());
            String truncate = "TRUNCATE " + Scene.quoted(table) + " CASCADE";
            cluster.everywhere(truncate);
            model.everywhere(truncate);
        }
    }

    private void awaitTables(TestCluster cluster) {
        List<String> keyed = new ArrayList<>(scene.keys().keySet());
        Await.until("the proxy knows the tables", () -> {
            try (Connection connection = cluster.proxy().connect();
                    Statement statement = connection.createStatement()) {
                for (String table : keyed) {
                    try (ResultSet none = statement.executeQuery("SELECT FROM " + Scene.quoted(table) + " LIMIT 0")) {
                        none.next();
                    }
                }
                return true;
            } catch (SQLException notYet) {
                return false;
            }
        });
    }

    private void ask(TestCluster cluster, Protocol protocol, Map<Verdict, Integer> verdicts) {
        try (Differential both = cluster.differential(protocol);
                Differential plain = new Differential(model.shard("s0"), model.reference(), protocol)) {
            both.answers(LIMIT, List.of(), false);
            plain.answers(LIMIT, List.of(), false);
            for (String question : scene.questions()) {
                verdicts.merge(verdict(both, plain, question), 1, Integer::sum);
            }
        }
    }

    private Verdict verdict(Differential both, Differential plain, String question) {
        boolean ordered = ORDERED.matcher(question).find();
        Differential.Answers answers = both.answers(question, List.of(), ordered);
        boolean isSetting = SETTING.matcher(question).lookingAt();
        boolean isSame = answers.expected().equals(answers.answered());
        if (isSame && !isSetting) {
            return Verdict.SAME;
        }
        if (answers.isRefused()) {
            out.println("REFUSED " + question + "\n    " + answers.answered().replace("\n", " | "));
            return Verdict.REFUSED;
        }
        boolean isCertain = agree(plain.answers(question, List.of(), ordered), answers.expected());
        if (isSame) {
            return Verdict.SAME;
        }
        if (!isCertain && ordered) { // rows that tie; which ones there are may be certain all the same
            answers = both.answers(question, List.of(), false);
            if (answers.expected().equals(answers.answered())) {
                return Verdict.SAME;
            }
            isCertain = agree(plain.answers(question, List.of(), false), answers.expected());
        }
        Verdict verdict = isCertain ? Verdict.DIFFERENT : Verdict.UNCERTAIN;
        out.println(verdict + " " + question + "\n    EXPECTED " + cut(answers.expected()) + "\n    ANSWERED "
                + cut(answers.answered()));
        return verdict;
    }

    private static boolean agree(Differential.Answers plain, String expected) {
        return plain.expected().equals(expected) && plain.answered().equals(expected);
    }

    private static String cut(String text) {
        return text.length() > LONGEST ? text.substring(0, LONGEST) + "..." : text;
    }
}
