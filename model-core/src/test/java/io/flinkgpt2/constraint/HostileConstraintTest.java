package io.flinkgpt2.constraint;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Constraints made to take time and memory are refused, or built, before they do. */
class HostileConstraintTest {
    private static final int SIZE = 100_000;

    static List<ConstraintSource> hostile() {
        List<ConstraintSource> sources = new ArrayList<>();
        for (String regex : List.of(
                "(".repeat(SIZE),
                "(a".repeat(SIZE / 3) + ")".repeat(SIZE / 3),
                "((a{1000}){1000}){1000}",
                "(((a?){1000})?){1000}",
                ".*a.{1000}",
                "(.*a.{20}|.*b.{20}|.*c.{20})*",
                ".*(a[^a]{500}|b[^b]{500}|c[^c]{500}|d[^d]{500}|e[^e]{500}|f[^f]{500})",
                "(\\p{L}{1,500}\\p{N}{1,500}){1,500}",
                "(.|\\n)*".repeat(SIZE / 8),
                "(a*)*".repeat(SIZE / 5),
                "a?".repeat(SIZE / 4) + "a".repeat(SIZE / 2),
                "[".repeat(SIZE),
                "[a&&".repeat(SIZE / 4),
                words("|", "(", ")*"),
                words("|.*", "", ""),
                IntStream.range(0, SIZE / 8)
                        .mapToObj(i -> "[\\p{L}" + Character.toString(0x3400 + i) + "]")
                        .collect(Collectors.joining()),
                IntStream.range(0, SIZE / 12).mapToObj(i -> "\\p{In" + i + "}").collect(Collectors.joining()),
                "(?:" + "(?:.{0,9}x)*".repeat(SIZE / 15) + ")*",
                "\\p{IsLatin}\\p{IsGreek}\\p{IsCyrillic}\\p{IsArabic}\\p{IsHan}\\p{IsThai}\\p{IsHebrew}\\p{IsKhmer}\\p{IsLao}")) {
            sources.add(ConstraintSource.regex(regex));
        }
        for (String schema : List.of(
                "[".repeat(SIZE),
                "{\"items\":".repeat(SIZE / 9) + "true" + "}".repeat(SIZE / 9),
                "{\"items\":".repeat(60) + "true" + "}".repeat(60),
                "{\"minItems\":1000,\"items\":".repeat(8) + "{}" + "}".repeat(8),
                "{\"type\":\"array\",\"maxItems\":1000000,\"items\":{}}",
                "{\"type\":\"string\",\"maxLength\":1000000}",
                "{\"type\":\"string\",\"maxLength\":15000}",
                "{\"type\":\"string\",\"pattern\":\".*a.{15}\",\"maxLength\":500}",
                "{\"type\":\"string\",\"pattern\":\"\\\\p{L}{1,900}\",\"maxLength\":500}",
                doubling("{\"type\":\"array\",\"items\":%s,\"minItems\":2}", "{\"anyOf\":[%s,%s]}"),
                doubling("false", "{\"anyOf\":[%s,%s]}"),
                doubling("{\"type\":\"object\"}", "{\"type\":\"object\",\"properties\":{\"a\":%s,\"b\":%s}}"),
                IntStream.range(0, SIZE / 40)
                        .mapToObj(i -> "\"property" + i + "\":{\"type\":\"string\"}")
                        .collect(Collectors.joining(",", "{\"properties\":{", "}}")),
                IntStream.range(0, SIZE / 10)
                        .mapToObj(i -> "\"a" + i + "\"")
                        .collect(Collectors.joining(",", "{\"enum\":[", "]}")),
                "{" + anyOfNothing() + ",\"required\":[" + names(6_500) + "]}",
                "{" + anyOfNothing() + ",\"enum\":[" + names(6_500) + "]}",
                "{\"anyOf\":["
                        + String.join(",", Collections.nCopies(2_000, "{\"$ref\":\"#/$defs/p\"}"))
                        + "],\"$defs\":{\"p\":{\"type\":\"string\",\"pattern\":\"" + "a?".repeat(SIZE / 4) + "\"}}}",
                "{\"a\":" + "1".repeat(SIZE) + "}",
                "{\"minimum\":1e-999999999,\"type\":\"integer\"}")) {
            sources.add(ConstraintSource.jsonSchema(schema));
        }
        sources.add(ConstraintSource.choice(
                IntStream.range(0, 10_000).mapToObj(i -> i * 31 + " or so").toList()));
        sources.add(ConstraintSource.choice(List.of("x".repeat(2_000_000))));
        return sources;
    }

    private static String words(String separator, String before, String after) {
        return IntStream.range(0, SIZE / 8)
                .mapToObj(i -> Integer.toString(i * 7919 + 46_656, 36))
                .collect(Collectors.joining(separator, before, after));
    }

    /** Returns the keyword with so many options that what stands beside it is read again and again. */
    private static String anyOfNothing() {
        return "\"anyOf\":[" + String.join(",", Collections.nCopies(15_000, "{}")) + "]";
    }

    private static String names(int count) {
        return IntStream.range(0, count).mapToObj(i -> "\"a" + i + "\"").collect(Collectors.joining(","));
    }

    /** Returns a schema in which each of forty definitions refers twice to the one before. */
    private static String doubling(String first, String form) {
        StringBuilder out =
                new StringBuilder("{\"$ref\":\"#/$defs/d40\",\"$defs\":{\"d0\":" + first.replace("%s", "true"));
        for (int i = 1; i <= 40; i++) {
            String before = "{\"$ref\":\"#/$defs/d" + (i - 1) + "\"}";
            out.append(",\"d").append(i).append("\":").append(form.replace("%s", before));
        }
        return out.append("}}").toString();
    }

    /** Processor time of this thread, which other processes do not lengthen. */
    @ParameterizedTest
    @MethodSource("hostile")
    void takesLittleTime(ConstraintSource source) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        build(source);
        long before = threads.getCurrentThreadCpuTime();
        String outcome = build(source);
        long millis = (threads.getCurrentThreadCpuTime() - before) / 1_000_000;
        assertThat(millis).as(outcome).isLessThan(2000);
    }

    /** All of them, one after the other, in a JVM that has no more memory than one may take, beside what a JVM needs itself. */
    @Test
    void takesLittleMemory() throws Exception {
        Process process = new ProcessBuilder(
                        ProcessHandle.current().info().command().orElseThrow(),
                        "-Xmx64m",
                        "-XX:+UseSerialGC",
                        "-cp",
                        System.getProperty("java.class.path"),
                        HostileConstraintTest.class.getName())
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
    }

    /** Builds each and writes how it ended. */
    public static void main(String[] args) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        for (ConstraintSource source : hostile()) {
            long before = threads.getCurrentThreadCpuTime();
            String outcome = build(source);
            System.out.println((threads.getCurrentThreadCpuTime() - before) / 1_000_000 + " ms " + outcome);
        }
    }

    private static String build(ConstraintSource source) {
        String text = source.texts().get(0);
        String shown = source.kind() + " " + text.substring(0, Math.min(60, text.length())) + " ";
        try {
            return shown + Walks.automaton(source).states();
        } catch (InvalidConstraintException e) {
            assertThat(e.getMessage()).hasSizeLessThan(500);
            return shown + e.getMessage();
        }
    }
}
