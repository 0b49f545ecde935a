import fmpp.setting.Settings;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * Generates the parser, run by the build as a single source file: Calcite's parser template out of its jar, our
 * productions put in by FMPP, JavaCC, and a line that keeps javac's lint off what came out. Does nothing when its inputs
 * are those of the last run.
 *
 * <p>Arguments: the Calcite jar, the directory of config.fmpp, a work directory, the directory of generated sources.
 */
public final class GenerateParser {
    private static final String[] TEMPLATE = {"codegen/templates/Parser.jj", "codegen/default_config.fmpp"};
    private static final String PACKAGE = "io/ostraka/rules/sql";

    private GenerateParser() {}

    public static void main(String[] args) throws Exception {
        Path calcite = Path.of(args[0]);
        Path codegen = Path.of(args[1]);
        Path work = Path.of(args[2]);
        Path sources = Path.of(args[3]);
        Path stamp = work.resolve("inputs.sha256");
        String inputs = digest(calcite, codegen);
        boolean current = Files.exists(stamp)
                && Files.readString(stamp).equals(inputs)
                && Files.exists(sources.resolve(PACKAGE).resolve("PgGrammar.java"));
        if (current) {
            return;
        }
        deleteTree(work);
        deleteTree(sources.resolve(PACKAGE));
        unpack(calcite, work);
        fill(codegen, work);
        Path generated = Files.createDirectories(sources.resolve(PACKAGE));
        javacc(work.resolve("javacc/Parser.jj"), generated);
        silence(generated);
        Files.writeString(stamp, inputs);
    }

    private static void javacc(Path grammar, Path generated) throws Exception {
        PrintStream out = System.out;
        PrintStream err = System.err;
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        PrintStream both = new PrintStream(said, true, StandardCharsets.UTF_8);
        System.setOut(both);
        System.setErr(both);
        int failures;
        try {
            failures = org.javacc.parser.Main.mainProgram(new String[] {
                "-OUTPUT_DIRECTORY=" + generated,
                // A rejected statement must not cost more than an accepted one.
                "-ERROR_REPORTING=false",
                grammar.toString()
            });
        } finally {
            System.setOut(out);
            System.setErr(err);
        }
        String report = said.toString(StandardCharsets.UTF_8);
        if (failures != 0 || conflictsInOurs(report, Files.readAllLines(grammar))) {
            throw new IOException(report);
        }
    }

    /** The template has choices that JavaCC warns of, in productions that nothing of ours calls. We may have none. */
    private static boolean conflictsInOurs(String report, List<String> grammar) {
        Pattern production = Pattern.compile("^[A-Z].* Pg\\w+\\(.*");
        int first = 0;
        int last = 0;
        for (int line = 0; line < grammar.size(); line++) {
            if (production.matcher(grammar.get(line)).matches()) {
                first = first == 0 ? line : first;
                last = line;
            }
        }
        Matcher conflict = Pattern.compile("onflict[^\\n]*?\\n?[^\\n]*?line (\\d+)").matcher(report);
        while (conflict.find()) {
            int line = Integer.parseInt(conflict.group(1));
            if (line >= first && line <= last + 100) {
                return true;
            }
        }
        return first == 0;
    }

    private static String digest(Path calcite, Path codegen) throws Exception {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        digest.update((calcite.getFileName() + " " + Files.size(calcite)).getBytes(StandardCharsets.UTF_8));
        for (Path file : files(codegen)) {
            digest.update(file.getFileName().toString().getBytes(StandardCharsets.UTF_8));
            digest.update(Files.readAllBytes(file));
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static List<Path> files(Path directory) throws IOException {
        try (Stream<Path> tree = Files.walk(directory)) {
            return tree.filter(Files::isRegularFile).sorted().toList();
        }
    }

    private static void deleteTree(Path directory) throws IOException {
        if (!Files.exists(directory)) {
            return;
        }
        List<Path> paths;
        try (Stream<Path> tree = Files.walk(directory)) {
            paths = new ArrayList<>(tree.toList());
        }
        for (int i = paths.size() - 1; i >= 0; i--) {
            Files.delete(paths.get(i));
        }
    }

    private static void unpack(Path calcite, Path work) throws IOException {
        Files.createDirectories(work.resolve("templates"));
        try (ZipFile jar = new ZipFile(calcite.toFile())) {
            for (String name : TEMPLATE) {
                ZipEntry entry = jar.getEntry(name);
                if (entry == null) {
                    throw new IOException(calcite + " has no " + name);
                }
                try (InputStream in = jar.getInputStream(entry)) {
                    Files.copy(in, work.resolve(name.substring("codegen/".length())));
                }
            }
        }
    }

    private static void fill(Path codegen, Path work) throws Exception {
        Files.createDirectories(work.resolve("includes"));
        for (Path include : files(codegen.resolve("includes"))) {
            Files.copy(include, work.resolve("includes").resolve(include.getFileName()));
        }
        Path config = Files.copy(codegen.resolve("config.fmpp"), work.resolve("config.fmpp"));
        Settings settings = new Settings(work.toFile());
        settings.load(config.toFile());
        settings.set("sourceRoot", work.resolve("templates").toString());
        settings.set("outputRoot", work.toString());
        settings.set("outputEncoding", "UTF-8");
        settings.execute();
    }

    /** JavaCC's code is as it is: unused, unchecked, without serial numbers. */
    private static void silence(Path generated) throws IOException {
        String suppression = "@SuppressWarnings({\"unchecked\", \"rawtypes\", \"serial\", \"fallthrough\", \"cast\", \"static\","
                + " \"deprecation\", \"empty\", \"this-escape\", \"dep-ann\", \"removal\", \"divzero\", \"overrides\"})\n";
        for (Path file : files(generated)) {
            String source = Files.readString(file);
            String quiet = source.replaceFirst("(?m)^(public (class|interface) )", suppression + "$1");
            if (quiet.equals(source)) {
                throw new IOException(file + " declares no public type");
            }
            Files.writeString(file, quiet);
        }
    }
}
