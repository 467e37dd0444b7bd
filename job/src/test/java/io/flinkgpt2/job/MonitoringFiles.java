package io.flinkgpt2.job;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.yaml.snakeyaml.Yaml;

/** The files of {@code deploy/monitoring}, as Prometheus and Grafana read them. */
final class MonitoringFiles {

    static final Path GRAFANA = Path.of("..", "deploy", "monitoring", "grafana");
    static final Path PROMETHEUS = Path.of("..", "deploy", "monitoring", "prometheus");
    static final Path ALERTS = PROMETHEUS.resolve("alerts.yml");
    static final Path ALERT_TESTS = PROMETHEUS.resolve("alerts.test.yml");
    /** Prometheus in {@code docker-compose.yml}, and beside a cluster on this machine. */
    static final List<Path> CONFIGURATIONS =
            List.of(PROMETHEUS.resolve("prometheus.yml"), PROMETHEUS.resolve("prometheus-local.yml"));

    private static final ObjectMapper MAPPER = new ObjectMapper();

    private MonitoringFiles() {}

    /** A query that a file asks, with the alert or panel that asks it. */
    record Query(String owner, String expression) {}

    /** An alert rule. */
    record Alert(String name, String expression, String severity, Map<String, String> annotations) {}

    /** A panel of the dashboard. */
    record Panel(int id, String title, String description, String source, List<String> expressions) {}

    /** Returns the document of a YAML file. */
    static Map<String, Object> yaml(Path file) throws IOException {
        try (Reader reader = Files.newBufferedReader(file)) {
            return new Yaml().load(reader);
        }
    }

    static List<Alert> alerts() throws IOException {
        List<Alert> alerts = new ArrayList<>();
        for (Object group : (List<?>) yaml(ALERTS).get("groups")) {
            for (Object each : (List<?>) ((Map<?, ?>) group).get("rules")) {
                Map<?, ?> rule = (Map<?, ?>) each;
                Map<String, String> annotations = new HashMap<>();
                ((Map<?, ?>) rule.get("annotations"))
                        .forEach((key, value) -> annotations.put(key.toString(), value.toString()));
                alerts.add(new Alert(
                        (String) rule.get("alert"),
                        (String) rule.get("expr"),
                        ((Map<?, ?>) rule.get("labels")).get("severity").toString(),
                        annotations));
            }
        }
        return alerts;
    }

    static JsonNode dashboard() throws IOException {
        return MAPPER.readTree(GRAFANA.resolve("dashboards/flink-gpt2.json").toFile());
    }

    /** Returns the panels that show something; rows do not. */
    static List<Panel> panels() throws IOException {
        List<Panel> panels = new ArrayList<>();
        for (JsonNode panel : dashboard().path("panels")) {
            if (!panel.path("type").asText().equals("row")) {
                panels.add(new Panel(
                        panel.path("id").intValue(),
                        panel.path("title").asText(),
                        panel.path("description").asText(),
                        panel.at("/datasource/uid").asText(),
                        panel.path("targets").findValuesAsText("expr")));
            }
        }
        return panels;
    }

    /** Returns what panels ask Prometheus: all jobs, and the rates of a minute. */
    static List<Query> panelQueries() throws IOException {
        return panels().stream()
                .flatMap(panel -> panel.expressions().stream()
                        .map(expression -> new Query(
                                panel.title(),
                                expression.replace("$__rate_interval", "1m").replace("$job", ".*"))))
                .toList();
    }

    static List<Query> alertQueries() throws IOException {
        return alerts().stream()
                .map(alert -> new Query(alert.name(), alert.expression()))
                .toList();
    }

    static List<Query> queries() throws IOException {
        return Stream.concat(panelQueries().stream(), alertQueries().stream()).toList();
    }
}
