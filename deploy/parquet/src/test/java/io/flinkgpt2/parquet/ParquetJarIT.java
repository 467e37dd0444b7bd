package io.flinkgpt2.parquet;

import static org.assertj.core.api.Assertions.assertThat;

import io.flinkgpt2.job.files.AnswerTable;
import io.flinkgpt2.job.files.FileFormat;
import io.flinkgpt2.job.files.TableColumn;
import io.flinkgpt2.job.files.TableLibrary;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.List;
import java.util.ServiceLoader;
import java.util.jar.JarFile;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.Test;

/** The content of the packaged jar. */
class ParquetJarIT {
    private static final Path JAR = Path.of(System.getProperty("parquet.jar"));

    @Test
    void onlyThisModuleAndParquetAreInside() throws IOException {
        try (JarFile jar = new JarFile(JAR.toFile())) {
            List<String> classes = jar.stream()
                    .map(ZipEntry::getName)
                    .filter(name -> name.endsWith(".class"))
                    .toList();
            assertThat(classes).doesNotHaveDuplicates().allMatch(name -> name.startsWith("io/flinkgpt2/parquet/"));
            assertThat(classes).contains("io/flinkgpt2/parquet/ParquetLibrary.class");
            assertThat(classes)
                    .contains("io/flinkgpt2/parquet/shaded/org/apache/parquet/hadoop/ParquetFileReader.class");
        }
        assertThat(JAR.toFile().length()).isLessThan(10_000_000);
    }

    /** Parquet's library is loaded from the jar alone, under its new names. */
    @Test
    void theJarWritesParquetByItself() throws Exception {
        URL[] alone = {JAR.toUri().toURL()};
        try (URLClassLoader loader = new JarFirst(alone, getClass().getClassLoader())) {
            TableLibrary library = ServiceLoader.load(TableLibrary.class, loader).stream()
                    .map(ServiceLoader.Provider::get)
                    .filter(found -> found.getClass().getClassLoader() == loader)
                    .findFirst()
                    .orElseThrow();
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            try (Closeable writer = library.write(out, new AnswerTable(List.of(TableColumn.text("prompt"))))) {
                assertThat(writer.getClass().getClassLoader()).isSameAs(loader);
            }
            assertThat(library.format()).isEqualTo(FileFormat.PARQUET);
            assertThat(out.toByteArray()).startsWith('P', 'A', 'R', '1').endsWith('P', 'A', 'R', '1');
        }
    }

    /** Asks the jar for the classes of this module before the class path of the tests, which has them too. */
    private static final class JarFirst extends URLClassLoader {
        JarFirst(URL[] urls, ClassLoader parent) {
            super(urls, parent);
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            if (name.startsWith("io.flinkgpt2.parquet.")) {
                synchronized (getClassLoadingLock(name)) {
                    Class<?> loaded = findLoadedClass(name);
                    return loaded != null ? loaded : findClass(name);
                }
            }
            if (name.startsWith("org.apache.parquet.") || name.startsWith("org.apache.hadoop.")) {
                throw new ClassNotFoundException(name);
            }
            return super.loadClass(name, resolve);
        }
    }
}
