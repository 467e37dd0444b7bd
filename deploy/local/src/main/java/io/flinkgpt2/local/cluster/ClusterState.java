package io.flinkgpt2.local.cluster;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.flinkgpt2.json.JsonFault;
import java.io.IOException;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;

/**
 * The content of a cluster's state file: where its servers listen, and which processes they are.
 *
 * @param java the command that the processes were started with, whose options are those in their files
 * @param kafkaPort port of the broker on {@code localhost}
 * @param webPort port of Flink's REST API and web UI on {@code localhost}
 * @param slots how many the TaskManager has
 * @param pids of the processes that were started last; they may have ended since
 */
public record ClusterState(String java, int kafkaPort, int webPort, int slots, Map<Role, Long> pids) {

    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final String HOST = "localhost";

    public ClusterState {
        pids = Map.copyOf(pids);
    }

    /** Returns the address that Kafka's clients connect to: {@code localhost:port}. */
    public String bootstrapServers() {
        return HOST + ":" + kafkaPort;
    }

    /** Flink's REST API: {@code localhost:port}. */
    public String flinkAddress() {
        return HOST + ":" + webPort;
    }

    /** Flink's web UI. */
    public String webUrl() {
        return "http://" + flinkAddress();
    }

    ClusterState with(Role role, long pid) {
        Map<Role, Long> changed = new EnumMap<>(Role.class);
        changed.putAll(pids);
        changed.put(role, pid);
        return new ClusterState(java, kafkaPort, webPort, slots, changed);
    }

    /** Returns the state as JSON. */
    String toJson() {
        ObjectNode json = MAPPER.createObjectNode()
                .put("java", java)
                .put("bootstrap_servers", bootstrapServers())
                .put("kafka_port", kafkaPort)
                .put("web_url", webUrl())
                .put("web_port", webPort)
                .put("slots", slots);
        ObjectNode processes = json.putObject("pids");
        for (Role role : Role.values()) {
            if (pids.containsKey(role)) {
                processes.put(role.fileName(), pids.get(role));
            }
        }
        return json.toPrettyString() + "\n";
    }

    /**
     * Reads what {@link #toJson} wrote.
     *
     * @throws IOException if it is something else; says what
     */
    static ClusterState parse(String text) throws IOException {
        JsonNode json;
        try {
            json = MAPPER.readTree(text);
        } catch (JsonProcessingException e) {
            throw new IOException("found text that is not JSON (" + JsonFault.reason(e) + ")", e);
        }
        Map<Role, Long> pids = new EnumMap<>(Role.class);
        for (Map.Entry<String, JsonNode> process : json.path("pids").properties()) {
            pids.put(role(process.getKey()), number(process.getKey(), process.getValue(), Long.MAX_VALUE));
        }
        if (!json.path("java").isTextual()) {
            throw new IOException("found " + shown(json.path("java")) + " of java, expected a path");
        }
        return new ClusterState(
                json.path("java").textValue(),
                (int) number("kafka_port", json.path("kafka_port"), 65_535),
                (int) number("web_port", json.path("web_port"), 65_535),
                (int) number("slots", json.path("slots"), Integer.MAX_VALUE),
                pids);
    }

    private static Role role(String name) throws IOException {
        for (Role role : Role.values()) {
            if (role.fileName().equals(name)) {
                return role;
            }
        }
        throw new IOException("found the process '" + name + "', expected kafka, jobmanager or taskmanager");
    }

    private static long number(String name, JsonNode value, long most) throws IOException {
        if (!value.canConvertToLong()
                || !value.isIntegralNumber()
                || value.longValue() < 1
                || value.longValue() > most) {
            throw new IOException(String.format(
                    Locale.ROOT, "found %s of %s, expected a whole number in 1..%d", shown(value), name, most));
        }
        return value.longValue();
    }

    private static String shown(JsonNode value) {
        return value.isMissingNode() ? "none" : value.toString();
    }
}
