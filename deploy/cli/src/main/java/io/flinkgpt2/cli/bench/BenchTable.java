package io.flinkgpt2.cli.bench;

import io.flinkgpt2.benchmark.MachineLimits;
import java.lang.management.ManagementFactory;
import java.util.Locale;

/** The results of {@code bench} for people. */
final class BenchTable {

    private static final double MIB = 1 << 20;

    private final StringBuilder text = new StringBuilder();

    private BenchTable() {}

    static String write(BenchResults results) {
        BenchTable table = new BenchTable();
        MachineLimits limits = results.limits();
        table.line(
                "limits of %d thread(s), measured before and after: %.1f GFLOP/s of float32 FMA, %.1f GB/s read",
                limits.threads(), limits.fmaGflops(), limits.readGbPerSecond());
        table.line(
                "Java %s %s",
                System.getProperty("java.version"),
                String.join(" ", ManagementFactory.getRuntimeMXBean().getInputArguments()));
        table.runs(results);
        table.mixed(results);
        table.attention(results);
        table.features(results);
        results.prefix().ifPresent(prefix -> {
            table.line("prefix cache: %.1f tokens/s", prefix.cached().tokensPerSecond());
            table.line("without:      %.1f tokens/s", prefix.computed().tokensPerSecond());
            table.line(
                    "%.2f times the throughput, %d cached tokens, the same ids",
                    prefix.speedup(), prefix.cached().cachedTokens());
        });
        results.load()
                .ifPresent(load -> table.line(
                        "opened %.0f MB from the page cache in %.2f s, the first time in %.2f s",
                        load.fileBytes() * 1e-6, load.medianSeconds(), load.firstSeconds()));
        results.nativeMemory().ifPresent(table.text::append);
        return table.text.toString();
    }

    private void line(String format, Object... values) {
        text.append(String.format(Locale.ROOT, format, values)).append('\n');
    }

    private void runs(BenchResults results) {
        if (results.runs().isEmpty()) {
            return;
        }
        line(
                "%-14s %-5s %7s %7s %7s %7s %6s %9s %9s %6s %8s %6s %8s %8s %8s",
                "model",
                "prec.",
                "engines",
                "threads",
                "streams",
                "prompt",
                "new",
                "tokens/s",
                "GFLOP/s",
                "of FMA",
                "GB/s",
                "of rd.",
                "KV MiB",
                "RSS MiB",
                "B/token");
        for (BenchRun run : results.runs()) {
            line(
                    "%-14s %-5s %7d %7d %7d %7d %6d %9.1f %9.1f %5.1f%% %8.1f %5.1f%% %8.1f %8s %8.1f",
                    run.model(),
                    run.precision().name().toLowerCase(Locale.ROOT),
                    run.options().engines(),
                    run.options().threads(),
                    run.workload().streams(),
                    run.workload().promptTokens(),
                    run.workload().newTokens(),
                    run.run().tokensPerSecond(),
                    run.gflops(),
                    100 * results.limits().shareOfFma(run.gflops()),
                    run.readGbPerSecond(),
                    100 * results.limits().shareOfBandwidth(run.readGbPerSecond()),
                    run.run().kvBytes() / MIB,
                    run.peakBytes().isPresent()
                            ? String.format(Locale.ROOT, "%.0f", run.peakBytes().getAsLong() / MIB)
                            : "-",
                    run.allocatedBytesPerToken());
        }
        for (BenchRun run : results.runs()) {
            line(
                    "ids_sha256 %s: %s, %d streams",
                    run.run().idsSha256(), run.precision().name().toLowerCase(Locale.ROOT), run.totalStreams());
        }
    }

    private void mixed(BenchResults results) {
        if (results.mixed().isEmpty()) {
            return;
        }
        line("%-15s %10s %10s %8s %8s %8s", "batching", "batch size", "tokens/s", "seconds", "p50 s", "p95 s");
        results.mixed()
                .forEach(result -> line(
                        "%-15s %10d %10.1f %8.1f %8.2f %8.2f",
                        result.batching().name().toLowerCase(Locale.ROOT),
                        result.batchSize(),
                        result.tokensPerSecond(),
                        result.seconds(),
                        result.latencyP50(),
                        result.latencyP95()));
        line(
                "continuous: %.2f times static, padded; %.2f times static, leaving",
                results.continuousOverStatic(true), results.continuousOverStatic(false));
    }

    private void attention(BenchResults results) {
        if (results.attention().isEmpty()) {
            return;
        }
        line("%8s %8s %8s %12s %8s %8s", "position", "KV GB/s", "of rd.", "attention ms", "step ms", "share");
        results.attention()
                .forEach(result -> line(
                        "%8d %8.1f %7.1f%% %12.1f %8.1f %7.1f%%",
                        result.position(),
                        result.readGbPerSecond(),
                        100 * result.shareOfBandwidth(),
                        result.attentionSeconds() * 1e3,
                        result.stepSeconds() * 1e3,
                        100 * result.shareOfStep()));
    }

    private void features(BenchResults results) {
        if (results.features().isEmpty()) {
            return;
        }
        line("%-21s %26s %26s", "", "tokens/s, whole run", "tokens/s while decoding");
        line("%-21s %8s %8s %8s %8s %8s %8s", "feature", "without", "with", "ratio", "without", "with", "ratio");
        results.features()
                .forEach(result -> line(
                        "%-21s %8.1f %8.1f %8.3f %8.1f %8.1f %8.3f",
                        result.feature().label(),
                        result.plain().tokensPerSecond(),
                        result.used().tokensPerSecond(),
                        result.ratio(),
                        result.plain().decodeTokensPerSecond(),
                        result.used().decodeTokensPerSecond(),
                        result.decodeRatio()));
    }
}
