package io.flinkgpt2.deploy;

import java.io.BufferedWriter;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Option;

/** The command {@code batch} on very many short prompts: when the first answer comes, and whether its memory grows. */
@CommandLine.Command(
        name = "many-prompts",
        mixinStandardHelpOptions = true,
        description = {
            "Time from the start of 'batch' to the first answer that it writes, with few prompts and with many; and the resident memory"
                    + " of the process while it generates: the largest from a quarter of the time on, over that at a quarter.",
            "On Linux, for memory is read from /proc."
        })
final class ManyPrompts implements Callable<Integer> {

    private static final double LATER_SECONDS = 1;
    private static final double GROWTH = 1.05;
    private static final long LOOK_MS = 20;

    /** One look at the process: seconds since its start, and its resident memory in KiB. */
    private record Look(double seconds, long resident) {}

    /** A run: seconds to the first answer, and the looks until the last. */
    private record Observed(double firstAnswer, List<Look> looks) {}

    @Option(names = "--prompts", defaultValue = "2000000", description = "Many (default: ${DEFAULT-VALUE}).")
    private int prompts;

    @Option(names = "--few", defaultValue = "100", description = "Few (default: ${DEFAULT-VALUE}).")
    private int few;

    @Option(
            names = "--repeats",
            defaultValue = "3",
            description = "Runs of few, of which the median counts (default: 3).")
    private int repeats;

    @Option(names = "--model", description = "Directory of a model (default: a very small one of the tests).")
    private Path model = Command.testData("golden/tied-tanh");

    private final PrintStream out;
    private final Path directory;

    ManyPrompts(PrintStream out, Path directory) {
        this.out = out;
        this.directory = directory;
    }

    public static void main(String[] args) throws IOException {
        Script.main("many-prompts", ManyPrompts::new, args);
    }

    @Override
    public Integer call() throws Exception {
        List<Double> firsts = new ArrayList<>();
        for (int repeat = 0; repeat < repeats; repeat++) {
            firsts.add(run(few).firstAnswer());
            Script.say(out, "%d prompts: first answer after %.2f s", few, firsts.get(repeat));
        }
        Observed observed = run(prompts);
        Script.say(out, "%d prompts: first answer after %.2f s", prompts, observed.firstAnswer());
        List<Look> looks = observed.looks();
        double first = observed.firstAnswer();
        double last = looks.get(looks.size() - 1).seconds();
        long atQuarter = looks.stream()
                .filter(look -> look.seconds() >= first + (last - first) / 4)
                .findFirst()
                .orElseThrow()
                .resident();
        long most = looks.stream()
                .filter(look -> look.seconds() >= first + (last - first) / 4)
                .mapToLong(Look::resident)
                .max()
                .orElseThrow();
        for (int tenth = 0; tenth <= 10; tenth++) {
            Look look = looks.get((looks.size() - 1) * tenth / 10);
            Script.say(out, "%7.1f s: %d MiB", look.seconds(), look.resident() / 1024);
        }

        Requirements requirements = new Requirements();
        requirements.atMost(
                "first answer of " + prompts + " prompts, seconds later than of " + few,
                LATER_SECONDS,
                observed.firstAnswer() - SteadyState.median(firsts));
        requirements.atMost("resident memory, largest over that at a quarter", GROWTH, most / (double) atQuarter);
        requirements.shown("  at a quarter, MiB", atQuarter / 1024.0);
        requirements.shown("  prompts/s while generating", prompts / (last - first));
        return requirements.print(out);
    }

    private Observed run(int count) throws Exception {
        Path in = directory.resolve("in.txt");
        try (BufferedWriter writer = Files.newBufferedWriter(in)) {
            for (int i = 0; i < count; i++) {
                writer.write("The king " + i + "\n");
            }
        }
        Path answers = directory.resolve(".out.txt.run/parts");
        long start = System.nanoTime();
        Command command = Command.launcher("batch", "-i", in.toString(), "-o", directory.resolve("out.txt") + "")
                .with("--overwrite", "--model", model.toString(), "--max-tokens", "1", "--parallelism", "2");
        double first = 0;
        List<Look> looks = new ArrayList<>();
        try (Running running = command.start()) {
            // The run's directory goes when all answers are merged.
            while (ProcessHandle.of(running.pid()).isPresent() && (first == 0 || Files.exists(answers))) {
                double now = (System.nanoTime() - start) * 1e-9;
                if (first == 0 && holdsAnswers(answers)) {
                    first = now;
                }
                if (first != 0) {
                    resident(running.pid()).ifPresent(kib -> looks.add(new Look(now, kib)));
                }
                Thread.sleep(first == 0 ? LOOK_MS : 10 * LOOK_MS);
            }
            Run run = running.await(JobRuns.PATIENCE);
            if (run.exitCode() != 0 || !run.out().startsWith(count + " prompts: " + count + " answered")) {
                throw new IllegalStateException("'batch' ended with " + run.exitCode() + ": " + run.out() + run.err());
            }
        }
        return new Observed(first, looks);
    }

    private static boolean holdsAnswers(Path directory) throws IOException {
        if (!Files.isDirectory(directory)) {
            return false;
        }
        try (Stream<Path> files = Files.walk(directory)) {
            return files.anyMatch(
                    file -> Files.isRegularFile(file) && file.toFile().length() > 0);
        } catch (java.io.UncheckedIOException e) {
            return false; // a file went while it was looked at
        }
    }

    private static Optional<Long> resident(long pid) {
        try (Stream<String> lines = Files.lines(Path.of("/proc/" + pid + "/status"))) {
            return lines.filter(line -> line.startsWith("VmRSS:"))
                    .map(line -> Long.valueOf(line.replaceAll("\\D", "")))
                    .findFirst();
        } catch (IOException | java.io.UncheckedIOException e) {
            return Optional.empty(); // it has just ended
        }
    }
}
