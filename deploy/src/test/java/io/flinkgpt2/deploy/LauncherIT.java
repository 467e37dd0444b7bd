package io.flinkgpt2.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How the launcher finds Java, what it says where it cannot, and how the JVM starts. */
class LauncherIT {

    @TempDir
    private Path directory;

    @Test
    void theJavaOfJavaHomeIsUsedAndArgumentsArriveAsTheyAre() throws Exception {
        Path java = fakeJava("""
                if [ "$1" = -XshowSettings:properties ]; then
                  echo '    java.specification.version = 21' >&2
                else
                  echo "locale $LC_ALL"
                  for argument in "$@"; do echo "<$argument>"; done
                fi
                """);
        Run run = Command.launcher("complete", "--prompt", "two words *", "")
                .environment("JAVA_HOME", java.toString())
                .environment("FLINK_GPT2_JAVA_OPTS", "-Xmx4g -Da=b")
                .run();

        assertThat(run.exitCode()).as(run.err()).isZero();
        assertThat(run.lines())
                .contains("locale C.UTF-8", "<--add-modules=jdk.incubator.vector>", "<-Xmx4g>", "<-Da=b>")
                .contains("<-XX:+UseSerialGC>", "<-XX:PretenureSizeThreshold=1m>")
                .contains(classPath())
                .endsWith("<io.flinkgpt2.cli.Main>", "<complete>", "<--prompt>", "<two words *>", "<>");
    }

    @Test
    void onlySqlHasThePlannerOnItsClassPath() throws Exception {
        Path java = fakeJava("""
                if [ "$1" = -XshowSettings:properties ]; then
                  echo '    java.specification.version = 17' >&2
                else
                  for argument in "$@"; do echo "<$argument>"; done
                fi
                """);
        Run run = Command.launcher("sql", "a.sql")
                .environment("JAVA_HOME", java.toString())
                .run();

        assertThat(run.exitCode()).as(run.err()).isZero();
        Path planner = Command.deploy().resolve("target/dist/sql");
        assertThat(run.lines())
                .contains(classPath().replace(">", ":" + planner + "/*>"))
                .endsWith("<io.flinkgpt2.cli.Main>", "<sql>", "<a.sql>");
        assertThat(planner.resolve("flink-table-planner-loader.jar")).exists();
        assertThat(planner.resolve("flink-gpt2-sql-provider.jar")).exists();
    }

    /** The job jar before the libraries of a cluster, some of which it has in itself in versions of its own. */
    private static String classPath() {
        Path dist = Command.deploy().resolve("target/dist");
        return "<" + dist + "/flink-gpt2-job.jar:" + dist + "/cli/*:" + dist + "/lib/*>";
    }

    @Test
    void commandsThatComputeNothingStartWithoutTheVectorModuleAndItsWarning() throws Exception {
        for (String command :
                List.of("--version", "models --help", "fetch --help", "consume --help", "stop-job --help")) {
            assertThat(messages(command)).as(command).isEmpty();
        }
        assertThat(messages("tokenize --help")).contains("jdk.incubator.vector");
    }

    private static String messages(String command) throws Exception {
        try (Running running = Command.launcher(command.split(" ")).start()) {
            assertThat(running.await().exitCode()).as(command).isZero();
            return running.err();
        }
    }

    @Test
    void anArchiveOfClassesIsMadeOnceAndUsedWhereItFits() throws Exception {
        Path bin = Files.createDirectories(directory.resolve("deploy/bin"));
        Path launcher = Files.copy(Command.launcherPath(), bin.resolve("flink-gpt2"));
        for (String name : List.of("conf", "models", "demo")) {
            Files.createSymbolicLink(
                    directory.resolve("deploy").resolve(name), Command.deploy().resolve(name));
        }
        Path target = Files.createDirectories(directory.resolve("deploy/target"));
        Files.createSymbolicLink(target.resolve("dist"), Command.deploy().resolve("target/dist"));
        Path archives = target.resolve("class-archives");

        assertThat(classSources(launcher, "FLINK_GPT2_CLASS_ARCHIVE", "off")).doesNotContain("shared objects file");
        assertThat(archives).doesNotExist();
        assertThat(classSources(launcher, "", "")).contains("shared objects file");
        Path archive;
        try (Stream<Path> files = Files.list(archives)) {
            List<Path> all =
                    files.filter(file -> !file.toString().endsWith(".size")).toList();
            assertThat(all).hasSize(1);
            archive = all.get(0);
        }
        FileTime made = Files.getLastModifiedTime(archive);
        assertThat(classSources(launcher, "", "")).contains("shared objects file");
        assertThat(Files.getLastModifiedTime(archive)).isEqualTo(made);

        // That of another JVM is left alone, and nothing is said.
        byte[] whole = Files.readAllBytes(archive);
        Files.delete(archive);
        Files.write(archive, new byte[whole.length]);
        assertThat(classSources(launcher, "", "")).doesNotContain("shared objects file");
        // A part of one would crash the JVM; it is made anew.
        Files.write(archive, Arrays.copyOf(whole, whole.length / 2));
        assertThat(classSources(launcher, "", "")).contains("shared objects file");
        // What could not be made is not tried again and again.
        Files.delete(archive);
        Files.write(archive, new byte[0]);
        Files.writeString(archives.resolve(archive.getFileName() + ".size"), "0");
        assertThat(classSources(launcher, "", "")).doesNotContain("shared objects file");
        assertThat(archive).isEmptyFile();
    }

