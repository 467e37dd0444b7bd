package io.flinkgpt2.sql;

import io.flinkgpt2.generation.Completion;
import io.flinkgpt2.generation.StopReason;
import io.flinkgpt2.pretrained.Pretrained;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.ThreadSafeSimpleCounter;
import org.apache.flink.table.data.GenericArrayData;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.util.FlinkRuntimeException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the rows that go out: of completions, of NULL, and of failures as {@code error-handling-strategy} says. Safe for use by the
 * task's and the engine's thread.
 */
final class AnswerRows {

    private static final Logger LOG = LoggerFactory.getLogger(AnswerRows.class);

    private final ProviderSettings settings;
    private final String revision;
    private final Counter generatedTokens;
    private final Counter errors;
    private final AtomicLong skipped = new AtomicLong();
    private final AtomicLong failed = new AtomicLong();

    AnswerRows(ProviderSettings settings, Pretrained pretrained, MetricGroup metrics) {
        this.settings = settings;
        this.revision = pretrained.revision();
        this.generatedTokens = metrics.counter("generatedTokens", new ThreadSafeSimpleCounter());
        this.errors = metrics.counter("errors", new ThreadSafeSimpleCounter());
    }

    /** Returns the row of a prompt that is NULL. */
    List<RowData> ofNull() {
        return List.of(new GenericRowData(settings.columns().output().size()));
    }

    /** Returns a row for each completion. */
    List<RowData> of(RowRequest request, List<Completion> completions) {
        return completions.stream().map(completion -> row(request, completion)).toList();
    }

    private RowData row(RowRequest request, Completion completion) {
        generatedTokens.inc(completion.tokenIds().length);
        List<OutputColumn> columns = settings.columns().output();
        GenericRowData row = new GenericRowData(columns.size());
        for (int i = 0; i < columns.size(); i++) {
            row.setField(i, value(columns.get(i), request, completion));
        }
        return row;
    }

    private Object value(OutputColumn column, RowRequest request, Completion completion) {
        return switch (column) {
            case TEXT -> StringData.fromString(completion.text());
            case TOKEN_IDS -> new GenericArrayData(completion.tokenIds());
            case FINISH_REASON -> lowerCase(completion.stopReason().finishReason());
            case STOP_REASON -> stopReason(completion);
            case CUMULATIVE_LOGPROB -> completion.logProbability();
            case CHOICE -> completion.choice();
            case PROMPT_TOKENS -> completion.promptTokens();
            case COMPLETION_TOKENS -> completion.tokenIds().length;
            case DROPPED_TOKENS -> request.droppedTokens();
            case MODEL_REVISION -> StringData.fromString(revision);
            case ERROR -> null;
        };
    }

    private static StringData stopReason(Completion completion) {
        StopReason reason = completion.stopReason();
        return switch (reason) {
            case MAX_TOKENS, MAX_CONTEXT -> lowerCase(reason);
            case STOP_STRING -> StringData.fromString(completion.stopString());
            default -> null;
        };
    }

    private static StringData lowerCase(Enum<?> constant) {
        return StringData.fromString(constant.name().toLowerCase(Locale.ROOT));
    }

    /**
     * Returns what becomes of a row that cannot be completed.
     *
     * @throws FlinkRuntimeException if the job is to fail
     */
    Collection<RowData> ofRefused(RowException failure) {
        if (failure.isOverflow() && settings.overflow().skipsRow()) {
            if (settings.overflow().isLogged()) {
                log(skipped, "Skipped a row: {} (occurrence {})", failure.getMessage(), null);
            }
            return List.of();
        }
        return ofFailed(failure.getMessage(), null);
    }

    /**
     * Returns what becomes of a row whose generation failed.
     *
     * @throws FlinkRuntimeException if the job is to fail
     */
    Collection<RowData> ofFailed(RuntimeException failure) {
        return ofFailed(failure.getMessage() == null ? failure.toString() : failure.getMessage(), failure);
    }

    /** @param cause for the log; null if the reason says all */
    private Collection<RowData> ofFailed(String reason, Throwable cause) {
        errors.inc();
        if (settings.errors() == ErrorHandling.FAILOVER) {
            throw new FlinkRuntimeException(reason, cause);
        }
        boolean dropped = settings.errors() == ErrorHandling.IGNORE;
        if (dropped || !settings.columns().haveError()) {
            log(
                    failed,
                    dropped ? "Dropped a row: {} (occurrence {})" : "A row has NULL: {} (occurrence {})",
                    reason,
                    cause);
        }
        if (dropped) {
            return List.of();
        }
        List<OutputColumn> columns = settings.columns().output();
        GenericRowData row = new GenericRowData(columns.size());
        if (settings.columns().haveError()) {
            row.setField(columns.indexOf(OutputColumn.ERROR), StringData.fromString(reason));
        }
        return List.of(row);
    }

    /** Tells it ever more rarely, for it may be so in every row. */
    private static void log(AtomicLong count, String message, String reason, Throwable cause) {
        long now = count.incrementAndGet();
        if (Long.bitCount(now) == 1) {
            LOG.warn(message, reason, now, cause);
        }
    }
}
