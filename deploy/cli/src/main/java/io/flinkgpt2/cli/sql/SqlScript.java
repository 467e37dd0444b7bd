package io.flinkgpt2.cli.sql;

import io.flinkgpt2.cli.common.Interrupts;
import io.flinkgpt2.cli.common.JobStart;
import io.flinkgpt2.cli.common.LostOutputException;
import io.flinkgpt2.local.embedded.LocalFlink;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.CoreOptions;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.api.config.ExecutionConfigOptions;
import org.apache.flink.table.api.config.TableConfigOptions;
import org.apache.flink.table.gateway.api.endpoint.EndpointVersion;
import org.apache.flink.table.gateway.api.session.SessionEnvironment;
import org.apache.flink.table.gateway.api.session.SessionHandle;
import org.apache.flink.table.gateway.api.utils.SqlGatewayException;
import org.apache.flink.table.gateway.rest.util.SqlGatewayRestAPIVersion;
import org.apache.flink.table.gateway.service.application.ScriptExecutor;
import org.apache.flink.table.gateway.service.context.DefaultContext;
import org.apache.flink.table.gateway.service.context.SessionContext;

/** A script of SQL statements, run by the executor of Flink's SQL gateway on a cluster in this process. */
final class SqlScript {

    /** Twice the batch of a subtask, so that the batch stays full while rows wait for their order. */
    private static final int ROWS_IN_FLIGHT = 64;

    private SqlScript() {}

    /**
     * The settings that a script begins with; it may SET all but the slots and the port otherwise.
     *
     * @param model path or name of the model that models have which name none
     * @param slots of the cluster, and the parallelism of a statement
     * @param webPort of the web UI; 0 for any
     */
    record Session(String model, int slots, int webPort) {

        Configuration configuration() {
            Configuration configuration = new Configuration();
            configuration.setString("gpt2.model", model);
            configuration.set(CoreOptions.DEFAULT_PARALLELISM, slots);
            // The next statement may read what an INSERT writes.
            configuration.set(TableConfigOptions.TABLE_DML_SYNC, true);
            // Sinks of files and of transactions make their output visible with a checkpoint.
            configuration.set(CheckpointingOptions.CHECKPOINTING_INTERVAL, Duration.ofSeconds(1));
            configuration.set(
                    ExecutionConfigOptions.TABLE_EXEC_ASYNC_ML_PREDICT_MAX_CONCURRENT_OPERATIONS, ROWS_IN_FLIGHT);
            // Rows wait for their place in the batch and for their order; Flink fails a job whose row waits for 3
            // minutes.
            configuration.set(ExecutionConfigOptions.TABLE_EXEC_ASYNC_ML_PREDICT_TIMEOUT, Duration.ofHours(1));
            JobStart.limitRestarts(configuration);
            return configuration;
        }
    }

    /**
     * Runs the statements until the last one's job has ended.
     *
     * @param name of the script, for messages
     * @throws FailedStatementException if a statement failed; those behind it were not run
     * @throws InterruptedException if the thread was interrupted; jobs have ended then
     */
    static void run(String name, String script, Session session, RowPrinter rows) throws Exception {
        if (Statements.withoutComments(script).isEmpty()) {
            // To Flink it would be a statement that ends too early.
            return;
        }
        LocalFlink flink = Interrupts.shielded(() -> LocalFlink.start(
                LocalFlink.Options.defaults().withWebPort(session.webPort()).withSlots(session.slots())));
        try {
            Interrupts.check();
            run(name, script, session.configuration(), flink, rows);
        } finally {
            Interrupts.deferred(flink::close);
        }
    }

    private static void run(String name, String script, Configuration configuration, LocalFlink flink, RowPrinter rows)
            throws Exception {
        StatementPrinter printer = new StatementPrinter(script, rows);
        ExecutorService executor = Executors.newCachedThreadPool();
        EndpointVersion version = SqlGatewayRestAPIVersion.getDefaultVersion();
        SessionContext context = SessionContext.create(
                new DefaultContext(configuration, List.of()),
                SessionHandle.create(),
                SessionEnvironment.newBuilder()
                        .setSessionEndpointVersion(version)
                        .build(),
                executor);
        ContextEnvironment.use(flink);
        try {
            new ScriptExecutor(context, printer).execute(script);
        } catch (SqlGatewayException e) {
            rethrow(e);
            throw new FailedStatementException(name, printer.line(), printer.statement(), e);
        } finally {
            ContextEnvironment.stopUse();
            Interrupts.deferred(context::close);
            executor.shutdownNow();
        }
    }

    /** Throws what has nothing to do with a statement, wherever the executor met it. */
    private static void rethrow(SqlGatewayException failure) throws InterruptedException {
        boolean interrupted = Thread.currentThread().isInterrupted();
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof LostOutputException lost) {
                throw lost;
            }
            interrupted |= cause instanceof InterruptedException;
        }
        if (interrupted) {
            InterruptedException asked = new InterruptedException("asked to end");
            asked.initCause(failure);
            throw asked;
        }
    }

    /** The cluster that Flink's script executor finds: it asks for the environment of its thread. */
    @SuppressWarnings("try") // its close() may throw anything, and is not called
    private static final class ContextEnvironment extends StreamExecutionEnvironment {
        static void use(LocalFlink flink) {
            initializeContextEnvironment(flink::environment);
        }

        static void stopUse() {
            resetContextEnvironment();
        }
    }
}
