package io.flinkgpt2.job;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.flinkgpt2.job.MonitoringFiles.Alert;
import io.flinkgpt2.job.MonitoringFiles.Panel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Checks of {@code deploy/monitoring} and of {@code docs/operations.md} that need no Prometheus. That the metrics exist shows in
 * {@link LostTransactionIT}.
 */
class MonitoringTest {

    private static final Path DOCS = Path.of("..", "docs");
    private static final String PAGE = "docs/operations.md";
    private static final String PORT = "9249";
    private static final Pattern METRIC = Pattern.compile("\\bflink_\\w+|\\bup\\b(?=\\{)");

    private static final Pattern WARNING = Pattern.compile("\\b(?:LOG|log)\\.(?:warn|error)\\(\\s*\"([^\"]+)");

    private static String operations() throws IOException {
        return Files.readString(DOCS.resolve("operations.md"));
    }

    private static List<String> names() throws IOException {
        return MonitoringFiles.alerts().stream().map(Alert::name).toList();
    }

    @Test
    void everyAlertSaysWhatItMeansAndHasItsRunbook() throws IOException {
        assertThat(names()).hasSizeGreaterThan(10).doesNotHaveDuplicates();
        for (Alert alert : MonitoringFiles.alerts()) {
            assertThat(alert.severity()).as(alert.name()).isIn("critical", "warning");
            assertThat(alert.annotations().keySet())
                    .as(alert.name())
                    .isEqualTo(Set.of("summary", "description", "runbook"));
            assertThat(alert.annotations().get("description")).as(alert.name()).hasSizeGreaterThan(30);
            assertThat(alert.annotations())
                    .as(alert.name())
                    .containsEntry("runbook", PAGE + "#" + alert.name().toLowerCase(Locale.ROOT));
        }
    }

    @Test
    void everyRunbookIsThatOfAnAlert() throws IOException {
        String runbooks = section(operations(), "## Alerts");

        List<String> headings = Pattern.compile("(?m)^### (.+)$")
                .matcher(runbooks)
                .results()
                .map(heading -> heading.group(1))
                .toList();
        assertThat(headings).containsExactlyElementsOf(names());
        for (String name : headings) {
            assertThat(section(runbooks, "### " + name).strip()).as(name).hasSizeGreaterThan(80);
        }
    }

    /** Returns what stands between a heading and the next one of its level. */
    private static String section(String page, String heading) {
        String level = heading.substring(0, heading.indexOf(' '));
        int start = page.indexOf("\n" + heading + "\n") + heading.length() + 2;
        assertThat(start).as(heading).isGreaterThan(heading.length() + 1);
        int end = page.indexOf("\n" + level + " ", start);
        return page.substring(start, end < 0 ? page.length() : end);
    }

    @Test
    void everyAlertIsSeenToFireAndTheHealthyJobHasAllMetrics() throws IOException {
        Map<String, Object> tests = MonitoringFiles.yaml(MonitoringFiles.ALERT_TESTS);
        assertThat(tests.get("rule_files")).isEqualTo(List.of("alerts.yml"));
        Set<String> fired = new TreeSet<>();
        List<?> groups = (List<?>) tests.get("tests");
        for (Object group : groups.subList(1, groups.size())) {
            Map<?, ?> asked = (Map<?, ?>) ((List<?>) ((Map<?, ?>) group).get("promql_expr_test")).get(0);
            List<?> expected = (List<?>) asked.get("exp_samples");
            assertThat(expected).as(asked.toString()).hasSize(1);
            fired.addAll(found("(?<=alertname=\")\\w+", expected.toString()));
        }
        assertThat(fired).containsExactlyInAnyOrderElementsOf(names());

        Map<?, ?> healthy = (Map<?, ?>) groups.get(0);
        Set<String> known = ((List<?>) healthy.get("input_series"))
                .stream()
                        .flatMap(series ->
                                found(METRIC.pattern() + "|^up\\b", ((Map<?, ?>) series).get("series") + "").stream())
                        .collect(Collectors.toSet());
        for (Alert alert : MonitoringFiles.alerts()) {
            assertThat(known).as(alert.name()).containsAll(found(METRIC.pattern(), alert.expression()));
        }
    }

    private static List<String> found(String pattern, String text) {
        return Pattern.compile(pattern)
                .matcher(text)
                .results()
                .map(MatchResult::group)
                .toList();
    }

