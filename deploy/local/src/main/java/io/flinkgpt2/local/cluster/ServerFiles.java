package io.flinkgpt2.local.cluster;

import io.flinkgpt2.local.web.WebGateJar;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;

/** Writes what the processes are started with: their command lines and configuration. */
final class ServerFiles {

    private final ClusterDirectory directory;
    private final Installation installation;

    ServerFiles(ClusterDirectory directory, Installation installation) {
        this.directory = directory;
        this.installation = installation;
    }

    /**
     * Writes the files of all processes, and formats the broker's directory if it is new.
     *
     * @param options the ports in it are those that are listened on
     * @param rpcPort where the JobManager listens to TaskManagers
     * @param controllerPort where the broker listens to itself
     * @throws IOException if a file cannot be written, or Flink's settings contradict each other
     */
    void write(ClusterOptions options, int rpcPort, int controllerPort) throws IOException {
        Files.writeString(directory.configuration().resolve("log4j2.properties"), logging(options.logFormat()));
        BrokerFiles broker = new BrokerFiles(directory);
        broker.write(options.kafkaPort(), controllerPort);
        FlinkSettings flink = new FlinkSettings(directory, options, rpcPort);
        flink.write();
        WebGateJar.write(directory.webGate());
        writeCommand(Role.KAFKA, List.of("-Xms64m", "-Xmx384m"), BrokerFiles.MAIN, broker.arguments());
        writeCommand(
                Role.JOBMANAGER, flink.jobManagerJvm(), FlinkSettings.JOB_MANAGER_MAIN, flink.jobManagerArguments());
        writeCommand(
                Role.TASKMANAGER,
                flink.taskManagerJvm(),
                FlinkSettings.TASK_MANAGER_MAIN,
                flink.taskManagerArguments());
    }

    private void writeCommand(Role role, List<String> jvmOptions, String mainClass, List<String> arguments)
            throws IOException {
        List<String> words = new ArrayList<>(jvmOptions);
        words.add(role == Role.TASKMANAGER ? "-XX:+UseParallelGC" : "-XX:+UseSerialGC");
        words.add("-XX:ErrorFile=" + directory.logs().resolve("hs_err_" + role.fileName() + "_%p.log"));
        // A file that a killed JVM would leave behind outside of the cluster's directory.
        words.add("-XX:-UsePerfData");
        words.add("-Dfile.encoding=UTF-8");
        words.add("-Djava.io.tmpdir=" + directory.temporary());
        words.add("-Dlog4j2.configurationFile=" + directory.configuration().resolve("log4j2.properties"));
        // Flink's web UI looks for the log by this name.
        words.add("-Dlog.file=" + directory.logFile(role));
        if (Runtime.version().feature() >= 24) {
            // Libraries of Kafka and Flink that newer JVMs would warn of.
            words.add("--enable-native-access=ALL-UNNAMED");
            words.add("--sun-misc-unsafe-memory-access=allow");
        }
        words.add("-cp");
        String classPath = installation.classPath(role);
        words.add(role == Role.JOBMANAGER ? directory.webGate() + File.pathSeparator + classPath : classPath);
        words.add(mainClass);
        words.addAll(arguments);
        Files.writeString(directory.argumentFile(role), ArgumentFile.format(words));
    }

    /** Returns the logging configuration of all processes. */
    static String logging(LogFormat format) {
        return LOGGING.replace("PATTERN", format.pattern());
    }

    private static final String LOGGING = """
            status = warn
            appender.file.type = RollingFile
            appender.file.name = file
            appender.file.fileName = ${sys:log.file}
            appender.file.filePattern = ${sys:log.file}.%i
            appender.file.layout.type = PatternLayout
            appender.file.layout.pattern = PATTERN
            # The pattern above writes them.
            appender.file.layout.alwaysWriteExceptions = false
            appender.file.policies.type = Policies
            appender.file.policies.size.type = SizeBasedTriggeringPolicy
            appender.file.policies.size.size = 20MB
            appender.file.strategy.type = DefaultRolloverStrategy
            appender.file.strategy.max = 3
            rootLogger.level = info
            rootLogger.appenderRef.file.ref = file
            # Names that Flink's own sinks register twice, at every checkpoint.
            logger.metrics.name = org.apache.flink.metrics.MetricGroup
            logger.metrics.level = error
            logger.names.name = org.apache.flink.runtime.metrics.util.MetricUtils
            logger.names.level = error
            """;
}
