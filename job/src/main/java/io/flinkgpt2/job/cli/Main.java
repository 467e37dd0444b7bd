package io.flinkgpt2.job.cli;

import io.flinkgpt2.job.InvalidOptionException;
import io.flinkgpt2.job.JobArguments;
import io.flinkgpt2.job.record.SystemFingerprint;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.InterruptedIOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.apache.kafka.common.errors.InterruptException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * The command line {@code flink-gpt2}. Data go to standard output, messages for people to standard error, both in UTF-8
 * whatever the locale. Exit codes: 0 done, or ended by a signal; 1 failed; 2 wrong usage.
 */
@Command(
        name = "flink-gpt2",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        description = "Completes streams of prompts with GPT-2, on CPUs, inside Apache Flink.",
        subcommands = {
            DemoCommand.class,
            LocalCommand.class,
            ClusterCommand.class,
            SubmitCommand.class,
            StopJobCommand.class,
            CompleteCommand.class,
            TokenizeCommand.class,
            VerifyCommand.class,
            BenchCommand.class,
            RandomModelCommand.class,
            FetchCommand.class,
            ConvertCommand.class,
            ModelsCommand.class,
            CommandLine.HelpCommand.class
        })
public final class Main implements Runnable {

    @Spec
    private CommandSpec spec;

    /** Runs a command and ends the JVM with its exit code. */
    public static void main(String[] args) {
        PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out), false, StandardCharsets.UTF_8);
        PrintStream err = new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8);
        System.setOut(out);
        System.setErr(err);
        SignalExit signals = SignalExit.install(Thread.currentThread());
        int exitCode = run(out, err, List.of(args));
        out.flush();
        signals.exit(exitCode);
    }

    /** Runs a command and returns its exit code. */
    static int run(PrintStream out, PrintStream err, List<String> args) {
        CommandLine commandLine = new CommandLine(new Main())
                .setOut(new PrintWriter(out, true, StandardCharsets.UTF_8))
                .setErr(new PrintWriter(err, true, StandardCharsets.UTF_8))
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setUsageHelpAutoWidth(false)
                .setUsageHelpWidth(100);
        for (String takesJobOptions : List.of("demo", "local", "submit")) {
            addJobOptionsToHelp(
                    commandLine.getSubcommands().get(takesJobOptions).getCommandSpec());
        }
        commandLine.setParameterExceptionHandler((problem, arguments) -> {
            err.println(problem.getMessage());
            err.println("Try '" + problem.getCommandLine().getCommandSpec().qualifiedName() + " --help'.");
            return CommandLine.ExitCode.USAGE;
        });
        commandLine.setExecutionExceptionHandler((failure, command, parsed) -> {
            if (failure instanceof InvalidOptionException) {
                err.println(failure.getMessage());
                return CommandLine.ExitCode.USAGE;
            }
            if (isInterruption(failure)) {
                err.println("Interrupted.");
                return CommandLine.ExitCode.SOFTWARE;
            }
            printCauses(err, failure);
            return CommandLine.ExitCode.SOFTWARE;
        });
        try {
            return commandLine.execute(args.toArray(new String[0]));
        } catch (OutOfMemoryError e) {
            err.println("Out of memory (" + e.getMessage() + "): give the JVM more, for example by"
                    + " FLINK_GPT2_JAVA_OPTS=-Xmx8g; a model takes 4 bytes a parameter, 2 with --precision bf16.");
            return CommandLine.ExitCode.SOFTWARE;
        } catch (Error e) {
            // A fault of this program or its JVM: whoever looks into it needs the stack.
            e.printStackTrace(err);
            return CommandLine.ExitCode.SOFTWARE;
        }
    }

    /** Shows the job's options below the command's own. */
    private static void addJobOptionsToHelp(CommandSpec command) {
        command.usageMessage().sectionMap().put("jobOptions", help -> "\n" + JobArguments.help());
        List<String> keys = new ArrayList<>(command.usageMessage().sectionKeys());
        keys.add("jobOptions");
        command.usageMessage().sectionKeys(keys);
    }

    /** One line for each cause that says something new; the stack too where even the first says nothing. */
    private static void printCauses(PrintStream err, Throwable failure) {
        String last = null;
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            String message = message(cause);
            if (last == null || !last.contains(message)) {
                err.println((last == null ? "" : "  caused by: ") + message);
                last = message;
            }
        }
        if (failure.getMessage() == null || System.getenv("FLINK_GPT2_STACKTRACE") != null) {
            failure.printStackTrace(err);
        }
    }

    private static boolean isInterruption(Throwable failure) {
        return failure instanceof CancellationException
                || failure instanceof InterruptedException
                || failure instanceof InterruptedIOException
                || failure instanceof InterruptException;
    }

    /** Java's errors of files have the path alone for a message. */
    private static String message(Throwable cause) {
        if (cause instanceof NoSuchFileException missing) {
            return missing.getFile() + ": found nothing there, expected a file or directory; check the path";
        }
        if (cause instanceof AccessDeniedException denied) {
            return denied.getFile() + ": permission denied; check who may read or write it";
        }
        if (cause instanceof FileAlreadyExistsException file) {
            return file.getFile() + ": found a file, expected a directory or nothing; name another place";
        }
        return cause.getMessage() == null ? cause.toString() : cause.getMessage();
    }

    @Override
    public void run() {
        throw new ParameterException(
                spec.commandLine(),
                "Name a command: demo, local, cluster, submit, stop-job, complete, tokenize, verify, bench, random-model, fetch, convert, models.");
    }

    /** The version of this build. */
    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            return new String[] {"flink-gpt2 " + SystemFingerprint.version()};
        }
    }
}
