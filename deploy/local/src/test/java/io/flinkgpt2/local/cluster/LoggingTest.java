package io.flinkgpt2.local.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Locale;
import java.util.Properties;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.core.LoggerContext;
import org.apache.logging.log4j.core.config.Configuration;
import org.apache.logging.log4j.core.config.ConfigurationSource;
import org.apache.logging.log4j.core.config.properties.PropertiesConfigurationFactory;
import org.apache.logging.log4j.core.impl.ContextDataFactory;
import org.apache.logging.log4j.core.impl.Log4jLogEvent;
import org.apache.logging.log4j.message.SimpleMessage;
import org.apache.logging.log4j.util.StringMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Log lines of which a part was chosen by somebody else. */
class LoggingTest {

    private static final Path CONF = Path.of("../conf");
    private static final String FORMAT = "flink-gpt2.log-format";
    private static final String HOSTILE = "id \u001b[31m\u009b\r\u0007x\n\ty\",\"level\":\"OFF";

    @TempDir
    private Path directory;

    @AfterEach
    void clear() {
        System.clearProperty(FORMAT);
        System.clearProperty("log.file");
    }

    /** Returns what an appender of a configuration writes, with whatever log4j makes of the file. */
    private String line(String configuration, String appender, String message, Throwable thrown, String... context)
            throws IOException {
        System.setProperty("log.file", directory.resolve("log").toString());
        ConfigurationSource source =
                new ConfigurationSource(new ByteArrayInputStream(configuration.getBytes(StandardCharsets.UTF_8)));
        Configuration read = new PropertiesConfigurationFactory().getConfiguration(new LoggerContext("test"), source);
        read.initialize();
        StringMap diagnostic = ContextDataFactory.createContextData();
        for (int i = 0; i < context.length; i += 2) {
            diagnostic.putValue(context[i], context[i + 1]);
        }
        try {
            return read.getAppender(appender)
                    .getLayout()
                    .toSerializable(Log4jLogEvent.newBuilder()
                            .setLevel(Level.WARN)
                            .setLoggerName("a.b")
                            .setThreadName("t")
                            .setMessage(new SimpleMessage(message))
                            .setThrown(thrown)
                            .setContextData(diagnostic)
                            .build())
                    .toString();
        } finally {
            read.stop();
        }
    }

    @Test
    void theServersLogsHoldNoEscapesAndEachStackOnce() throws IOException {
        String line = line(
                ServerFiles.logging(LogFormat.TEXT),
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
    void aLineOfJsonIsOneObjectWithAllThatWasSaid() throws IOException {
        assertIsJson(ServerFiles.logging(LogFormat.JSON), "file");
    }

    @Test
    void commandsWriteJsonWhereTheyAreTold() throws IOException {
        System.setProperty(FORMAT, "json");

        assertIsJson(Files.readString(CONF.resolve("log4j2.properties")), "console");
    }

    private void assertIsJson(String configuration, String appender) throws IOException {
        String line = line(
                configuration, appender, HOSTILE, new IOException(HOSTILE), "custom_id", HOSTILE, "flink-job-id", "f1");

        assertThat(line).endsWith("}\n").hasLineCount(1).doesNotContain("\u001b", "\r", "\u0007", "\u009b");
        JsonNode json = new ObjectMapper().readTree(line);
        assertThat(json.fieldNames())
                .toIterable()
                .containsExactly("time", "level", "logger", "thread", "job_id", "custom_id", "message", "exception");
        assertThat(Instant.parse(json.path("time").textValue())).isBeforeOrEqualTo(Instant.now());
        assertThat(json.path("level").textValue()).isEqualTo("WARN");
        assertThat(json.path("logger").textValue()).isEqualTo("a.b");
        assertThat(json.path("thread").textValue()).isEqualTo("t");
        assertThat(json.path("job_id").textValue()).isEqualTo("f1");
        assertThat(json.path("custom_id").textValue()).isEqualTo(HOSTILE);
        assertThat(json.path("message").textValue()).isEqualTo(HOSTILE);
        assertThat(json.path("exception").textValue())
                .startsWith("java.io.IOException: " + HOSTILE + "\n\tat " + LoggingTest.class.getName())
                .containsOnlyOnce("java.io.IOException");
        JsonNode plain = new ObjectMapper().readTree(line(configuration, appender, "m", null));
        assertThat(plain.fieldNames()).toIterable().containsExactly("time", "level", "logger", "thread", "message");
    }

    @ParameterizedTest
    @EnumSource
    void containersLogAsProcessesOfThisMachineDo(LogFormat format) throws IOException {
        String file = Files.readString(CONF.resolve("log4j-console.properties"));
        Properties container = read(file);

        assertThat(container.getProperty("property." + format.name().toLowerCase(Locale.ROOT)))
                .isEqualTo(read("pattern = " + format.pattern()).getProperty("pattern"));
        for (String appender : new String[] {"console", "file"}) {
            // Chosen by a variable of the environment, which this process does not have.
            assertThat(container.getProperty("appender." + appender + ".layout.pattern"))
                    .isEqualTo("${${env:FLINK_GPT2_LOG_FORMAT:-text}}");
            assertThat(line(file, appender, "m", null)).endsWith(" a.b" + " ".repeat(58) + "[] - m\n");
        }
    }

    @Test
    void aMessageOfACommandIsOneLine() throws IOException {
        String configuration = Files.readString(CONF.resolve("log4j2.properties"));

        assertThat(line(configuration, "console", "first\r\nWARN  fake", null))
                .isEqualTo("WARN  a.b - first\\r\\nWARN  fake\n");
    }

    private static Properties read(String text) throws IOException {
        Properties properties = new Properties();
        properties.load(new StringReader(text));
        return properties;
    }
}
