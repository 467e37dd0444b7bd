package io.flinkgpt2.cli.plan;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** A plan as one line of JSON: times in seconds, sizes in bytes. */
final class PlanJson {

    private static final ObjectMapper MAPPER = new ObjectMapper();

    private PlanJson() {}

    static String write(Plan plan) {
        ObjectNode json = MAPPER.createObjectNode();
        json.putObject("workload")
                .put("prompts", plan.workload().prompts())
                .put("prompt_tokens", plan.workload().promptTokens())
                .put("new_tokens", plan.workload().newTokens())
                .put("model", plan.workload().model())
                .put("precision", plan.workload().precision())
                .put("max_context", plan.workload().maxContext())
                .put("batch_size", plan.batchSize())
                .put("within_s", plan.workload().withinSeconds());
        CostModel costs = plan.slot().costs();
        json.putObject("slot")
                .put("source", plan.slot().source())
                .put("prefill_s", costs.prefill())
                .put("decode_s", costs.decode())
                .put("prefill_attention_s", costs.prefillAttention())
                .put("decode_attention_s", costs.decodeAttention())
                .put("seconds_per_prompt", plan.slot().secondsPerPrompt())
                .put("tokens_per_second", plan.slot().tokensPerSecond());
        json.putObject("skew")
                .put("slowest_over_mean", plan.skew().slowest())
                .put("exchanged_over_mean", plan.skew().exchanged())
                .put("largest_partition_over_mean", plan.skew().largestPartition());
        json.putObject("cluster")
                .put("cores", plan.cluster().slots())
                .put("slots", plan.cluster().slots())
                .put("slots_per_taskmanager", plan.cluster().slotsPerTaskManager())
                .put("taskmanagers", plan.cluster().taskManagers())
                .put("partitions", plan.cluster().partitions())
                .put("jobs", plan.cluster().jobs())
                .put("seconds", plan.cluster().seconds());
        json.putObject("taskmanager_memory")
                .put("weights", plan.memory().weights())
                .put("kv_cache_per_slot", plan.memory().kvCachePerSlot())
                .put("heap", plan.memory().heap())
                .put("process", plan.memory().process());
        json.putObject("kafka")
                .put("prompt_record", plan.kafka().promptRecord())
                .put("answer_record", plan.kafka().answerRecord())
                .put("in", plan.kafka().in())
                .put("out", plan.kafka().out())
                .put("per_second", plan.kafka().bytesPerSecond())
                .put("replication", plan.kafka().replication())
                .put("stored", plan.kafka().stored());
        json.putObject("checkpoint")
                .put("per_request", plan.checkpoint().perRequest())
                .put("total", plan.checkpoint().total());
        ArrayNode assumptions = json.putArray("assumptions");
        plan.assumptions().forEach(assumptions::add);
        try {
            return MAPPER.writeValueAsString(json);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("an object of strings and numbers is always JSON", e);
        }
    }
}
