package io.flinkgpt2.hub;

import static io.flinkgpt2.hub.ModelHubException.quoted;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/** Which files of a repository make a model. */
final class ModelFileNames {

    static final String CONFIG = "config.json";
    private static final String GENERATION_CONFIG = "generation_config.json";

    /** Weights, best first; an index stands for the shards that it names. */
    private static final List<String> WEIGHTS = List.of(
            "model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json");

    private static final String INDEX_SUFFIX = ".index.json";
    private static final String GGUF_SUFFIX = ".gguf";
    private static final Pattern PART = Pattern.compile(".*-\\d{5}-of-\\d{5}\\.gguf");
    private static final Predicate<String> WEIGHTS_OR_INDEX = Pattern.compile(
                    ".*\\.(safetensors|bin)(\\.index\\.json)?|.*\\.gguf")
            .asMatchPredicate();

    private ModelFileNames() {}

    /**
     * Returns the files to fetch, but for shards; the weights or their index come last.
     *
     * @throws ModelHubException if they make no model
     */
    static List<String> choose(RepositoryTree tree, HubName name) throws ModelHubException {
        if (name.gguf().isPresent()) {
            return List.of(chosenGguf(tree, name)); // which has config and vocabulary inside
        }
        String weights = weights(tree, name);
        if (!tree.has(CONFIG) && !weights.endsWith(GGUF_SUFFIX)) {
            throw new ModelHubException(
                    "model " + name, "no " + CONFIG + " beside " + weights, "one", "choose another model or revision");
        }
        List<String> chosen = new ArrayList<>();
        for (String file : List.of(CONFIG, GENERATION_CONFIG)) {
            if (tree.has(file)) {
                chosen.add(file);
            }
        }
        if (!weights.endsWith(GGUF_SUFFIX)) {
            chosen.addAll(TokenizerFileNames.choose(tree, name));
        }
        chosen.add(weights);
        return chosen;
    }

    private static String weights(RepositoryTree tree, HubName name) throws ModelHubException {
        for (String file : WEIGHTS) {
            if (tree.has(file)) {
                return file;
            }
        }
        List<String> gguf = ggufFiles(tree);
        if (gguf.size() == 1) {
            return gguf.get(0);
        }
        throw new ModelHubException(
                "model " + name,
                gguf.isEmpty() ? "no weights among " + sample(tree.names()) : "several GGUF files: " + sample(gguf),
                "one of " + WEIGHTS + ", or a single *" + GGUF_SUFFIX,
                gguf.isEmpty() ? "choose another model or revision" : howToChoose(name, gguf));
    }

    private static List<String> ggufFiles(RepositoryTree tree) {
        return tree.names().stream().filter(file -> file.endsWith(GGUF_SUFFIX)).toList();
    }

    private static String chosenGguf(RepositoryTree tree, HubName name) throws ModelHubException {
        List<String> all = ggufFiles(tree);
        List<String> meant = name.meant(all);
        if (meant.size() != 1) {
            throw new ModelHubException(
                    "model " + name,
                    meant.isEmpty()
                            ? all.isEmpty() ? "no GGUF file" : "no such file among " + sample(all)
                            : "several: " + sample(meant),
                    "one GGUF file that " + quoted(name.gguf().get()) + " means",
                    all.isEmpty()
                            ? "leave it out, or choose another model or revision"
                            : howToChoose(name, meant.isEmpty() ? all : meant));
        }
        return meant.get(0);
    }

    private static String howToChoose(HubName name, List<String> gguf) {
        return gguf.stream().allMatch(file -> PART.matcher(file).matches())
                ? "the files are parts of one model: fetch them by other means, join them with llama-gguf-split --merge, and"
                        + " give the path of the whole"
                : "name one of them, as " + name.withGguf(gguf.get(0)) + ", or its quantisation, as owner/name:Q8_0";
    }

    private static String sample(List<String> names) {
        String shown = String.join(", ", names.subList(0, Math.min(20, names.size())));
        return quoted(shown);
    }

    /** Returns whether a file is an index of shards. */
    static boolean isIndex(String file) {
        return file.endsWith(INDEX_SUFFIX);
    }

    /** Returns the ending of the shards of an index: {@code .safetensors} or {@code .bin}. */
    static String shardSuffix(String index) {
        String weights = index.substring(0, index.length() - INDEX_SUFFIX.length());
        return weights.substring(weights.lastIndexOf('.'));
    }

    /** Returns whether a reader of the directory could take a file for a part of the model. */
    static boolean couldBelong(String file) {
        return file.equals(CONFIG)
                || file.equals(GENERATION_CONFIG)
                || TokenizerFileNames.couldBelong(file)
                || WEIGHTS_OR_INDEX.test(file);
    }
}