    @Test
    void everyPanelSaysWhatItShowsAndAsksTheSourceThatIsThere() throws IOException {
        Map<?, ?> source = (Map<?, ?>) ((List<?>)
                        MonitoringFiles.yaml(MonitoringFiles.GRAFANA.resolve("provisioning/datasources/prometheus.yml"))
                                .get("datasources"))
                .get(0);
        Set<Integer> ids = new HashSet<>();
        for (Panel panel : MonitoringFiles.panels()) {
            assertThat(ids.add(panel.id())).as("id of %s", panel.title()).isTrue();
            assertThat(panel.description()).as(panel.title()).hasSizeGreaterThan(20);
            assertThat(panel.source()).as(panel.title()).isEqualTo(source.get("uid"));
            assertThat(panel.expressions()).as(panel.title()).isNotEmpty();
            assertThat(names())
                    .as(panel.title())
                    .containsAll(found("\\b(?!TaskManager)[A-Z][a-z]+(?:[A-Z][a-z]+)+\\b", panel.description()));
        }
        for (JsonNode panel : MonitoringFiles.dashboard().path("panels")) {
            for (JsonNode target : panel.path("targets")) {
                assertThat(target.at("/datasource/uid").asText()).isEqualTo(source.get("uid"));
            }
        }
    }

    @Test
    void aDashboardIsWhereGrafanaLooksForIt() throws IOException {
        Map<?, ?> provider = (Map<?, ?>) ((List<?>)
                        MonitoringFiles.yaml(MonitoringFiles.GRAFANA.resolve("provisioning/dashboards/flink-gpt2.yml"))
                                .get("providers"))
                .get(0);

        assertThat(provider.get("type")).isEqualTo("file");
        assertThat(((Map<?, ?>) provider.get("options")).get("path")).isEqualTo("/var/lib/grafana/dashboards");
        assertThat(MonitoringFiles.dashboard().path("uid").asText()).isEqualTo("flink-gpt2");
    }

    @Test
    void prometheusLooksWhereTheMetricsAre() throws IOException {
        for (Path file : MonitoringFiles.CONFIGURATIONS) {
            Map<String, Object> configuration = MonitoringFiles.yaml(file);
            assertThat(configuration.get("rule_files")).isEqualTo(List.of("alerts.yml"));
            Map<?, ?> scraped = (Map<?, ?>) ((List<?>) configuration.get("scrape_configs")).get(0);
            // The alert MetricsTargetDown asks for it.
            assertThat(scraped.get("job_name")).isEqualTo("flink");
        }
        String next = String.valueOf(Integer.parseInt(PORT) + 1);
        assertThat(ports(Files.readString(MonitoringFiles.CONFIGURATIONS.get(0))))
                .isEqualTo(Set.of(PORT));
        assertThat(ports(Files.readString(MonitoringFiles.CONFIGURATIONS.get(1))))
                .isEqualTo(Set.of(PORT, next));
        assertThat(operations()).contains("cluster start --metrics-port " + PORT);
        // Wherever the reporter is set up for a container, it is at this port.
        try (Stream<Path> files = Files.walk(Path.of("..", "deploy"))) {
            List<Path> containers = new ArrayList<>(
                    files.filter(file -> file.toString().matches(".*/deploy/(docker|kubernetes)/.*(ya?ml|Dockerfile)"))
                            .toList());
            containers.add(Path.of("..", "docker-compose.yml"));
            for (Path file : containers) {
                assertThat(found("(?<=metrics\\.reporter\\.\\w{1,20}\\.port: ['\"]?)\\d+", Files.readString(file)))
                        .as(file.toString())
                        .allMatch(PORT::equals);
            }
        }
    }

    private static Set<String> ports(String text) {
        return new HashSet<>(found("(?<=:|port: )\\d{4}\\b", text.replaceAll("(?m)^#.*$", "")));
    }

    /** Returns words of a message by which it is known: a piece between two of its values, the first that is long enough. */
    private static String words(String message) {
        List<String> pieces =
                Stream.of(message.split("\\{}")).map(String::strip).toList();
        String known = pieces.stream()
                .filter(piece -> piece.length() >= 20)
                .findFirst()
                .orElseGet(() -> Collections.max(pieces, Comparator.comparing(String::length)));
        return known.substring(0, Math.min(30, known.length()));
    }

    @Test
    void everyWarningOfTheJobIsExplained() throws IOException {
        String page = operations().replaceAll("\\s+", " ");
        List<String> unexplained = new ArrayList<>();
        int count = 0;
        for (Path module : List.of(Path.of("src/main/java"), Path.of("../model-core/src/main/java"))) {
            try (Stream<Path> files = Files.walk(module)) {
                for (Path file :
                        files.filter(each -> each.toString().endsWith(".java")).toList()) {
                    String source = Files.readString(file).replaceAll("\"\\s*\\+\\s*\"", "");
                    Matcher warning = WARNING.matcher(source);
                    while (warning.find()) {
                        count++;
                        if (!page.contains(words(warning.group(1)))) {
                            unexplained.add(file.getFileName() + ": " + warning.group(1));
                        }
                    }
                }
            }
        }
        assertThat(count).isGreaterThan(15);
        assertThat(unexplained).as("messages to explain in " + PAGE).isEmpty();
    }
}
