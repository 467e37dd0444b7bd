package io.flinkgpt2.weights;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/** The refusal of a directory without weights that are known by their names: says what is there instead, and the way out. */
final class MissingWeights {

    private static final String EXPECTED = String.join(" or ", WeightsFiles.NAMES) + " or one *.gguf";
    private static final int MOST_SHOWN = 5;
    private static final int LONGEST_REFERENCE = 200;

    private static final Pattern SHARD = Pattern.compile(".*-\\d{5}-of-\\d{5}\\.(safetensors|bin)");
    private static final Pattern ADAPTER = Pattern.compile("adapter_(config\\.json|model\\..*)");
    private static final Pattern OTHER_LIBRARY =
            Pattern.compile(".*\\.(h5|msgpack|onnx|ot|tflite|mlmodel|ckpt)|.*\\.ckpt[.-].*|checkpoint");
    /** Files that end as weights do, and are a trainer's. */
    private static final Pattern TRAINERS = Pattern.compile("training_args\\.bin|optimizer\\.bin|scheduler\\.bin");

    private final Path directory;
    private final List<String> files = new ArrayList<>();
    private final List<String> directories = new ArrayList<>();

    private MissingWeights(Path directory) throws IOException {
        this.directory = directory;
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
            for (Path entry : entries) {
                (Files.isDirectory(entry) ? directories : files).add(ModelFiles.name(entry));
            }
        } catch (DirectoryIteratorException e) {
            throw new IOException(directory + ": cannot list the directory: " + e.getCause(), e);
        }
        Collections.sort(files);
        Collections.sort(directories);
    }

    /** Describes a directory in which none of {@link WeightsFiles#NAMES} is. */
    static InvalidModelException in(Path directory) throws IOException {
        return new MissingWeights(directory).refusal();
    }

    private InvalidModelException refusal() throws IOException {
        Optional<Path> snapshot = snapshot();
        if (snapshot.isPresent()) {
            return refusal(
                    "the top folder of a hub's cache, whose models are in snapshots/",
                    "give the directory of a snapshot: " + snapshot.get());
        }
        List<String> below = directories.stream().filter(this::holdsWeights).toList();
        if (!below.isEmpty()) {
            return refusal(
                    "none here, but some in " + shown(below),
                    "give the directory that is meant, such as " + directory.resolve(below.get(0)));
        }
        List<String> adapters = files(ADAPTER);
        if (!adapters.isEmpty()) {
            return refusal(
                    "an adapter alone: " + shown(adapters),
                    "merge it into the model that it was made for, with merge_and_unload() of the PEFT library, and give"
                            + " the directory that this is saved to");
        }
        List<String> shards = files(SHARD);
        if (!shards.isEmpty()) {
            return refusal(
                    "shards without their index: " + shown(shards), "fetch the *.index.json that belongs to them too");
        }
        List<String> others = files.stream()
                .filter(name -> name.endsWith(".safetensors") || name.endsWith(".bin"))
                .filter(name -> !TRAINERS.matcher(name).matches())
                .toList();
        if (!others.isEmpty()) {
            return refusal(
                    "weights under other names: " + shown(others),
                    "give the path of the file that is meant, such as " + directory.resolve(others.get(0))
                            + ", or rename it");
        }
        List<String> foreign = files(OTHER_LIBRARY);
        if (!foreign.isEmpty()) {
            return refusal(
                    "weights of another library: " + shown(foreign),
                    "load them with the transformers library (from_tf=True or from_flax=True) and save them with"
                            + " save_pretrained, which writes model.safetensors");
        }
        return refusal(
                "a directory without them",
                "give the directory that a model was downloaded to, or convert its weights to safetensors");
    }

    /** Returns the snapshot that {@code refs/main} names, else the first. */
    private Optional<Path> snapshot() throws IOException {
        Path snapshots = directory.resolve("snapshots");
        if (!Files.isDirectory(snapshots)) {
            return Optional.empty();
        }
        Path main = directory.resolve("refs").resolve("main");
        if (Files.isRegularFile(main) && Files.size(main) < LONGEST_REFERENCE) {
            String revision =
                    Files.readString(main, StandardCharsets.ISO_8859_1).strip();
            if (revision.matches("[0-9a-f]+") && Files.isDirectory(snapshots.resolve(revision))) {
                return Optional.of(snapshots.resolve(revision));
            }
        }
        return new MissingWeights(snapshots).directories.stream().findFirst().map(snapshots::resolve);
    }

    private boolean holdsWeights(String name) {
        Path below = directory.resolve(name);
        if (WeightsFiles.NAMES.stream().anyMatch(file -> Files.isRegularFile(below.resolve(file)))) {
            return true;
        }
        String[] names = below.toFile().list();
        return names != null && List.of(names).stream().anyMatch(file -> file.endsWith(".gguf"));
    }

    private List<String> files(Pattern pattern) {
        return files.stream()
                .filter(name -> pattern.matcher(name.toLowerCase(Locale.ROOT)).matches())
                .toList();
    }

    private InvalidModelException refusal(String found, String advice) {
        return new InvalidModelException(directory, "weights", found, EXPECTED, advice);
    }

    /** Returns the first few names, quoted. */
    static String shown(List<String> names) {
        String rest = names.size() > MOST_SHOWN ? " and " + (names.size() - MOST_SHOWN) + " more" : "";
        return String.join(
                        ", ",
                        names.stream()
                                .limit(MOST_SHOWN)
                                .map(InvalidModelException::quoted)
                                .toList())
                + rest;
    }
}
