package io.flinkgpt2.job;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.List;
import java.util.jar.JarFile;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the packaged job jar holds, and what it leaves to the cluster. */
class JobJarIT {

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
                "io/flinkgpt2/shaded/commons/csv/CSVParser.class",
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
    void automataAreAllThatIsThereOfLucene() {
        assertThat(entries)
                .filteredOn(name -> name.startsWith("org/apache/lucene/") && name.endsWith(".class"))
                .hasSizeBetween(100, 500)
                .contains("org/apache/lucene/util/automaton/Automaton.class");
        assertThat(entries).noneMatch(name -> name.startsWith("META-INF/services/org.apache.lucene"));
    }

    static List<Arguments> constraints() {
        return List.of(
                Arguments.of("CHOICE", List.of("yes", "yesterday", "日本")),
                Arguments.of("REGEX", List.of("(?:[\\p{L}&&[^aeiou]]{2,5}|\\x{1F600}+(a|bc)*|[^ü]?)\\d")),
                Arguments.of("REGEX", List.of("(a|b)*a(a|b){6}")),
                Arguments.of("JSON_OBJECT", List.of()),
                schema("{'type': 'string', 'pattern': 'b.d|é', 'minLength': 2, 'maxLength': 9}"),
                schema("{'anyOf': [{'type': 'integer', 'minimum': -50}, {'$ref': '#/$defs/a'}],"
                        + " '$defs': {'a': {'const': 1.5}}}"),
                schema(
                        "{'properties': {'a': {'items': {'type': 'number'}, 'maxItems': 3}, 'b': {}}, 'required': ['c']}"));
    }

    private static Arguments schema(String text) {
        return Arguments.of("JSON_SCHEMA", List.of(text.replace('\'', '"')));
    }

    /** Lucene is there in part, so each kind is built by the classes of the jar alone. */
    @ParameterizedTest
    @MethodSource("constraints")
    void everyKindOfConstraintIsBuilt(String kind, List<String> texts) throws Exception {
        URL[] alone = {Path.of(jar.getName()).toUri().toURL()};
        try (URLClassLoader loader = new URLClassLoader(alone, ClassLoader.getPlatformClassLoader())) {
            Class<?> tokenizers = loader.loadClass("io.flinkgpt2.tokenizer.Tokenizer");
            Object tokenizer = tokenizers.getMethod("gpt2").invoke(null);
            Class<?> compilers = loader.loadClass("io.flinkgpt2.constraint.ConstraintCompiler");
            Object compiler =
                    compilers.getConstructor(tokenizers, int.class, long.class).newInstance(tokenizer, 50257, 1L << 20);
            Class<?> sources = loader.loadClass("io.flinkgpt2.constraint.ConstraintSource");
            Class<?> kinds = loader.loadClass("io.flinkgpt2.constraint.ConstraintSource$Kind");
            Object source = sources.getConstructor(kinds, List.class)
                    .newInstance(kinds.getMethod("valueOf", String.class).invoke(null, kind), texts);

            Object constraint = compilers.getMethod("compile", sources).invoke(compiler, source);

            Class<?> constraints = loader.loadClass("io.flinkgpt2.constraint.Constraint");
            assertThat(constraints.getClassLoader()).isSameAs(loader);
            int start = (int) constraints.getMethod("start").invoke(constraint);
            assertThat(constraints.getMethod("canContinue", int.class).invoke(constraint, start))
                    .isEqualTo(true);
        }
    }

    /** Commons IO and Codec are there in part, so a table is read and written by the classes of the jar alone. */
    @Test
    void tablesAreReadAndWritten() throws Exception {
        URL[] alone = {Path.of(jar.getName()).toUri().toURL()};
        try (URLClassLoader loader = new URLClassLoader(alone, ClassLoader.getPlatformClassLoader())) {
            Class<?> values = loader.loadClass("io.flinkgpt2.job.files.CsvValues");
            Object format =
                    accessible(values.getDeclaredMethod("format", char.class)).invoke(null, ',');
            Object text = format.getClass().getMethod("format", Object[].class).invoke(format, (Object)
                    new Object[] {"a\"b", "c,d"});
            byte[] row = text.toString().getBytes(UTF_8);
            Constructor<?> constructor = values.getDeclaredConstructor(char.class);
            constructor.setAccessible(true);
            Object reader = constructor.newInstance(',');
            Object malformed = accessible(values.getDeclaredMethod("decode", byte[].class, int.class))
                    .invoke(reader, row, row.length);

            assertThat(malformed).isEqualTo(-1);
            assertThat((String[]) accessible(values.getDeclaredMethod("next")).invoke(reader))
                    .containsExactly("a\"b", "c,d");
            assertThat(format.getClass().getClassLoader()).isSameAs(loader);
        }
    }

    private static Method accessible(Method method) {
        method.setAccessible(true);
        return method;
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

    private static String text(String entry) throws IOException {
        ZipEntry found = jar.getEntry(entry);
        assertThat(found).as(entry).isNotNull();
        try (InputStream in = jar.getInputStream(found)) {
            return new String(in.readAllBytes(), UTF_8);
        }
    }
}
