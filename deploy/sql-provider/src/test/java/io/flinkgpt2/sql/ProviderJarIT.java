package io.flinkgpt2.sql;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
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
import org.junit.jupiter.params.provider.ValueSource;

/** The jar for Flink's {@code lib/} or {@code ADD JAR}. */
class ProviderJarIT {

    private static final String FACTORIES = "META-INF/services/org.apache.flink.table.factories.Factory";

    private static JarFile jar;
    private static List<String> entries;

    @BeforeAll
    static void open() throws IOException {
        jar = new JarFile(System.getProperty("provider.jar"));
        entries = jar.stream().map(ZipEntry::getName).toList();
    }

    @AfterAll
    static void close() throws IOException {
        jar.close();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "io/flinkgpt2/sql/Gpt2ModelProviderFactory.class",
                "io/flinkgpt2/generation/",
                "com/fasterxml/jackson/databind/ObjectMapper.class",
                "com/knuddels/jtokkit/api/Encoding.class",
                "org/apache/lucene/util/automaton/Automaton.class",
                "META-INF/LICENSE",
                "META-INF/licenses/MIT.txt",
                "META-INF/licenses/BSD-3-Clause.txt"
            })
    void theProviderAndItsLibrariesAreInside(String entry) {
        assertThat(entries).anyMatch(name -> name.startsWith(entry));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "io/flinkgpt2/job/",
                "io/flinkgpt2/local/",
                "org/apache/flink/",
                "org/apache/kafka/",
                "org/apache/logging/",
                "org/slf4j/",
                "module-info.class"
            })
    void neitherFlinkNorTheJobIs(String prefix) {
        assertThat(entries).noneMatch(name -> name.startsWith(prefix));
    }

    @Test
    void flinkFindsTheFactory() throws IOException {
        assertThat(text(FACTORIES).strip()).isEqualTo(Gpt2ModelProviderFactory.class.getName());
        assertThat(jar.isMultiRelease()).isTrue();
    }

    @Test
    void theTokenizerWorksFromTheJarAlone() throws Exception {
        URL[] alone = {Path.of(jar.getName()).toUri().toURL()};
        try (URLClassLoader loader = new URLClassLoader(alone, ClassLoader.getPlatformClassLoader())) {
            Class<?> tokenizers = loader.loadClass("io.flinkgpt2.tokenizer.Tokenizer");
            Object tokenizer = tokenizers.getMethod("gpt2").invoke(null);
            Object ids = tokenizers
                    .getMethod("encode", String.class, boolean.class)
                    .invoke(tokenizer, "Once upon a time", false);

            assertThat((int[]) ids).containsExactly(7454, 2402, 257, 640);
        }
    }

    private static String text(String entry) throws IOException {
        ZipEntry found = jar.getEntry(entry);
        assertThat(found).as(entry).isNotNull();
        try (InputStream in = jar.getInputStream(found)) {
            return new String(in.readAllBytes(), UTF_8);
        }
    }
}
