package io.flinkgpt2.deploy;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The libraries that the distributed jars bundle, by their bills of materials; each is named in the jar's notice under its licence. */
@Tag("full") // the bills are made in the full run
class BundledLibrariesIT {

    private static final Pattern POM_PROPERTIES = Pattern.compile("META-INF/maven/([^/]+)/([^/]+)/pom\\.properties");
    private static final Pattern NAMED = Pattern.compile("- ([\\w.-]+:[\\w.-]+)(,.*)?");
    private static final String OURS = "io.flinkgpt2:";

    /** Licences by their SPDX identifiers, or the names in POMs that have none, and the heading of a notice for each. */
    private static final Map<String, String> HEADINGS = Map.of(
            "Apache-2.0",
            "Apache License, Version 2.0",
            "MIT",
            "MIT License",
            "BSD-2-Clause",
            "BSD 2-Clause License",
            "BSD-3-Clause",
            "BSD 3-Clause License",
            "GNU Library or Lesser General Public License (LGPL)",
            "GNU Lesser General Public License");

    /** Named in no notice of ours, for their jars hold the texts: BSD's of three clauses, and one like MIT's. */
    private static final Set<String> FURTHER = Set.of("Go License", "Unicode/ICU License");

    /** The bill takes JLine's "The BSD License" for that of four clauses; its POM links to that of three. */
    private static final Map<String, String> MISREAD =
            Map.of("org.jline:jline-native", "BSD-3-Clause", "org.jline:jline-terminal", "BSD-3-Clause");

    private static final ObjectMapper MAPPER = new ObjectMapper();

    /** A library: version and the identifiers, or where it has none the names, of its licences. */
    private record Library(String version, Set<String> licences) {}

    private static Map<String, Library> bill(String module) throws IOException {
        Path file = Command.deploy().resolve(module).resolve("target/bom.json");
        assertThat(file)
                .as("bill of materials, which Maven writes in its phase pre-integration-test, and leaves out with -o")
                .exists();
        Map<String, Library> libraries = new TreeMap<>();
        for (JsonNode component : MAPPER.readTree(Files.readString(file)).get("components")) {
            Set<String> licences = new TreeSet<>();
            StreamSupport.stream(component.path("licenses").spliterator(), false)
                    .map(licence -> licence.path("license"))
                    .forEach(licence -> licences.add(
                            licence.path("id").asText(licence.path("name").asText())));
            String name = component.get("group").asText() + ":"
                    + component.get("name").asText();
            libraries.put(
                    name,
                    new Library(
                            component.get("version").asText(),
                            MISREAD.containsKey(name) ? Set.of(MISREAD.get(name)) : licences));
        }
        assertThat(libraries).isNotEmpty();
        return libraries;
    }

    private static Map<String, Library> others(String module) throws IOException {
        Map<String, Library> libraries = bill(module);
        libraries.keySet().removeIf(name -> name.startsWith(OURS));
        return libraries;
    }

    @ParameterizedTest
    @CsvSource({
        "flink-gpt2-job.jar, ../job",
        "flink-gpt2-sql-provider.jar, sql-provider",
        "cli/flink-gpt2-parquet.jar, parquet"
    })
    void theNoticeNamesWhatTheJarBundlesAndNoOther(String jarName, String module) throws IOException {
        try (JarFile jar = new JarFile(dist(jarName).toFile())) {
            List<String> entries = jar.stream().map(JarEntry::getName).toList();
            assertThat(entries).doesNotHaveDuplicates().contains("META-INF/LICENSE");
            Map<String, Library> libraries = others(module);
            String notice = text(jar, "META-INF/NOTICE");

            Set<String> named = assertNames(notice, libraries);
            named.removeAll(libraries.keySet());
            assertThat(entries).containsAll(licenceFiles(notice));
            for (String entry : entries) {
                Matcher matcher = POM_PROPERTIES.matcher(entry);
                String name = matcher.matches() ? matcher.group(1) + ":" + matcher.group(2) : OURS;
                if (!name.startsWith(OURS)) {
                    Properties properties = new Properties();
                    properties.load(jar.getInputStream(jar.getEntry(entry)));
                    assertThat(notice).contains("- " + name);
                    named.remove(name);
                    if (libraries.containsKey(name)) {
                        assertThat(properties.getProperty("version"))
                                .as(name)
                                .isEqualTo(libraries.get(name).version());
                    }
                }
            }
            assertThat(named)
                    .as("named, but neither a dependency nor inside of one")
                    .isEmpty();
        }
    }

    @Test
    void theNoticeNamesWhatOnlyTheCommandLineHas() throws IOException {
        Map<String, Library> libraries = others("");
        Map<String, Library> ofTheCommandLine = new TreeMap<>();
        for (String jar : jars("cli")) {
            if (!jar.startsWith("flink-gpt2-")) {
                String name = libraries.keySet().stream()
                        .filter(library -> library.endsWith(":" + jar))
                        .findFirst()
                        .orElseThrow(() -> new AssertionError(jar + " is in no bill of materials"));
                ofTheCommandLine.put(name, libraries.get(name));
            }
        }

        assertThat(ofTheCommandLine).isNotEmpty();
        assertNames(Files.readString(Command.deploy().resolve("../NOTICE")), ofTheCommandLine);
    }

    @Test
    void whateverIsDistributedHasALicenceThatAllowsIt() throws IOException {
        Set<String> allowed = new TreeSet<>(HEADINGS.keySet());
        allowed.addAll(FURTHER);

        assertThat(others(""))
                .hasSizeGreaterThan(60)
                .allSatisfy((name, library) ->
                        assertThat(library.licences()).as(name).containsAnyElementsOf(allowed));
    }

    /** Returns the names that a notice has. */
    private static Set<String> assertNames(String notice, Map<String, Library> libraries) {
        Map<String, String> headings = new HashMap<>();
        String heading = "";
        for (String line : notice.lines().toList()) {
            String start = line;
            heading = HEADINGS.values().stream()
                    .filter(start::startsWith)
                    .findFirst()
                    .orElse(heading);
            Matcher named = NAMED.matcher(line);
            if (named.matches()) {
                headings.put(named.group(1), heading);
            }
        }
        libraries.forEach(
                (name, library) -> assertThat(library.licences().stream().map(HEADINGS::get))
                        .as(name + ", whose licences are " + library.licences())
                        .contains(headings.get(name)));
        return headings.keySet();
    }

    private static List<String> licenceFiles(String notice) {
        return Pattern.compile("META-INF/[\\w./-]*[\\w]")
                .matcher(notice)
                .results()
                .map(file -> file.group())
                .filter(file -> !file.equals("META-INF/maven"))
                .toList();
    }

    /** The names of jars in a folder of the distribution, without versions. */
    private static List<String> jars(String folder) throws IOException {
        try (Stream<Path> files = Files.list(dist(folder))) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".jar"))
                    .map(name -> name.substring(0, name.length() - ".jar".length()))
                    .toList();
        }
    }

    private static Path dist(String name) {
        return Command.deploy().resolve("target/dist").resolve(name);
    }

    private static String text(JarFile jar, String entry) throws IOException {
        try (InputStream in = jar.getInputStream(jar.getEntry(entry))) {
            return new String(in.readAllBytes(), UTF_8);
        }
    }
}
