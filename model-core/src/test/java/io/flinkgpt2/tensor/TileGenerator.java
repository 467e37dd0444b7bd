package io.flinkgpt2.tensor;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Writes the tiles of bfloat16 and int8 weights from those of float32, by the substitution of a few words. At the root of the
 * project:
 *
 * <pre>java model-core/src/test/java/io/flinkgpt2/tensor/TileGenerator.java</pre>
 *
 * <p>A micro-kernel is one long method, for a vector must not cross a call that is not inlined, so the precisions cannot share
 * it by means of the language. The source is a class like any other. The copies are committed, and
 * {@code GeneratedTilesTest} fails where one is not current: a build that wrote them would need two plugins and a step before
 * the compiler's, and an IDE, a plain javac and a reviewer would not see the code that runs.
 */
final class TileGenerator {

    private static final String SOURCE = "Float32Tiles";

    /** The words of the source with their replacements, for each copy; every other character is the same. */
    private static final Map<String, Map<String, String>> COPIES = Map.of(
            "BFloat16Tiles", words("BFloat16", "bfloat16", "short[]"),
            "Int8Tiles", words("Int8", "int8", "byte[]"));

    private TileGenerator() {}

    private static Map<String, String> words(String name, String precision, String array) {
        Map<String, String> words = new LinkedHashMap<>();
        words.put(
                "/** Tiles of a product with float32 weights, from which {@code TileGenerator} writes those of the others. */",
                "/** Tiles of a product with " + precision + " weights. */");
        words.put("Float32Tiles extends Tiles<float[]>", name + "Tiles extends Tiles<" + array + ">");
        words.put("float[] panels(", array + " panels(");
        words.put("(Float32Matrix)", "(" + name + "Matrix)");
        words.put("float[] w,", array + " w,");
        return words;
    }

    /**
     * Makes the copies.
     *
     * @param folder of the sources of package {@code tensor}
     * @return the text of each copy by its file
     * @throws IllegalStateException if the source lacks one of the words
     */
    static Map<Path, String> copies(Path folder) throws IOException {
        String source = Files.readString(folder.resolve(SOURCE + ".java"));
        Map<Path, String> copies = new LinkedHashMap<>();
        COPIES.forEach((name, words) -> copies.put(folder.resolve(name + ".java"), copy(source, words)));
        return copies;
    }

    private static String copy(String source, Map<String, String> words) {
        String text = source;
        for (Map.Entry<String, String> word : words.entrySet()) {
            if (!text.contains(word.getKey())) {
                throw new IllegalStateException(SOURCE + ": found nowhere '" + word.getKey()
                        + "', expected it, for the copies have something else there; mend the words in TileGenerator");
            }
            text = text.replace(word.getKey(), word.getValue());
        }
        return "// Generated from " + SOURCE + " by TileGenerator; do not edit.\n" + text;
    }

    public static void main(String[] args) throws IOException {
        Path folder = Path.of("model-core", "src", "main", "java", "io", "flinkgpt2", "tensor");
        for (Map.Entry<Path, String> copy : copies(folder).entrySet()) {
            Files.writeString(copy.getKey(), copy.getValue());
        }
    }
}
