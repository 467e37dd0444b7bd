package io.flinkgpt2.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How the launcher finds Java, and what it says where it cannot. */
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
                .endsWith("<io.flinkgpt2.job.cli.Main>", "<complete>", "<--prompt>", "<two words *>", "<>");
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
        Path java = Files.createDirectories(directory.resolve("jdk/bin")).resolve("java");
        Files.writeString(java, "#!/bin/sh\n" + script);
        Files.setPosixFilePermissions(java, PosixFilePermissions.fromString("rwxr-xr-x"));
        return directory.resolve("jdk");
    }
}
