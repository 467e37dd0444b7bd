package io.flinkgpt2.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.flinkgpt2.job.MonitoringFiles.Query;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The page of metrics that Flink's reporter shows Prometheus: the names, labels and values that there really are. */
final class MetricsPage {

    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final Pattern SAMPLE = Pattern.compile("(\\w+)(?:\\{(.*)})? (\\S+)");
    private static final Pattern LABEL = Pattern.compile("(\\w+)(=|=~)\"([^\"]*)\"");
    /** A metric in an expression, with its selector. */
    private static final Pattern METRIC = Pattern.compile("\\b(flink_\\w+)(?:\\{([^}]*)})?");

    private static final Pattern GROUPING = Pattern.compile("\\bby \\(([^)]*)\\)");

    private final List<Sample> samples;

    /** A line of the page. */
    record Sample(String name, Map<String, String> labels, double value) {}

    private MetricsPage(List<Sample> samples) {
        this.samples = samples;
    }

    /** Returns the settings of a cluster that shows its metrics at a port. */
    static Map<String, String> reporter(int port) {
        return Map.of(
                "metrics.reporter.prometheus.factory.class",
                "org.apache.flink.metrics.prometheus.PrometheusReporterFactory",
                "metrics.reporter.prometheus.port",
                Integer.toString(port));
    }

    static MetricsPage read(int port) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://localhost:" + port + "/metrics"))
                .build();
        HttpResponse<String> response = HTTP.send(request, HttpResponse.BodyHandlers.ofString());
        assertThat(response.statusCode()).isEqualTo(200);
        List<Sample> samples = new ArrayList<>();
        for (String line : response.body().lines().toList()) {
            if (!line.startsWith("#")) {
                Matcher sample = SAMPLE.matcher(line);
                assertThat(sample.matches()).as(line).isTrue();
                samples.add(new Sample(
                        sample.group(1),
                        labels(sample.group(2) == null ? "" : sample.group(2)),
                        Double.parseDouble(sample.group(3).replace("Inf", "Infinity"))));
            }
        }
        return new MetricsPage(samples);
    }

    private static Map<String, String> labels(String text) {
        Map<String, String> labels = new HashMap<>();
        Matcher label = LABEL.matcher(text);
        while (label.find()) {
            labels.put(label.group(1), label.group(3));
        }
        return labels;
    }

    /** Returns the values of a metric where a label has a value. */
    List<Double> values(String metric, String label, String value) {
        return samples.stream()
                .filter(sample -> sample.name().equals(metric)
                        && value.equals(sample.labels().get(label)))
                .map(Sample::value)
                .toList();
    }

    /** Returns the metrics and labels that expressions name and this page lacks. */
    List<String> missing(List<Query> queries) {
        List<String> missing = new ArrayList<>();
        for (Query query : queries) {
            TreeSet<String> labels = new TreeSet<>();
            Matcher metric = METRIC.matcher(query.expression());
            while (metric.find()) {
                List<Sample> found = samples.stream()
                        .filter(sample -> sample.name().equals(metric.group(1)))
                        .filter(sample -> matches(sample, metric.group(2) == null ? "" : metric.group(2)))
                        .toList();
                if (found.isEmpty()) {
                    missing.add(query.owner() + ": " + metric.group());
                }
                found.forEach(sample -> labels.addAll(sample.labels().keySet()));
            }
            Matcher grouping = GROUPING.matcher(query.expression());
            while (grouping.find()) {
                if (!labels.containsAll(List.of(grouping.group(1).split(", ")))) {
                    missing.add(query.owner() + ": " + grouping.group());
                }
            }
        }
        return missing;
    }

    private static boolean matches(Sample sample, String selector) {
        Matcher wanted = LABEL.matcher(selector);
        while (wanted.find()) {
            String value = sample.labels().get(wanted.group(1));
            if (value == null
                    || !(wanted.group(2).equals("=")
                            ? value.equals(wanted.group(3))
                            : value.matches(wanted.group(3)))) {
                return false;
            }
        }
        return true;
    }
}
