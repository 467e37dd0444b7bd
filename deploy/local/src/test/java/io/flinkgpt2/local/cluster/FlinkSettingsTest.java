package io.flinkgpt2.local.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.OptionalInt;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.GlobalConfiguration;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.metrics.reporter.MetricReporterFactory;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FlinkSettingsTest {

    @TempDir
    private Path parent;

    private ClusterDirectory directory;

    @BeforeEach
    void create() throws IOException {
        directory = new ClusterDirectory(parent.resolve("white space"));
        directory.create();
    }

    private FlinkSettings settings(Map<String, String> flink) throws IOException {
        return settings(flink, OptionalInt.empty());
    }

    private FlinkSettings settings(Map<String, String> flink, OptionalInt metricsPort) throws IOException {
        return new FlinkSettings(
                directory,
                new ClusterOptions(0, 8081, 3, MemorySize.ofMebiBytes(512), metricsPort, LogFormat.TEXT, flink),
                6123);
    }

    private Configuration written(FlinkSettings settings) throws IOException {
        settings.write();
        return GlobalConfiguration.loadConfiguration(directory.configuration().toString());
    }

    @Test
    void flinkReadsItsConfiguration() throws Exception {
        settings(Map.of("pipeline.name", "a: \"b\" # \\c", "rest.port", "1", "heartbeat.timeout", "9 s"))
                .write();

        Configuration read =
                GlobalConfiguration.loadConfiguration(directory.configuration().toString());

        assertThat(read.toMap())
                .containsEntry("taskmanager.numberOfTaskSlots", "3")
                .containsEntry("taskmanager.memory.managed.size", "0 bytes")
                .containsEntry("jobmanager.rpc.port", "6123")
                .containsEntry("pipeline.name", "a: \"b\" # \\c")
                .containsEntry("heartbeat.timeout", "9 s")
                .containsEntry("rest.port", "8081")
                .containsEntry("io.tmp.dirs", directory.temporary().toString());
    }

    @Test
    void metricsAreReportedOnlyWhereAPortIsGivenAndByEachProcessOnItsOwn() throws Exception {
        assertThat(settings(Map.of()).taskManagerArguments()).noneMatch(word -> word.contains("metrics.reporter"));
        assertThat(written(settings(Map.of())).toMap().keySet()).noneMatch(key -> key.startsWith("metrics.reporter"));

        FlinkSettings settings = settings(Map.of(), OptionalInt.of(9249));

        assertThat(written(settings).toMap())
                .containsEntry("metrics.reporter.prometheus.port", "9249")
                .doesNotContainKey("metrics.reporters");
        assertThat(Class.forName(written(settings).toMap().get("metrics.reporter.prometheus.factory.class")))
                .isAssignableTo(MetricReporterFactory.class);
        assertThat(settings.jobManagerArguments()).noneMatch(word -> word.contains("metrics.reporter"));
        assertThat(settings.taskManagerArguments()).containsSequence("-D", "metrics.reporter.prometheus.port=9250");
        assertThat(written(settings(Map.of("metrics.reporters", "jmx"), OptionalInt.of(9249)))
                        .toMap())
                .containsEntry("metrics.reporters", "jmx,prometheus");
    }

    @Test
    void aPortOfMetricsWithoutANextOneIsRefused() {
        for (int port : new int[] {0, 65_535}) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> settings(Map.of(), OptionalInt.of(port)))
                    .withMessageContainingAll("metrics: found " + port, "1..65534");
        }
    }

    @Test
    void theHeapIsWhatTheJobWasPromisedAndWhatFlinkNeeds() throws Exception {
        FlinkSettings settings = settings(Map.of());

        assertThat(settings.taskManagerJvm()).contains("-Xmx" + (640L << 20), "--add-modules=jdk.incubator.vector");
        assertThat(settings.taskManagerArguments())
                .startsWith("--configDir", directory.configuration().toString())
                .contains("taskmanager.memory.managed.size=0b", "taskmanager.memory.task.heap.size=536870912b");
        assertThat(settings.jobManagerJvm()).contains("-Xmx" + (256L << 20));
    }

    @Test
    void theYoungGenerationLeavesTheHeapToWeightsAndCaches() throws Exception {
        assertThat(settings(Map.of()).taskManagerJvm()).contains("-Xmn" + (64L << 20));
        assertThat(settings(Map.of("taskmanager.memory.task.heap.size", "64m")).taskManagerJvm())
                .contains("-Xmx" + (192L << 20), "-Xmn" + (24L << 20));
    }

    @Test
    void settingsThatContradictEachOtherAreNamed() {
        assertThatThrownBy(() -> settings(Map.of("taskmanager.memory.process.size", "64m")))
                .isInstanceOf(IOException.class)
                .hasMessageContainingAll("taskmanager.memory.process.size=64m", "512");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "host", "host:", "host:0", "host:65536", ":8081", "http://host:8081", "host:8081/", "a b:1"})
    void whatIsNoAddressIsRefused(String address) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> FlinkRest.at(address))
                .withMessageContainingAll("found '" + address + "'", "HOST:PORT");
    }

    @Test
    void anAddressIsTakenApart() {
        FlinkRest rest = FlinkRest.at("flink.example:8081");

        assertThat(rest.host()).isEqualTo("flink.example");
        assertThat(rest.port()).isEqualTo(8081);
        assertThat(rest.url()).isEqualTo("http://flink.example:8081");
    }
}
