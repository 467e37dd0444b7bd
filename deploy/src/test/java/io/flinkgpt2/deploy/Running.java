package io.flinkgpt2.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;

/** A process that a test has started. Closing it kills what is left of it, with all that it has started. */
final class Running implements AutoCloseable {

    /** Far more than anything here takes, even on a machine that is busy with other things. */
    static final Duration PATIENCE = Duration.ofMinutes(10);

    private final Process process;
    private final Path files;

    Running(Process process, Path files) {
        this.process = process;
        this.files = files;
    }

    String out() throws IOException {
        return Run.utf8(files.resolve("out"));
    }

    String err() throws IOException {
        return Run.utf8(files.resolve("err"));
    }

    long pid() {
        return process.pid();
    }

    /** The processes that it has started and that still run. */
    List<ProcessHandle> descendants() {
        return process.descendants().toList();
    }

    /** Waits until standard output holds a text. */
    void awaitOut(String text) {
        await("out", text);
    }

    /** Waits until standard error holds a text. */
    void awaitErr(String text) {
        await("err", text);
    }

    private void await(String file, String text) {
        Awaitility.await(text)
                .atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(50))
                .failFast("the process has ended", () -> !process.isAlive() && !holds(file, text))
                .until(() -> holds(file, text));
    }

    private boolean holds(String file, String text) throws IOException {
        return Files.readString(files.resolve(file)).contains(text);
    }

    /** Sends a signal, such as TERM, as {@code kill} does. */
    void signal(String name) throws IOException, InterruptedException {
        Process kill = new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
                .inheritIO()
                .start();
        assertThat(kill.waitFor()).as("kill -" + name).isZero();
    }

    /** Waits for the end. */
    Run await() throws IOException, InterruptedException {
        return await(PATIENCE);
    }

    /** Waits for the end, and fails if it takes longer. */
    Run await(Duration limit) throws IOException, InterruptedException {
        assertThat(process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS))
                .as("ended within %s; standard output:%n%s%nstandard error:%n%s", limit, out(), err())
                .isTrue();
        return Run.of(process.exitValue(), files.resolve("out"), files.resolve("err"));
    }

    @Override
    public void close() throws IOException {
        List<ProcessHandle> descendants = descendants();
        process.destroyForcibly();
        descendants.forEach(ProcessHandle::destroyForcibly);
        process.onExit().join();
        for (String file : List.of("in", "out", "err")) {
            Files.delete(files.resolve(file));
        }
        Files.delete(files);
    }
}
