package io.flinkgpt2.job.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.flinkgpt2.generation.BatchOptions;
import io.flinkgpt2.generation.ContinuousBatch;
import io.flinkgpt2.job.function.TinyModel;
import io.flinkgpt2.job.record.CompletionChoice;
import io.flinkgpt2.job.record.CompletionRecord;
import io.flinkgpt2.job.record.InvalidRequestException;
import io.flinkgpt2.job.record.RecordError;
import io.flinkgpt2.job.record.RequestMetrics;
import io.flinkgpt2.pretrained.LoadOptions;
import io.flinkgpt2.pretrained.Pretrained;
import java.io.IOException;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.Histogram;
import org.apache.flink.metrics.Meter;
import org.apache.flink.metrics.Metric;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.SimpleCounter;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CompletionMetricsTest {

    private static final Pattern ROW = Pattern.compile("^\\| `([^`]+)` \\| (\\w+) \\|");

    private final Map<String, Metric> registered = new TreeMap<>();
    private final MetricGroup group = new Recording("", registered);
    private final CompletionMetrics metrics = new CompletionMetrics(group, 1500);

    @Test
    void theTableInTheDocsNamesEachMetricWithItsType() throws IOException {
        new CompletionMetrics.DeadLetters(group);
        new CompletionMetrics.Batch(group, 8);

        Map<String, String> types = new TreeMap<>();
        registered.forEach((name, metric) -> types.put(
                name.replaceFirst("^(finish_reason|reason)\\.\\w+\\.", "$1.<reason>."),
                metric.getMetricType().name().toLowerCase(Locale.ROOT)));
        Map<String, String> table = new TreeMap<>();
        for (String line : Files.readAllLines(Path.of("..", "docs", "metrics.md"))) {
            Matcher row = ROW.matcher(line);
            if (row.find()) {
                assertThat(table.put(row.group(1), row.group(2))).isNull();
            }
        }
        assertThat(table).isEqualTo(types);
    }

    @Test
    void aCompletionIsCountedByWhatItHolds() {
        metrics.requested();
        CompletionRecord answer = answer("length", 11);
        answer.promptTokens = 7;
        answer.metrics.queueTimeMs = 3;
        answer.metrics.timeToFirstTokenMs = 20;
        answer.metrics.generationTimeMs = 70;
        answer.metrics.cachedTokens = 5;
        metrics.answered(answer, System.currentTimeMillis() - 1000);

        assertThat(count("requests")).isEqualTo(1);
        assertThat(count("finish_reason.length.completions")).isEqualTo(1);
        assertThat(count("finish_reason.stop.completions")).isZero();
        assertThat(count("errors")).isZero();
        assertThat(count("promptTokens")).isEqualTo(7);
        assertThat(count("generatedTokens")).isEqualTo(11);
        assertThat(count("prefixCacheHits")).isEqualTo(1);
        assertThat(count("prefixCacheHitTokens")).isEqualTo(5);
        assertThat(only("queueWaitMs")).isEqualTo(3);
        assertThat(only("timeToFirstTokenMs")).isEqualTo(20);
        assertThat(only("interTokenLatencyUs")).isEqualTo(5000);
        assertThat(only("endToEndLatencyMs")).isGreaterThanOrEqualTo(1000);
        assertThat(((Gauge<?>) registered.get("modelLoadTimeMs")).getValue()).isEqualTo(1500L);
    }

    @Test
    void whatHasNoSecondTokenHasNoTimeBetweenTokens() {
        metrics.answered(answer("stop", 0), 0);
        metrics.answered(answer("stop", 1), 0);

        assertThat(count("finish_reason.stop.completions")).isEqualTo(2);
        assertThat(((Histogram) registered.get("timeToFirstTokenMs")).getCount())
                .isEqualTo(1);
        assertThat(((Histogram) registered.get("interTokenLatencyUs")).getCount())
                .isZero();
    }

    @Test
    void anErrorIsNoCompletion() {
        CompletionRecord answer = new CompletionRecord();
        answer.choices = List.of();
        answer.promptTokens = 9;
        answer.error = new RecordError("m", "t", null, "c");
        metrics.answered(answer, 0);

        assertThat(count("errors")).isEqualTo(1);
        assertThat(count("promptTokens")).isZero();
        assertThat(((Histogram) registered.get("endToEndLatencyMs")).getCount()).isEqualTo(1);
    }

    @Test
    void aSequenceIsARestoredRequestThatHadTokens() {
        CompletionMetrics.Batch batch = new CompletionMetrics.Batch(group, 8);
        batch.restored(0);
        batch.restored(1);
        batch.restored(9);

        assertThat(count("restoredRequests")).isEqualTo(3);
        assertThat(count("restoredSequences")).isEqualTo(2);
    }

    @Test
    void sequencesAreSummedOverTheSteps(@TempDir Path directory) throws IOException {
        Pretrained tiny = Pretrained.open(TinyModel.write(directory, 1), LoadOptions.defaults());
        ContinuousBatch batch =
                new ContinuousBatch(tiny.model(), tiny.tokenizer(), BatchOptions.roomy(tiny.config(), 8, 4, 8));
        CompletionMetrics.Batch metricsOfBatch = new CompletionMetrics.Batch(group, 8);
        metricsOfBatch.stepped(batch.metrics(), 4, 3, 0, 0, 1_000_000);
        metricsOfBatch.stepped(batch.metrics(), 1, 1, 0, 0, 1_000_000);

        assertThat(count("steps")).isEqualTo(2);
        assertThat(count("sequenceSteps")).isEqualTo(5);
        assertThat(((Gauge<?>) registered.get("batchCapacity")).getValue()).isEqualTo(8);
    }

    @Test
    void eachDeadLetterIsCountedInAllAndByItsReason() throws IllegalAccessException {
        CompletionMetrics.DeadLetters letters = new CompletionMetrics.DeadLetters(group);
        List<String> codes = new ArrayList<>();
        for (Field constant : InvalidRequestException.class.getFields()) {
            if (constant.getType() == String.class && !constant.getName().equals("TYPE")) {
                codes.add((String) constant.get(null));
            }
        }
        for (String code : codes) {
            letters.refused(new RecordError("m", "t", null, code));
        }
        letters.refused(new RecordError("m", "t", null, "invalid_json"));

        assertThat(count("deadLetters")).isEqualTo(codes.size() + 1);
        assertThat(codes)
                .allSatisfy(code -> assertThat(count("reason." + code + ".deadLetters"))
                        .isEqualTo(code.equals("invalid_json") ? 2 : 1));
    }

    private long count(String name) {
        return ((Counter) registered.get(name)).getCount();
    }

    private long only(String name) {
        Histogram histogram = (Histogram) registered.get(name);
        assertThat(histogram.getCount()).isEqualTo(1);
        return histogram.getStatistics().getMax();
    }

    private static CompletionRecord answer(String finishReason, int tokens) {
        CompletionRecord answer = new CompletionRecord();
        CompletionChoice choice = new CompletionChoice();
        choice.finishReason = finishReason;
        answer.choices = List.of(choice);
        answer.completionTokens = tokens;
        answer.metrics = new RequestMetrics();
        return answer;
    }

    /** Keeps what is registered, by its name behind those of its groups. */
    private static final class Recording extends UnregisteredMetricsGroup {
        private final String prefix;
        private final Map<String, Metric> registered;

        Recording(String prefix, Map<String, Metric> registered) {
            this.prefix = prefix;
            this.registered = registered;
        }

        private <M extends Metric> M keep(String name, M metric) {
            assertThat(registered.put(prefix + name, metric)).isNull();
            return metric;
        }

        @Override
        public Counter counter(String name) {
            return keep(name, new SimpleCounter());
        }

        @Override
        public <T, G extends Gauge<T>> G gauge(String name, G gauge) {
            return keep(name, gauge);
        }

        @Override
        public <M extends Meter> M meter(String name, M meter) {
            return keep(name, meter);
        }

        @Override
        public <H extends Histogram> H histogram(String name, H histogram) {
            return keep(name, histogram);
        }

        @Override
        public MetricGroup addGroup(String key, String value) {
            return new Recording(prefix + key + "." + value + ".", registered);
        }
    }
}
