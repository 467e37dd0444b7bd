package io.flinkgpt2.local.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClusterDirectoryTest {

    @TempDir
    private Path parent;

    private Path path;
    private ClusterDirectory directory;

    @BeforeEach
    void name() {
        path = parent.resolve("some/where");
        directory = new ClusterDirectory(path);
    }

    @Test
    void itIsForThisUserAlone() throws Exception {
        directory.create();

        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
                .isEqualTo("rwx------");
    }

    @Test
    void withoutAClusterThereIsNoState() throws Exception {
        assertThat(directory.readState()).isEmpty();
        directory.create();
        assertThat(directory.readState()).isEmpty();
    }

    @Test
    void theLastStateIsRead() throws Exception {
        directory.create();
        ClusterState state = new ClusterState("/jdk/bin/java", 1, 2, 3, Map.of());
        directory.writeState(state);
        directory.writeState(state.with(Role.JOBMANAGER, 4));

        assertThat(directory.readState()).contains(state.with(Role.JOBMANAGER, 4));
    }

    @Test
    void aSpoiltStateIsNamedWithAWayOut() throws Exception {
        directory.create();
        Files.writeString(path.resolve("cluster.json"), "{}");

        assertThatThrownBy(directory::readState)
                .isInstanceOf(IOException.class)
                .hasMessageContainingAll(path.resolve("cluster.json").toString(), "java", "cluster stop");
    }

    @Test
    void whileOneCommandWorksAnotherIsRefused() throws Exception {
        directory.create();

        String result = directory.locked(() -> {
            assertThatThrownBy(() -> directory.locked(() -> "second"))
                    .isInstanceOf(IOException.class)
                    .hasMessageContainingAll("Another command", path.toString());
            return "first";
        });
        assertThat(result).isEqualTo("first");
        assertThat(directory.locked(() -> "third")).isEqualTo("third");
    }

    @Test
    void nothingIsLeftOfWhatItHeld() throws Exception {
        directory.create();
        directory.writeState(new ClusterState("/jdk/bin/java", 1, 2, 3, Map.of()));
        Files.writeString(directory.logFile(Role.KAFKA), "log");
        Files.createDirectories(directory.topics().resolve("prompts-0"));

        directory.delete();
        assertThat(path).doesNotExist();
        directory.delete();
        assertThat(path).doesNotExist();
    }

    @Test
    void filesOfTheUserStay() throws Exception {
        directory.create();
        Path own = Files.writeString(path.resolve("prompts.jsonl"), "{}");

        directory.delete();

        try (var left = Files.list(path)) {
            assertThat(left).isEqualTo(List.of(own)).hasSize(1);
        }
    }

    @Test
    void aFileInItsPlaceIsRefused() throws Exception {
        Path file = Files.writeString(parent.resolve("file"), "");

        assertThatThrownBy(new ClusterDirectory(file)::create)
                .isInstanceOf(IOException.class)
                .hasMessageContainingAll(file.toString(), "Name one");
    }

    @Test
    void whereNothingRunsNothingIsStopped() throws Exception {
        ProcessCluster cluster = ProcessCluster.in(path);

        assertThat(cluster.stop(false)).isEmpty();
        assertThat(path).doesNotExist();
        assertThat(cluster.members()).hasSize(3).noneMatch(ProcessCluster.Member::running);
        assertThatThrownBy(() -> cluster.killTaskManager(false))
                .isInstanceOf(IOException.class)
                .hasMessageContainingAll("No cluster was started in " + path, "cluster start");
        assertThatThrownBy(() -> cluster.restartKafka()).hasMessageContaining("No cluster was started in " + path);
    }

    @Test
    void aProcessWithTheNumberOfOneThatEndedIsNotTakenForIt() throws Exception {
        directory.create();
        directory.writeState(new ClusterState(
                "/jdk/bin/java",
                1,
                2,
                3,
                Map.of(Role.TASKMANAGER, ProcessHandle.current().pid())));

        assertThat(ProcessCluster.in(path).members()).noneMatch(ProcessCluster.Member::running);
        assertThat(ProcessCluster.in(path).stop(false)).isEmpty();
        assertThat(path).doesNotExist();
    }
}
