package io.flinkgpt2.cli.common;

import io.flinkgpt2.local.cluster.Installation;
import java.nio.file.Files;
import java.nio.file.Path;

/** The {@code deploy} folder, where the launcher finds itself: the bundled model and the demo's prompts. */
public final class Home {

    /** Set by the launcher. */
    static final String PROPERTY = "flink-gpt2.home";

    private Home() {}

    /** Returns the model that is used where none is named. */
    public static Path bundledModel() {
        return find("models/fairytales");
    }

    public static Path demoPrompts() {
        return find("demo/prompts.jsonl");
    }

    /** Returns the job's jar, which the build makes. */
    public static Path jobJar() {
        return find("target/dist/flink-gpt2-job.jar");
    }

    /** Returns the jar that reads and writes Parquet, which goes to a cluster beside the job's. */
    public static Path parquetJar() {
        return find("target/dist/cli/flink-gpt2-parquet.jar");
    }

    /** The files that the processes of a cluster are started from. */
    public static Installation installation() {
        return new Installation(jobJar(), find("target/dist/lib"));
    }

    private static Path find(String name) {
        String home = System.getProperty(PROPERTY);
        if (home == null) {
            throw new IllegalStateException("the system property " + PROPERTY + " is not set, so " + name
                    + " cannot be found; start by deploy/bin/flink-gpt2, or name the file or directory by an option");
        }
        Path path = Path.of(home, name);
        if (!Files.exists(path)) {
            throw new IllegalStateException(path + " is missing; is " + home + " the deploy folder of flink-gpt2?");
        }
        return path;
    }
}
