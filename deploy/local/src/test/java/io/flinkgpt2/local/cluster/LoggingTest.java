package io.flinkgpt2.local.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.core.impl.Log4jLogEvent;
import org.apache.logging.log4j.core.layout.PatternLayout;
import org.apache.logging.log4j.message.SimpleMessage;
import org.junit.jupiter.api.Test;

/** Log lines of which a part was chosen by somebody else. */
class LoggingTest {

    private static String line(String configuration, String appender, String message, Throwable thrown)
            throws IOException {
        Properties properties = new Properties();
        properties.load(new StringReader(configuration));
        String layout = "appender." + appender + ".layout.";
        return PatternLayout.newBuilder()
                .withPattern(properties.getProperty(layout + "pattern"))
                .withAlwaysWriteExceptions(
                        Boolean.parseBoolean(properties.getProperty(layout + "alwaysWriteExceptions", "true")))
                .build()
                .toSerializable(Log4jLogEvent.newBuilder()
                        .setLevel(Level.WARN)
                        .setLoggerName("a.b")
                        .setMessage(new SimpleMessage(message))
                        .setThrown(thrown)
                        .build());
    }

    @Test
    void theServersLogsHoldNoEscapesAndEachStackOnce() throws IOException {
        String line = line(
                ServerFiles.LOGGING,
                "file",
                "id \u001b[31m\u009b\r\u0007x\n\ty",
                new IOException("from \u001b]0;the broker\u0007"));

        assertThat(line)
                .contains(" - id ?[31m???x\n\ty\n")
                .containsOnlyOnce("java.io.IOException: from ?]0;the broker?")
                .contains("\tat " + LoggingTest.class.getName())
                .doesNotContain("\u001b", "\r", "\u0007", "\u009b");
    }

    @Test
    void aMessageOfACommandIsOneLine() throws IOException {
        String configuration = Files.readString(Path.of("../conf/log4j2.properties"));

        assertThat(line(configuration, "console", "first\r\nWARN  fake", null))
                .isEqualTo("WARN  a.b - first\\r\\nWARN  fake\n");
    }
}
