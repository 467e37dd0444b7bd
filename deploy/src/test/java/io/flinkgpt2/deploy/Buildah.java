package io.flinkgpt2.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Images and containers by Debian's buildah, in a storage of their own, with no isolation but a root directory: neither a daemon
 * nor a registry is needed. A container has the network of this machine.
 */
final class Buildah {

    /** Far more than an image takes, even on a machine that is busy with other things. */
    static final Duration PATIENCE = Duration.ofHours(1);

    private final Path storage;

    /** @param storage where images lie, a directory that need not be there */
    Buildah(Path storage) {
        this.storage = storage;
    }

    private Command command(List<String> words) {
        List<String> all = new ArrayList<>(List.of(
                "buildah",
                "--storage-driver",
                "vfs",
                "--root",
                storage.resolve("root").toString(),
                "--runroot",
                storage.resolve("run").toString()));
        all.addAll(words);
        return Command.of(all.toArray(new String[0]));
    }

    /** Runs a command that must succeed, and returns its standard output. */
    private String succeed(String... words) throws IOException, InterruptedException {
        try (Running running = command(List.of(words)).start()) {
            Run run = running.await(PATIENCE);
            assertThat(run.exitCode())
                    .as("%s:%n%s%n%s", String.join(" ", words), run.out(), run.err())
                    .isZero();
            return run.out().strip();
        }
    }

    /** Fails where buildah is missing. */
    static void require() throws InterruptedException {
        try {
            assertThat(Command.of("buildah", "--version").run().exitCode()).isZero();
        } catch (IOException e) {
            throw new AssertionError(
                    "found no buildah, expected it on the PATH; install it: apt-get install buildah mmdebstrap", e);
        }
    }

    /** Builds an image. */
    void build(Path file, Path context, String image, String... options) throws IOException, InterruptedException {
        List<String> words =
                new ArrayList<>(List.of("bud", "--isolation", "chroot", "--pull=never", "-f", file.toString()));
        words.addAll(List.of(options));
        words.addAll(List.of("-t", image, context.toString()));
        succeed(words.toArray(new String[0]));
    }

    /** Returns the configuration of an image, as the format of OCI has it. */
    JsonNode configuration(String image) throws IOException, InterruptedException {
        return Run.json(succeed("inspect", "--type", "image", image)).at("/OCIv1/config");
    }

    /** Makes a container of an image, with variables beside those of the image. */
    void create(String container, String image, Map<String, String> variables)
            throws IOException, InterruptedException {
        succeed("from", "--pull-never", "--name", container, image);
        for (Map.Entry<String, String> variable : variables.entrySet()) {
            succeed("config", "--env", variable.getKey() + "=" + variable.getValue(), container);
        }
    }

    /** Returns the root directory of a container, which stays readable until the container is removed. */
    Path root(String container) throws IOException, InterruptedException {
        return Path.of(succeed("mount", container));
    }

    /** Runs a command in a container to its end, as the user of the image. */
    String run(String container, String... words) throws IOException, InterruptedException {
        List<String> all = new ArrayList<>(List.of("run", "--isolation", "chroot", container, "--"));
        all.addAll(List.of(words));
        return succeed(all.toArray(new String[0]));
    }

    /** Starts a command in a container, with options of {@code buildah run}. */
    Running start(String container, List<String> options, List<String> words) throws IOException {
        // Its own name would be known to nobody, and Flink asks for the address of its host.
        List<String> all = new ArrayList<>(List.of("run", "--isolation", "chroot", "--hostname", "localhost"));
        all.addAll(options);
        all.addAll(List.of(container, "--"));
        all.addAll(words);
        return command(all).start();
    }

    /** Removes a container. */
    void remove(String container) throws IOException, InterruptedException {
        succeed("umount", container);
        succeed("rm", container);
    }
}
