package io.flinkgpt2.cli;

import io.flinkgpt2.cli.common.CheckedOutput;
import io.flinkgpt2.cli.common.Failures;
import io.flinkgpt2.cli.common.LostOutputException;
import io.flinkgpt2.cli.common.PrintableOutput;
import io.flinkgpt2.cli.common.SignalExit;
import io.flinkgpt2.job.record.SystemFingerprint;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * The command line {@code flink-gpt2}. Data go to standard output, messages for people to standard error, both in UTF-8
 * whatever the locale.
 *
 * <p>Exit codes: 0 done; 1 failed, lost output included; 2 wrong usage; 129, 130 or 143 cut short by HUP, INT or TERM. A reader
 * that goes away, as {@code head} does, and the signal that ends {@code local} are no failures: 0.
 */
@Command(
        name = "flink-gpt2",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        description = "Completes streams of prompts with GPT-2, on CPUs, inside Apache Flink.",
        footer = {
            "",
            "Exit codes: 0 done; 1 failed, also where the output cannot be written; 2 wrong usage; 129, 130 or 143 ended by"
                    + " HUP, INT or TERM before it was done; of 'batch' 3, too: some prompts have errors. 'local' runs until it is ended, and exits with 0."
        })
public final class Main implements Runnable {

    @Spec
    private CommandSpec spec;

    /** Runs a command and ends the JVM with its exit code. */
    public static void main(String[] args) {
        CheckedOutput output = new CheckedOutput(new FileOutputStream(FileDescriptor.out));
        PrintStream out = new PrintStream(output, false, StandardCharsets.UTF_8);
        PrintStream err = new PrintStream(
                new PrintableOutput(new FileOutputStream(FileDescriptor.err)), true, StandardCharsets.UTF_8);
        System.setOut(out);
        System.setErr(err);
        // The one command that runs until it is ended.
        boolean endless = args.length > 0 && args[0].equals("local");
        SignalExit signals = SignalExit.install(Thread.currentThread(), output, endless);
        signals.exit(run(out, err, List.of(args), Optional.of(signals)));
    }

    /** Runs a command that no signal ends, and returns its exit code. */
    static int run(PrintStream out, PrintStream err, List<String> args) {
        return run(out, err, args, Optional.empty());
    }

    /**
     * Runs a command and returns its exit code.
     *
     * @param out throws a {@link LostOutputException} where it cannot be written
     * @param signals what may ask the work to end
     */
    private static int run(PrintStream out, PrintStream err, List<String> args, Optional<SignalExit> signals) {
        Failures failures =
                new Failures(err, () -> signals.map(SignalExit::signalled).orElse(false));
        CommandLine commandLine = new CommandLine(new Main());
        Commands.addTo(commandLine, args);
        commandLine
                .setOut(new PrintWriter(out, true, StandardCharsets.UTF_8))
                .setErr(new PrintWriter(err, true, StandardCharsets.UTF_8))
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setUsageHelpAutoWidth(false)
                .setUsageHelpWidth(100);
        new OptionSections().addTo(commandLine);
        commandLine.setParameterExceptionHandler((problem, arguments) -> failures.wrongUsage(problem));
        commandLine.setExecutionStrategy(parsed -> {
            try {
                if (signals.isPresent() && !begin(parsed, signals.get())) {
                    return CommandLine.ExitCode.SOFTWARE;
                }
                // Help is printed by it too, outside of what picocli guards.
                return new CommandLine.RunLast().execute(parsed);
            } catch (LostOutputException e) {
                throw new CommandLine.ExecutionException(parsed.commandSpec().commandLine(), e.getMessage(), e);
            }
        });
        commandLine.setExecutionExceptionHandler((failure, command, parsed) -> failures.of(failure));
        try {
            int exitCode = commandLine.execute(args.toArray(new String[0]));
            commandLine.getOut().flush();
            out.flush();
            return exitCode;
        } catch (LostOutputException e) {
            return failures.of(e);
        } catch (Error e) {
            return failures.of(e);
        }
    }

    /** Lets signals interrupt the command from now on; returns false if one ends the process already. */
    private static boolean begin(CommandLine.ParseResult parsed, SignalExit signals) {
        boolean help = parsed.asCommandLineList().stream()
                .anyMatch(command -> command.isUsageHelpRequested() || command.isVersionHelpRequested());
        if (!help) {
            // It takes an interrupt while it sets itself up for a fatal error, and shows the stack.
            LoggerFactory.getLogger(Main.class);
        }
        return signals.begin();
    }

    @Override
    public void run() {
        throw new ParameterException(
                spec.commandLine(),
                "Name a command: "
                        + Commands.all().keySet().stream()
                                .filter(name -> !name.equals("help"))
                                .collect(Collectors.joining(", "))
                        + ".");
    }

    /** The version of this build. */
    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            return new String[] {"flink-gpt2 " + SystemFingerprint.version()};
        }
    }
}
