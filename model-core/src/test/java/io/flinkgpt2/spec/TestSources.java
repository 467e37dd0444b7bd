package io.flinkgpt2.spec;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Finds, in the test sources of all modules, the tests whose names carry numbers of rows of the specification. */
final class TestSources {

    /** A number at the start of a name: {@code rule1_3_}, {@code point4_} or {@code pitfallP7_}. */
    private static final Pattern NUMBER = Pattern.compile("(?:rule(\\d+)_(\\d+)|(point)(\\d+)|pitfall(P\\d+))_");

    private static final Pattern METHOD = Pattern.compile("\\bvoid ((?:rule|point|pitfall)\\w*)\\(");
    private static final Pattern TEST = Pattern.compile("@(Test|ParameterizedTest|RepeatedTest)\\b");

    private TestSources() {}

    /**
     * A test that proves rows.
     *
     * @param file its source, relative to the project's root, with slashes
     * @param rows {@code 1.3}, {@code point 4}, {@code P7}
     */
    record RowTest(String file, String method, List<String> rows) {

        /** The class, without its package. */
        String simpleClassName() {
            return file.substring(file.lastIndexOf('/') + 1, file.lastIndexOf('.'));
        }
    }

    /** The project's root: the folder of this module or one above it that has the modules and {@code docs} in it. */
    static Path root() {
        for (Path folder = Path.of("").toAbsolutePath(); folder != null; folder = folder.getParent()) {
            if (Files.isDirectory(folder.resolve("docs")) && Files.isDirectory(folder.resolve("model-core"))) {
                return folder;
            }
        }
        throw new IllegalStateException(
                "no folder above " + Path.of("").toAbsolutePath() + " has docs and model-core in it");
    }

    /** All sources of tests, by module and then by path. */
    static List<Path> files(Path root) throws IOException {
        List<Path> files = new ArrayList<>();
        for (String module : List.of("model-core", "deploy/local", "job", "deploy/cli", "deploy")) {
            try (Stream<Path> paths = Files.walk(root.resolve(module).resolve("src/test/java"))) {
                paths.filter(path -> path.toString().endsWith(".java"))
                        .sorted(Comparator.comparing(Path::toString))
                        .forEach(files::add);
            }
        }
        return files;
    }

    /** Tests whose names carry numbers, in the order of {@link #files} and of the source. */
    static List<RowTest> rowTests(Path root) throws IOException {
        List<RowTest> tests = new ArrayList<>();
        for (Path file : files(root)) {
            String name = root.relativize(file).toString().replace('\\', '/');
            String source = Files.readString(file, StandardCharsets.UTF_8);
            for (Matcher method = METHOD.matcher(source); method.find(); ) {
                requireTest(name, source, method);
                tests.add(new RowTest(name, method.group(1), rows(name, method.group(1))));
            }
        }
        return tests;
    }

    /** A method that is called like a test but is none would prove nothing. */
    private static void requireTest(String file, String source, Matcher method) {
        int before = source.lastIndexOf("\n\n", method.start());
        if (!TEST.matcher(source.substring(Math.max(0, before), method.start())).find()) {
            throw new AssertionError(file + ": " + method.group(1)
                    + " carries a number and is no test; annotate it, or call it otherwise");
        }
    }

    private static List<String> rows(String file, String method) {
        List<String> rows = new ArrayList<>();
        Matcher number = NUMBER.matcher(method);
        int end = 0;
        while (number.find() && number.start() == end) {
            end = number.end();
            if (number.group(1) != null) {
                rows.add(number.group(1) + "." + number.group(2));
            } else {
                rows.add(number.group(3) != null ? "point " + number.group(4) : number.group(5));
            }
        }
        if (rows.isEmpty() || end == method.length()) {
            throw new AssertionError(
                    file + ": " + method
                            + " begins like the name of a test of a row; expected rule1_3_, point4_ or pitfallP7_ and then words");
        }
        return rows;
    }
}
