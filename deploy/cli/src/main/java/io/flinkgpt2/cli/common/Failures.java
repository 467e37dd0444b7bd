package io.flinkgpt2.cli.common;

import io.flinkgpt2.job.InvalidOptionException;
import io.flinkgpt2.job.files.InvalidInputException;
import io.flinkgpt2.job.kafka.KafkaAccessException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.PrintStream;
import java.net.SocketTimeoutException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import org.apache.kafka.common.errors.InterruptException;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.ParameterException;

/** The failures of commands, as they are told: printed on one line each, and mapped to an exit code. */
public final class Failures {

    private final PrintStream err;
    private final BooleanSupplier signalled;
    /** Whether lost output was told: what is printed later fails for the same reason. */
    private boolean lostOutputIsTold;

    /** @param signalled whether a signal asks for the end: nobody needs a stack of what fails then */
    public Failures(PrintStream err, BooleanSupplier signalled) {
        this.err = err;
        this.signalled = signalled;
    }

    /** Says what is wrong with the command line. */
    public int wrongUsage(ParameterException problem) {
        print(WrongUsage.message(problem));
        print("Try '" + problem.getCommandLine().getCommandSpec().qualifiedName() + " --help'.");
        return ExitCode.USAGE;
    }

    /** Says what a command failed with. */
    public int of(Exception failure) {
        for (Throwable cause : causes(failure)) {
            if (cause instanceof LostOutputException lost) {
                return of(lost);
            }
        }
        if (failure instanceof InvalidOptionException || failure instanceof InvalidInputException) {
            print(failure.getMessage());
            return ExitCode.USAGE;
        }
        if (isInterruption(failure)) {
            print("Interrupted.");
            return ExitCode.SOFTWARE;
        }
        if (failure instanceof KafkaAccessException) {
            // Its causes say the same in Kafka's words.
            print(failure.getMessage());
            return ExitCode.SOFTWARE;
        }
        printCauses(failure);
        return ExitCode.SOFTWARE;
    }

    private int of(LostOutputException lost) {
        if (lost.isBrokenPipe()) {
            return ExitCode.OK;
        }
        if (!lostOutputIsTold) {
            print(lost.getMessage());
        }
        lostOutputIsTold = true;
        return ExitCode.SOFTWARE;
    }

    /** Says what the JVM failed with. */
    public int of(Error failure) {
        if (failure instanceof OutOfMemoryError) {
            print("Out of memory (" + failure.getMessage() + "): give the JVM more, for example by"
                    + " FLINK_GPT2_JAVA_OPTS=-Xmx8g; a model takes 4 bytes a parameter, 2 with --precision bf16.");
        } else if (signalled.getAsBoolean()) {
            // A class whose loading or initialisation the signal has broken off.
            print("Interrupted.");
        } else {
            // A fault of this program or its JVM: whoever looks into it needs the stack.
            failure.printStackTrace(err);
        }
        return ExitCode.SOFTWARE;
    }

    /** One line for each cause that says something new; the stack too where even the first says nothing. */
    private void printCauses(Throwable failure) {
        String last = null;
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            String message = message(cause);
            if (last == null || !last.contains(message)) {
                print((last == null ? "" : "  caused by: ") + message);
                last = message;
            }
        }
        boolean saysNothing = failure.getMessage() == null && !signalled.getAsBoolean();
        if (saysNothing || System.getenv("FLINK_GPT2_STACKTRACE") != null) {
            failure.printStackTrace(err);
        }
    }

    /**
     * Prints a message. It repeats names of files and fields, and what servers and libraries say: none of it may steer the
     * terminal, and what follows its first line is indented, so that it does not pass for a message of its own.
     */
    private void print(String message) {
        String indent = "";
        for (String line : message.split("\n")) {
            err.println(indent + Printable.line(line));
            indent = "  ";
        }
    }

    private boolean isInterruption(Throwable failure) {
        return isItselfInterruption(failure)
                || signalled.getAsBoolean() && causes(failure).stream().anyMatch(Failures::isItselfInterruption);
    }

    private static boolean isItselfInterruption(Throwable failure) {
        return failure instanceof CancellationException
                || failure instanceof InterruptedException
                || failure instanceof ClosedByInterruptException
                || failure instanceof InterruptException
                || failure instanceof InterruptedIOException && !(failure instanceof SocketTimeoutException);
    }

    /** Returns the failure, its cause, the cause of that, and so on. */
    private static Set<Throwable> causes(Throwable failure) {
        Set<Throwable> causes = Collections.newSetFromMap(new IdentityHashMap<>());
        for (Throwable cause = failure; cause != null && causes.add(cause); ) {
            cause = cause.getCause();
        }
        return causes;
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
        if (cause.getClass() == IOException.class && isOfTheSystem(cause.getMessage())) {
            return "A file cannot be written (" + cause.getMessage() + "); make room for it, and run the command again";
        }
        return cause.getMessage() == null ? cause.toString() : cause.getMessage();
    }

    /** Returns whether a message is all that the system says when a write fails; it names no file. */
    private static boolean isOfTheSystem(String message) {
        return message != null && message.matches("No space left on device|Disk quota exceeded|Read-only file system");
    }
}
