package io.flinkgpt2.job;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.jar.JarFile;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the packaged job jar holds, and what it leaves to the cluster. */
class JobJarIT {

    private static final Pattern POM_PROPERTIES = Pattern.compile("META-INF/maven/([^/]+)/([^/]+)/pom\\.properties");

    private static JarFile jar;
    private static List<String> entries;

    @BeforeAll
    static void open() throws IOException {
        jar = new JarFile(System.getProperty("job.jar"));
        entries = jar.stream().map(ZipEntry::getName).toList();
    }

    @AfterAll
    static void close() throws IOException {
        jar.close();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "io/flinkgpt2/job/CompletionJob.class",
                "io/flinkgpt2/generation/",
                "org/apache/flink/connector/kafka/source/KafkaSource.class",
                "org/apache/flink/connector/base/source/reader/SourceReaderBase.class",
                "org/apache/kafka/clients/producer/KafkaProducer.class",
                "com/fasterxml/jackson/databind/ObjectMapper.class",
                "com/github/luben/zstd/ZstdOutputStream.class",
                "com/knuddels/jtokkit/api/Encoding.class",
                "net/jpountz/lz4/LZ4Factory.class",
                "org/xerial/snappy/Snappy.class",
                "META-INF/LICENSE",
                "META-INF/licenses/MIT.txt",
                "META-INF/licenses/BSD-2-Clause.txt",
                "META-INF/licenses/BSD-3-Clause.txt"
            })
    void theJobAndItsLibrariesAreInside(String entry) {
        assertThat(entries).anyMatch(name -> name.startsWith(entry));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "kafka/server/",
                "org/apache/commons/",
                "org/apache/flink/api/",
                "org/apache/flink/core/",
                "org/apache/flink/runtime/",
                "org/apache/flink/streaming/api/environment/",
                "org/apache/kafka/metadata/",
                "org/apache/logging/",
                "org/slf4j/",
                "scala/",
                "module-info.class",
                "common/message/"
            })
    void whatTheClusterBringsIsNot(String prefix) {
        assertThat(entries).noneMatch(name -> name.startsWith(prefix));
    }

    @ParameterizedTest
    @ValueSource(strings = {"io/flinkgpt2/cli/", "io/flinkgpt2/local/", "me/tongfei/", "org/jline/", "picocli/"})
    void neitherTheCommandLineNorClustersAreInside(String prefix) {
        assertThat(entries).noneMatch(name -> name.startsWith(prefix));
    }

    @Test
    void noEntryIsThereTwice() {
        assertThat(entries).doesNotHaveDuplicates();
    }

    @Test
    void noSignatureIsLeftThatWouldNoLongerHold() {
        assertThat(entries).noneMatch(name -> name.matches("META-INF/[^/]+\\.(SF|DSA|RSA)"));
    }

    @Test
    void servicesOfAllLibrariesAreKept() throws IOException {
        assertThat(text("META-INF/services/com.fasterxml.jackson.databind.Module"))
                .contains("JavaTimeModule", "Jdk8Module");
        assertThat(text("META-INF/services/org.apache.kafka.common.config.provider.ConfigProvider"))
                .contains("EnvVarConfigProvider");
    }

    @Test
    void theMainClassIsTheJob() throws IOException {
        assertThat(jar.getManifest().getMainAttributes().getValue("Main-Class"))
                .isEqualTo("io.flinkgpt2.job.CompletionJob");
        assertThat(jar.isMultiRelease()).isTrue();
    }

    @Test
    void everyBundledLibraryThatNamesItselfIsInTheNotice() throws IOException {
        List<String> bundled = entries.stream()
                .map(POM_PROPERTIES::matcher)
                .filter(Matcher::matches)
                .map(name -> name.group(1) + ":" + name.group(2))
                .filter(name -> !name.startsWith("io.flinkgpt2:"))
                .toList();
        String notice = text("META-INF/NOTICE");

        assertThat(bundled).isNotEmpty().allSatisfy(name -> assertThat(notice).contains("- " + name));
    }

    private static String text(String entry) throws IOException {
        ZipEntry found = jar.getEntry(entry);
        assertThat(found).as(entry).isNotNull();
        try (InputStream in = jar.getInputStream(found)) {
            return new String(in.readAllBytes(), UTF_8);
        }
    }
}
