package io.flinkgpt2.job.function;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.LoggerContext;
import org.apache.logging.log4j.core.appender.AbstractAppender;
import org.apache.logging.log4j.core.config.Property;

/** The warnings that are logged while it is open, with what was thrown. */
final class CapturedWarnings implements AutoCloseable {
    private final LoggerContext context = (LoggerContext) LogManager.getContext(false);
    private final List<LogEvent> events = new CopyOnWriteArrayList<>();
    private final AbstractAppender appender = new AbstractAppender("captured", null, null, true, Property.EMPTY_ARRAY) {
        @Override
        public void append(LogEvent event) {
            events.add(event.toImmutable());
        }
    };

    CapturedWarnings() {
        appender.start();
        context.getConfiguration().getRootLogger().addAppender(appender, Level.WARN, null);
        context.updateLoggers();
    }

    /** Returns the warnings that say so. */
    List<LogEvent> with(String text) {
        return events.stream()
                .filter(event -> event.getMessage().getFormattedMessage().contains(text))
                .toList();
    }

    @Override
    public void close() {
        context.getConfiguration().getRootLogger().removeAppender("captured");
        appender.stop();
    }
}