    /** Returns where the JVM found the class of the main method. */
    private String classSources(Path launcher, String name, String value) throws Exception {
        Path log = directory.resolve("classes.log");
        Run run = Command.launcherAt(launcher, "--version")
                .environment("FLINK_GPT2_JAVA_OPTS", "-Xlog:class+load:file=" + log)
                .environment(name.isEmpty() ? "UNUSED" : name, value)
                .run();
        assertThat(run.exitCode()).as(run.err()).isZero();
        assertThat(run.out()).startsWith("flink-gpt2 ").hasLineCount(1);
        assertThat(run.err()).isEmpty();
        try (Stream<String> lines = Files.lines(log)) {
            return lines.filter(line -> line.contains("io.flinkgpt2.cli.Main source:"))
                    .findFirst()
                    .orElseThrow();
        }
    }

    @Test
    void anOldJavaIsRefusedByItsVersion() throws Exception {
        for (String version : new String[] {"1.8", "11", "16"}) {
            assertRefused(
                    fakeJava("echo '    java.specification.version = " + version + "' >&2\n"),
                    "is version " + version + ", needed is 17 or newer");
        }
    }

    @Test
    void aJavaThatDoesNotRunIsRefused() throws Exception {
        assertRefused(fakeJava("exit 127\n"), "is version unknown, needed is 17 or newer");
    }

    @Test
    void aJavaHomeWithoutJavaIsRefused() throws Exception {
        assertRefused(directory, "there is no " + directory.resolve("bin/java"));
    }

    @ParameterizedTest
    @CsvSource({"HUP,129", "INT,130", "TERM,143"})
    void aSignalEndsTheBuildWithTheSignalsExitCode(String signal, int exitCode) throws Exception {
        Path bin = Files.createDirectories(directory.resolve("deploy/bin"));
        Path launcher = Files.copy(Command.launcherPath(), bin.resolve("flink-gpt2"));
        Path maven = script(directory.resolve("mvn"), "echo $$ >'" + directory + "/pid'\nexec sleep 60\n");
        try (Running running = Command.of(
                        "env",
                        "--default-signal=HUP,INT,TERM",
                        "PATH=" + maven.getParent() + ":" + System.getenv("PATH"),
                        launcher.toString(),
                        "models")
                .environment(
                        "TMPDIR",
                        Files.createDirectories(directory.resolve("tmp")).toString())
                .start()) {
            Awaitility.await()
                    .atMost(Running.PATIENCE)
                    .until(() -> Files.exists(directory.resolve("pid"))
                            && !Files.readString(directory.resolve("pid")).isBlank());
            running.signal(signal);
            Run run = running.await();

            assertThat(run.exitCode()).isEqualTo(exitCode);
            assertThat(run.err()).startsWith("flink-gpt2: building the job").hasLineCount(1);
            long pid = Long.parseLong(Files.readString(directory.resolve("pid")).strip());
            assertThat(ProcessHandle.of(pid)).isEmpty();
            assertThat(directory.resolve("tmp")).isEmptyDirectory();
        }
    }

    private static void assertRefused(Path javaHome, String message) throws IOException, InterruptedException {
        Run run = Command.launcher("--version")
                .environment("JAVA_HOME", javaHome.toString())
                .run();

        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.out()).isEmpty();
        assertThat(run.err()).startsWith("flink-gpt2: ").contains(message).hasLineCount(1);
    }

    /** A directory like a JDK's, whose java is a script. */
    private Path fakeJava(String script) throws IOException {
        script(Files.createDirectories(directory.resolve("jdk/bin")).resolve("java"), script);
        return directory.resolve("jdk");
    }

    private static Path script(Path file, String text) throws IOException {
        Files.writeString(file, "#!/bin/sh\n" + text);
        return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
}
