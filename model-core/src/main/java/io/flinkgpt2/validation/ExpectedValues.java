package io.flinkgpt2.validation;

import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.flinkgpt2.json.JsonFault;
import io.flinkgpt2.model.Gpt2Config;
import io.flinkgpt2.weights.Gguf;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The values that a model is expected to compute, from a JSON file.
 *
 * <p>The file is {@code {"cases": [...]}}, or {@code {"files": {"model.gguf": [...], ...}}} with the cases of each weights
 * file, for a directory with several. A case has {@code promptTokenIds} and any of: {@code prompt} (the text of these
 * ids), {@code lastLogits}, {@code argmax}, {@code softmaxTemperature0.7Top5} as {@code [id, probability]} pairs,
 * {@code greedyTokenIds}, {@code text} (of those), {@code smallestTop2Gap} (not compared: how close a call the closest of
 * them is), {@code sumLogProbability} of the prompt's tokens after the first, and {@code activations}: name to
 * {@code {"shape", "values"}}, row-major.
 */
public final class ExpectedValues {

    private static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private final List<ExpectedCase> cases;

    private ExpectedValues(List<ExpectedCase> cases) {
        this.cases = List.copyOf(cases);
    }

    /**
     * Reads the cases of a model.
     *
     * @param file the JSON file
     * @param model directory or file of the model, which tells the cases apart where there are those of several files
     * @param config of the model: token ids and lengths must suit it
     * @throws InvalidExpectedValuesException if it is not such a file, has none for this model, or what it holds cannot
     *     be of this model
     * @throws IOException if a file cannot be read
     */
    public static ExpectedValues read(Path file, Path model, Gpt2Config config) throws IOException {
        byte[] json = Files.readAllBytes(file);
        JsonNode root;
        try {
            root = MAPPER.readTree(json);
        } catch (IOException e) {
            throw new InvalidExpectedValuesException(
                    file,
                    "document",
                    "text that is not JSON (" + JsonFault.describe(e) + ")",
                    "one JSON object",
                    "check that it is the right file",
                    null);
        }
        ExpectedJson document = new ExpectedJson(file, "document", root);
        document.allowOnly(List.of("cases", "files"));
        if (document.has("cases") == document.has("files")) {
            throw document.invalid("'cases' and 'files'", "both or neither", "one of them", null);
        }
        ExpectedJson.Array list = document.has("cases")
                ? document.array("cases")
                : document.object("files").array(nameAmong(document.object("files"), model));
        List<ExpectedCase> cases = new ArrayList<>();
        for (int i = 0; i < list.size(); i++) {
            cases.add(new ExpectedCaseReader(list.object(i), config).read());
        }
        if (cases.isEmpty()) {
            throw document.invalid("cases", "none", "one or more", null);
        }
        return new ExpectedValues(cases);
    }

    private static String nameAmong(ExpectedJson files, Path model) throws IOException {
        Path weights = Gguf.find(model).orElse(model);
        String name = weights.toAbsolutePath().normalize().getFileName().toString();
        if (!files.has(name)) {
            throw files.invalid(
                    "'" + name + "'", "no cases", "cases of the model's file, as there are of " + files.names(), null);
        }
        return name;
    }

    /** Returns the values of each case, in their order. */
    List<ExpectedCase> cases() {
        return cases;
    }

    /** Returns the prompt of the first case. */
    public int[] firstPrompt() {
        return cases.get(0).promptTokenIds().clone();
    }
}
