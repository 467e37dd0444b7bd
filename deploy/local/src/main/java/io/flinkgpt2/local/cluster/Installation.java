package io.flinkgpt2.local.cluster;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collector;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The files that processes are started from.
 *
 * @param jobJar the job's jar, which has Kafka's clients and Jackson inside
 * @param lib directory with the jars of Flink, of the broker, and of logging
 */
public record Installation(Path jobJar, Path lib) {

    /**
     * Libraries that only the broker needs. A cluster of Flink has none of it, so a job's jar has to bring all that it uses
     * itself.
     */
    private static final String BROKER_ONLY =
            "(kafka|scala|jackson|metrics-core|jose4j|hash4j|caffeine|argparse4j|jopt-simple|pcollections|re2j).*";

    /**
     * Returns the class path of a process.
     *
     * @throws IOException if the directory of jars cannot be listed
     */
    String classPath(Role role) throws IOException {
        if (role == Role.KAFKA) {
            return Stream.concat(Stream.of(jobJar), jars().stream())
                    .map(Path::toString)
                    .collect(joining());
        }
        return jars().stream()
                .filter(jar -> !jar.getFileName().toString().matches(BROKER_ONLY))
                .map(Path::toString)
                .collect(joining());
    }

    private static Collector<CharSequence, ?, String> joining() {
        return Collectors.joining(File.pathSeparator);
    }

    private List<Path> jars() throws IOException {
        try (Stream<Path> files = Files.list(lib)) {
            return files.filter(file -> file.toString().endsWith(".jar"))
                    .map(Path::toAbsolutePath)
                    .sorted()
                    .toList();
        }
    }
}
