package io.flinkgpt2.job;

import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Collectors;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.LoggerContext;
import org.apache.logging.log4j.core.appender.AbstractAppender;
import org.apache.logging.log4j.core.config.LoggerConfig;
import org.apache.logging.log4j.core.config.Property;
import org.apache.logging.log4j.core.layout.PatternLayout;

/** What is logged at INFO and above while it is open, with stacks, in place of the console. */
final class CapturedLog implements AutoCloseable {

    private final LoggerContext context = (LoggerContext) LogManager.getContext(false);
    private final List<String> loggers = List.of("io.flinkgpt2", "org.apache.flink", "org.apache.kafka", "kafka");
    private final Queue<String> lines = new ConcurrentLinkedQueue<>();
    private final PatternLayout layout = PatternLayout.newBuilder()
            .withPattern("%level %logger %message%n%throwable")
            .build();
    private final AbstractAppender appender = new AbstractAppender("log", null, layout, true, Property.EMPTY_ARRAY) {
        @Override
        public void append(LogEvent event) {
            lines.add(layout.toSerializable(event));
        }
    };

    CapturedLog() {
        appender.start();
        for (String logger : loggers) {
            LoggerConfig config = new LoggerConfig(logger, Level.INFO, false);
            config.addAppender(appender, Level.INFO, null);
            context.getConfiguration().addLogger(logger, config);
        }
        context.updateLoggers();
    }

    String text() {
        return lines.stream().collect(Collectors.joining());
    }

    @Override
    public void close() {
        loggers.forEach(context.getConfiguration()::removeLogger);
        context.updateLoggers();
        appender.stop();
    }
}
