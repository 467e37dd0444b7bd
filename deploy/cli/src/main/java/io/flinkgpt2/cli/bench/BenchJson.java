package io.flinkgpt2.cli.bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.management.ManagementFactory;
import java.util.Locale;

/** The results of {@code bench} as one line of JSON. */
final class BenchJson {

    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final double MIB = 1 << 20;

    private BenchJson() {}

    static String write(BenchResults results) {
        ObjectNode json = MAPPER.createObjectNode();
        json.putObject("limits")
                .put("fma_gflops", results.limits().fmaGflops())
                .put("read_gb_per_s", results.limits().readGbPerSecond())
                .put("threads", results.limits().threads());
        json.put("mis_measured", results.misMeasured());
        ArrayNode runs = json.putArray("runs");
        results.runs().forEach(run -> runs.add(json(run, results)));
        if (!results.mixed().isEmpty()) {
            mixed(json, results);
        }
        if (!results.attention().isEmpty()) {
            attention(json, results);
        }
        if (!results.features().isEmpty()) {
            features(json, results);
        }
        results.prefix()
                .ifPresent(prefix -> json.putObject("prefix")
                        .put("cached_tokens", prefix.cached().cachedTokens())
                        .put("tokens_per_second", prefix.cached().tokensPerSecond())
                        .put("tokens_per_second_without", prefix.computed().tokensPerSecond())
                        .put("speedup", prefix.speedup())
                        .put("ids_sha256", prefix.cached().idsSha256()));
        results.load()
                .ifPresent(load -> json.putObject("load")
                        .put("file_bytes", load.fileBytes())
                        .put("first_seconds", load.firstSeconds())
                        .put("median_seconds", load.medianSeconds()));
        results.nativeMemory().ifPresent(text -> json.put("native_memory", text));
        ObjectNode java = json.putObject("java").put("version", System.getProperty("java.version"));
        ArrayNode flags = java.putArray("flags");
        ManagementFactory.getRuntimeMXBean().getInputArguments().forEach(flags::add);
        try {
            return MAPPER.writeValueAsString(json);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("an object of strings and numbers is always JSON", e);
        }
    }

    private static ObjectNode json(BenchRun run, BenchResults results) {
        ObjectNode json = MAPPER.createObjectNode()
                .put("model", run.model())
                .put("precision", lower(run.precision()))
                .put("engines", run.options().engines())
                .put("threads", run.options().threads())
                .put("streams", run.workload().streams())
                .put("prompt_tokens", run.workload().promptTokens())
                .put("new_tokens", run.workload().newTokens())
                .put("prefill_chunk", run.options().prefillChunk())
                .put("shared_tokens", run.workload().prefixTokens())
                .put("seconds", run.run().seconds())
                .put("decode_seconds", run.run().decodeSeconds())
                .put("decode_tokens", run.run().decodeTokens())
                .put("tokens_per_second", run.run().tokensPerSecond())
                .put("decode_tokens_per_second", run.run().decodeTokensPerSecond())
                .put("gflops", run.gflops())
                .put("share_of_fma", results.limits().shareOfFma(run.gflops()))
                .put("read_gb_per_s", run.readGbPerSecond())
                .put("share_of_bandwidth", results.limits().shareOfBandwidth(run.readGbPerSecond()))
                .put("cached_tokens", run.run().cachedTokens())
                .put("allocated_bytes_per_token", run.allocatedBytesPerToken())
                .put("weights_mib", run.work().matrixBytes() / MIB)
                .put("kv_mib", run.run().kvBytes() / MIB)
                .put("heap_used_mib", run.heapBytes() / MIB);
        if (run.peakBytes().isPresent()) {
            json.put("peak_rss_mib", run.peakBytes().getAsLong() / MIB);
        } else {
            json.putNull("peak_rss_mib");
        }
        return json.put("ids_sha256", run.run().idsSha256());
    }

    private static void mixed(ObjectNode json, BenchResults results) {
        ObjectNode mixed = json.putObject("mixed");
        results.mixed()
                .forEach(result -> mixed.putObject(lower(result.batching()))
                        .put("batch_size", result.batchSize())
                        .put("tokens_per_second", result.tokensPerSecond())
                        .put("seconds", result.seconds())
                        .put("latency_p50_s", result.latencyP50())
                        .put("latency_p95_s", result.latencyP95()));
        mixed.put("continuous_over_static_padded", results.continuousOverStatic(true))
                .put("continuous_over_static_leaving", results.continuousOverStatic(false));
    }

    private static void attention(ObjectNode json, BenchResults results) {
        ArrayNode attention = json.putArray("attention");
        results.attention()
                .forEach(result -> attention
                        .addObject()
                        .put("position", result.position())
                        .put("read_gb_per_s", result.readGbPerSecond())
                        .put("share_of_bandwidth", result.shareOfBandwidth())
                        .put("attention_ms", result.attentionSeconds() * 1e3)
                        .put("step_ms", result.stepSeconds() * 1e3)
                        .put("share_of_step", result.shareOfStep()));
    }

    private static void features(ObjectNode json, BenchResults results) {
        ArrayNode features = json.putArray("features");
        results.features()
                .forEach(result -> features.addObject()
                        .put("name", result.feature().key())
                        .put("plain_tokens_per_second", result.plain().tokensPerSecond())
                        .put("tokens_per_second", result.used().tokensPerSecond())
                        .put("ratio", result.ratio())
                        .put("plain_decode_tokens_per_second", result.plain().decodeTokensPerSecond())
                        .put("decode_tokens_per_second", result.used().decodeTokensPerSecond())
                        .put("decode_ratio", result.decodeRatio()));
    }

    private static String lower(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }
}
