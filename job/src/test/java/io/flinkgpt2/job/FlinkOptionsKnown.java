package io.flinkgpt2.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.lang.reflect.Field;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.autoscaler.config.AutoScalerOptions;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.CoreOptions;
import org.apache.flink.configuration.HighAvailabilityOptions;
import org.apache.flink.configuration.JobManagerOptions;
import org.apache.flink.configuration.MetricOptions;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.configuration.TaskManagerOptions;
import org.apache.flink.configuration.WebOptions;

/** The settings that Flink and the operator's autoscaler know, by their own classes. */
final class FlinkOptionsKnown {

    private static final List<Class<?>> CLASSES = List.of(
            AutoScalerOptions.class,
            CheckpointingOptions.class,
            CoreOptions.class,
            HighAvailabilityOptions.class,
            JobManagerOptions.class,
            MetricOptions.class,
            PipelineOptions.class,
            TaskManagerOptions.class,
            WebOptions.class);

    private static final String REPORTER = "metrics.reporter.prom.";

    private FlinkOptionsKnown() {}

    /** Fails if a setting is unknown, or its value is of another type. */
    static void check(Map<String, ?> settings) {
        Map<String, ConfigOption<?>> known = known();
        Configuration configuration = new Configuration();
        settings.forEach((key, value) -> configuration.setString(key, String.valueOf(value)));
        for (String key : settings.keySet()) {
            if (key.startsWith(REPORTER)) {
                // The port is the Prometheus reporter's own.
                assertThat(key.substring(REPORTER.length())).isIn(MetricOptions.REPORTER_FACTORY_CLASS.key(), "port");
                continue;
            }
            assertThat(known).as("settings of Flink").containsKey(key);
            assertThatCode(() -> configuration.get(known.get(key))).as(key).doesNotThrowAnyException();
        }
    }

    /** Fails if the settings do not say that metrics are served to Prometheus at a port. */
    static void checkPrometheus(Map<String, ?> settings, int port) {
        assertThat(settings.get(MetricOptions.REPORTERS_LIST.key())).isEqualTo("prom");
        assertThat(settings.get(REPORTER + MetricOptions.REPORTER_FACTORY_CLASS.key()))
                .isEqualTo("org.apache.flink.metrics.prometheus.PrometheusReporterFactory");
        assertThat(String.valueOf(settings.get(REPORTER + "port"))).isEqualTo(String.valueOf(port));
    }

    private static Map<String, ConfigOption<?>> known() {
        Map<String, ConfigOption<?>> known = new HashMap<>();
        for (Class<?> options : CLASSES) {
            for (Field field : options.getFields()) {
                if (field.getType() == ConfigOption.class) {
                    ConfigOption<?> option = value(field);
                    known.put(option.key(), option);
                }
            }
        }
        return known;
    }

    private static ConfigOption<?> value(Field field) {
        try {
            return (ConfigOption<?>) field.get(null);
        } catch (IllegalAccessException e) {
            throw new AssertionError(field + " cannot be read", e);
        }
    }
}
