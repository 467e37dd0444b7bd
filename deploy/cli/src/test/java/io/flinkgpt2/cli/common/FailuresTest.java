package io.flinkgpt2.cli.common;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.flinkgpt2.job.kafka.ConnectionFailures;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.SocketTimeoutException;
import java.nio.channels.ClosedByInterruptException;
import org.apache.kafka.common.errors.SaslAuthenticationException;
import org.junit.jupiter.api.Test;

class FailuresTest {

    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    private Failures failures(boolean signalled) {
        return new Failures(new PrintStream(err, true, UTF_8), () -> signalled);
    }

    private String said() {
        return err.toString(UTF_8);
    }

    @Test
    void whatASignalBreaksOffShowsNoStackHoweverDeepItLies() {
        assertThat(failures(true)
                        .of(new IllegalStateException("no", new IOException(new ClosedByInterruptException()))))
                .isEqualTo(1);
        assertThat(said()).isEqualTo("Interrupted.\n");

        err.reset();
        failures(true).of(new NoClassDefFoundError("a/B"));
        assertThat(said()).isEqualTo("Interrupted.\n");

        err.reset();
        failures(true).of(new NullPointerException());
        assertThat(said()).isEqualTo("java.lang.NullPointerException\n");
    }

    @Test
    void withoutASignalAFaultOfTheProgramShowsItsStack() {
        failures(false).of(new NullPointerException());
        assertThat(said()).contains("\tat " + FailuresTest.class.getName());

        err.reset();
        failures(false).of(new ClosedByInterruptException());
        assertThat(said()).isEqualTo("Interrupted.\n");
    }

    @Test
    void aFullDiskSaysWhatItIsAbout() {
        failures(false).of(new IOException("No space left on device"));
        assertThat(said())
                .isEqualTo("A file cannot be written (No space left on device); make room for it, and run the command"
                        + " again\n");
    }

    @Test
    void aRefusalOfKafkaIsOneLine() {
        int exitCode = failures(false)
                .of(ConnectionFailures.of("k:1", new SaslAuthenticationException("refused", new IOException("more"))));

        assertThat(exitCode).isEqualTo(1);
        assertThat(said().lines())
                .singleElement()
                .asString()
                .startsWith("Kafka at k:1: found a user or password that it refuses (refused)")
                .doesNotContain("more");
    }

    @Test
    void aTimeoutIsNoInterruption() {
        failures(true).of(new SocketTimeoutException("Read timed out"));
        assertThat(said()).isEqualTo("Read timed out\n");
    }

    @Test
    void foreignTextInTheMessageOfALibraryNeitherSteersNorPassesForAnotherMessage() {
        failures(false).of(new IOException("first\nError: all is lost", new IOException("\u001b[31mred\r\u0007")));

        assertThat(said()).isEqualTo("first\n  Error: all is lost\n  caused by: ?[31mred??\n");
    }

    @Test
    void theCauseOfALostOutputIsFoundBelowOthers() {
        Exception lost = new IllegalStateException(new LostOutputException(new IOException("Broken pipe")));

        assertThat(failures(false).of(lost)).isZero();
        assertThat(said()).isEmpty();
    }
}
