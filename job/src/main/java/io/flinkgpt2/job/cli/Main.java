package io.flinkgpt2.job.cli;

import io.flinkgpt2.job.InvalidOptionException;
import io.flinkgpt2.job.JobArguments;
import io.flinkgpt2.job.record.SystemFingerprint;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
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
            CompleteCommand.class,
            TokenizeCommand.class,
            RandomModelCommand.class,
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
        for (String takesJobOptions : List.of("demo", "local")) {
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
            if (failure instanceof CancellationException || failure instanceof InterruptedException) {
                err.println("Interrupted.");
                return CommandLine.ExitCode.SOFTWARE;
            }
            printCauses(err, failure);
            return CommandLine.ExitCode.SOFTWARE;
        });
        return commandLine.execute(args.toArray(new String[0]));
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
            String message = cause.getMessage() == null ? cause.toString() : cause.getMessage();
            if (last == null || !last.contains(message)) {
                err.println((last == null ? "" : "  caused by: ") + message);
                last = message;
            }
        }
        if (failure.getMessage() == null
                || failure instanceof Error
                || System.getenv("FLINK_GPT2_STACKTRACE") != null) {
            failure.printStackTrace(err);
        }
    }

    @Override
    public void run() {
        throw new ParameterException(
                spec.commandLine(), "Name a command: demo, local, complete, tokenize, random-model.");
    }

    /** The version of this build. */
    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            return new String[] {"flink-gpt2 " + SystemFingerprint.version()};
        }
    }
}
