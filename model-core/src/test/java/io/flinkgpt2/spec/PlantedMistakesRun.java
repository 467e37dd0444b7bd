package io.flinkgpt2.spec;

import io.flinkgpt2.spec.PlantedMistake.TestName;
import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.launcher.EngineFilter;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;
import org.junit.platform.launcher.listeners.TestExecutionSummary;

/**
 * Plants every mistake of {@link PlantedMistakes} by itself and runs its test, which must turn red; and each of those tests
 * without a mistake, which must be green. A program of its own, in a JVM of its own: each mistake is compiled, and loaded
 * with all classes of the project by a class loader of its own, before whose other classes the changed ones come.
 */
final class PlantedMistakesRun {

    private final Path sources;
    private final Path classes;
    private final Path testClasses;
    private final PrintStream out;
    private final JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();

    private PlantedMistakesRun(Path sources, Path classes, Path testClasses, PrintStream out) {
        this.sources = sources;
        this.classes = classes;
        this.testClasses = testClasses;
        this.out = out;
    }

    /**
     * Prints a line for each mistake and, last, {@code planted mistakes: N, caught: N}; ends with 1 if they differ.
     *
     * @param arguments folders of the sources, the classes and the test classes; then, if not all mistakes are meant, a
     *     regular expression that is looked for in {@code row what}
     */
    public static void main(String[] arguments) throws IOException {
        Pattern chosen = Pattern.compile(arguments.length > 3 ? arguments[3] : "");
        List<PlantedMistake> mistakes = PlantedMistakes.all().stream()
                .filter(mistake -> chosen.matcher(mistake.toString()).find())
                .toList();
        PlantedMistakesRun run =
                new PlantedMistakesRun(Path.of(arguments[0]), Path.of(arguments[1]), Path.of(arguments[2]), System.out);
        System.exit(run.run(mistakes) ? 0 : 1);
    }

    private boolean run(List<PlantedMistake> mistakes) throws IOException {
        boolean green = true;
        Set<TestName> tests = new LinkedHashSet<>();
        mistakes.forEach(mistake -> tests.add(mistake.test()));
        for (TestName test : tests) {
            Optional<Throwable> failure = failure(test, List.of());
            if (failure.isPresent()) {
                green = false;
                out.println("red without a mistake: " + test + "\n" + stackTrace(failure.get()));
            }
        }
        int caught = 0;
        for (PlantedMistake mistake : mistakes) {
            caught += isCaught(mistake) ? 1 : 0;
        }
        out.println("planted mistakes: " + mistakes.size() + ", caught: " + caught);
        return green && caught == mistakes.size();
    }

    private boolean isCaught(PlantedMistake mistake) throws IOException {
        Path directory = Files.createTempDirectory("planted-mistake");
        try {
            compile(mistake, directory);
            Optional<Throwable> failure = failure(mistake.test(), List.of(directory));
            // An Error that is no assertion, as of linkage or memory, says that something else went wrong.
            boolean caught = failure.isPresent()
                    && (failure.get() instanceof AssertionError || failure.get() instanceof Exception);
            String how = failure.map(thrown -> thrown instanceof AssertionError ? "assertion" : thrown.toString())
                    .orElse("the test stayed green");
            out.println((caught ? "caught: " : "MISSED: ") + mistake + " | " + mistake.test() + " | "
                    + how.lines().findFirst().orElse(""));
            if (!caught) {
                failure.ifPresent(thrown -> out.println(stackTrace(thrown)));
            }
            return caught;
        } finally {
            delete(directory);
        }
    }

    private void compile(PlantedMistake mistake, Path directory) throws IOException {
        Path source = directory.resolve(mistake.file(sources).getFileName());
        Files.writeString(source, mistake.plantedSource(sources));
        StringWriter messages = new StringWriter();
        List<String> options = List.of(
                "-proc:none",
                "-nowarn",
                "--add-modules",
                "jdk.incubator.vector",
                "-d",
                directory.toString(),
                "-classpath",
                classes + File.pathSeparator + System.getProperty("java.class.path"));
        try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
            boolean compiled = compiler.getTask(messages, files, null, options, null, files.getJavaFileObjects(source))
                    .call();
            if (!compiled) {
                throw new IllegalStateException(mistake + " does not compile:\n" + messages);
            }
        }
    }

    /** What the test throws, with the classes of some folders before the project's own; empty if it is green. */
    private Optional<Throwable> failure(TestName test, List<Path> first) throws IOException {
        List<URL> folders = new ArrayList<>();
        List<Path> all = new ArrayList<>(first);
        all.addAll(List.of(classes, testClasses));
        for (Path folder : all) {
            folders.add(folder.toUri().toURL());
        }
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        try (ProjectClasses loader = new ProjectClasses(folders.toArray(URL[]::new), before)) {
            thread.setContextClassLoader(loader);
            return failure(method(loader, test));
        } finally {
            thread.setContextClassLoader(before);
        }
    }

    private static Method method(ClassLoader loader, TestName test) {
        try {
            return Arrays.stream(loader.loadClass(test.className()).getDeclaredMethods())
                    .filter(method -> method.getName().equals(test.method()))
                    .findFirst()
                    .orElseThrow(() -> new IllegalStateException("there is no test " + test));
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException("there is no test " + test, e);
        }
    }

    private static Optional<Throwable> failure(Method test) {
        LauncherDiscoveryRequest request = LauncherDiscoveryRequestBuilder.request()
                .selectors(DiscoverySelectors.selectMethod(test.getDeclaringClass(), test))
                .filters(EngineFilter.includeEngines("junit-jupiter"))
                .build();
        SummaryGeneratingListener listener = new SummaryGeneratingListener();
        LauncherFactory.create().execute(request, listener);
        TestExecutionSummary summary = listener.getSummary();
        if (summary.getTestsFoundCount() == 0 && summary.getTotalFailureCount() == 0) {
            throw new IllegalStateException(test + " ran no test");
        }
        // Of a test with many arguments some may fail by an assertion where others fail otherwise.
        List<Throwable> thrown = summary.getFailures().stream()
                .map(TestExecutionSummary.Failure::getException)
                .toList();
        return thrown.stream()
                .filter(failure -> failure instanceof LinkageError)
                .findFirst()
                .or(() -> thrown.stream()
                        .filter(failure -> failure instanceof AssertionError)
                        .findFirst())
                .or(() -> thrown.stream().findFirst());
    }

    private static String stackTrace(Throwable thrown) {
        StringWriter text = new StringWriter();
        thrown.printStackTrace(new PrintWriter(text, true));
        return text.toString();
    }

    private static void delete(Path directory) throws IOException {
        try (var paths = Files.walk(directory)) {
            for (Path path : paths.sorted(java.util.Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }

    /** Loads the project's classes itself, from the first folder that has them, and everything else by its parent. */
    private static final class ProjectClasses extends URLClassLoader {

        ProjectClasses(URL[] folders, ClassLoader parent) {
            super(folders, parent);
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            if (!name.startsWith("io.flinkgpt2.")) {
                return super.loadClass(name, resolve);
            }
            synchronized (getClassLoadingLock(name)) {
                Class<?> loaded = findLoadedClass(name);
                return loaded == null ? findClass(name) : loaded;
            }
        }
    }
}
