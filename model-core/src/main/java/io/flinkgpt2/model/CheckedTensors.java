package io.flinkgpt2.model;

import io.flinkgpt2.tensor.PackedMatrix;
import io.flinkgpt2.weights.Gguf;
import io.flinkgpt2.weights.InvalidModelException;
import io.flinkgpt2.weights.TensorInfo;
import io.flinkgpt2.weights.TensorSink;
import io.flinkgpt2.weights.TrainingCheckpoint;
import io.flinkgpt2.weights.WeightsFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The tensors of a weights file, checked against the {@link TensorTable} before one is read: each is there under one of its
 * names, with its shape and a type that can be read, and there is none that is unknown. Heads that completion does not use
 * are left out with a warning.
 */
final class CheckedTensors {

    private static final Logger LOG = LoggerFactory.getLogger(CheckedTensors.class);

    private static final int MOST_NAMES_SHOWN = 5;

    private final WeightsFile file;
    private final Gpt2Config config;
    private final Path path;
    private final TensorTable.Convention convention;
    private final TensorNames names;
    private final List<TensorTable.Entry> table;
    private final TensorTable.Entry head;

    private CheckedTensors(WeightsFile file, Gpt2Config config, Path path) throws InvalidModelException {
        this.file = file;
        this.config = config;
        this.path = path;
        this.convention = convention(file);
        this.names = new TensorNames(file.tensors().keySet());
        // The table grows with the config's n_layer, which is only a claim until the file bears it out.
        if (config.layerCount() > file.tensors().size()) {
            throw new InvalidModelException(
                    path,
                    convention == TensorTable.Convention.GGUF ? GgufConfig.LAYER_COUNT : "n_layer",
                    config.layerCount() + " layers in the config and "
                            + file.tensors().size() + " tensors in " + file.describe(),
                    "12 tensors for each layer",
                    "the weights and the config are of different models");
        }
        this.table = TensorTable.of(config, convention);
        this.head = TensorTable.lmHead(config);
    }

    private static TensorTable.Convention convention(WeightsFile file) {
        if (file instanceof Gguf) {
            return TensorTable.Convention.GGUF;
        }
        return file instanceof TrainingCheckpoint
                ? TensorTable.Convention.TRAINING
                : TensorTable.Convention.TRANSFORMERS;
    }

    /**
     * Checks the names, shapes and types of {@code file}, which is at {@code path}.
     *
     * @throws InvalidModelException if a tensor is missing, unknown, of another shape or type than the config asks for
     */
    static CheckedTensors of(WeightsFile file, Gpt2Config config, Path path) throws InvalidModelException {
        CheckedTensors tensors = new CheckedTensors(file, config, path);
        List<String> unknown = tensors.unknown();
        for (TensorTable.Entry entry : tensors.table) {
            tensors.check(entry, unknown);
        }
        if (tensors.lmHead().isPresent()) {
            tensors.check(tensors.head, unknown);
        }
        tensors.refuse(unknown);
        tensors.warnOfHeads();
        return tensors;
    }

    /** Returns the tensors that every model has. */
    List<TensorTable.Entry> table() {
        return table;
    }

    /** Returns the head, where the file has one. */
    Optional<TensorTable.Entry> lmHead() {
        return Optional.of(head).filter(entry -> file.tensors().containsKey(fileName(entry)));
    }

    TensorInfo info(TensorTable.Entry entry) {
        return file.tensors().get(fileName(entry));
    }

    /** Streams one tensor. */
    void read(TensorTable.Entry entry, TensorSink sink) throws IOException {
        file.read(fileName(entry), sink);
    }

    /** Returns an error of a tensor, by the name that it has in the file. */
    InvalidModelException invalid(TensorTable.Entry entry, String found, String expected, String advice) {
        String name = InvalidModelException.quoted(fileName(entry));
        return new InvalidModelException(path, "tensor " + name, found, expected, advice);
    }

    /** Returns the name of a tensor in the file. */
    String fileName(TensorTable.Entry entry) {
        return convention == TensorTable.Convention.GGUF ? entry.ggufName() : names.inFile(entry.name());
    }

    private void check(TensorTable.Entry entry, List<String> unknown) throws InvalidModelException {
        TensorInfo found = info(entry);
        if (found == null) {
            throw invalid(
                    entry,
                    unknown.isEmpty() ? "nothing" : "nothing, but " + shown(unknown),
                    "a tensor of shape " + entry.shape(),
                    unknown.isEmpty()
                            ? "the file is incomplete or does not belong to this config"
                            : "the names are not those of a GPT-2 model, also without a prefix that all have: rename them, or"
                                    + " use the model that they belong to");
        }
        if (!found.shape().equals(entry.shape())) {
            throw invalid(
                    entry,
                    "shape " + found.shape(),
                    "shape " + entry.shape() + " by the config",
                    isTransposed(entry, found)
                            ? "linear weights are stored (out, in), as nanoGPT does: give its ckpt.pt with model_args,"
                                    + " or transpose them"
                            : "the weights and the config are of different models");
        }
        if (!found.dtype().isReadable()) {
            throw invalid(entry, "type " + found.dtype(), "F64, F32, F16 or BF16", "convert the weights");
        }
        if (entry.layout() != TensorTable.Layout.VECTOR && packedSize(entry) > Integer.MAX_VALUE - 8) {
            throw invalid(entry, "shape " + found.shape(), "at most 2^31 - 9 elements", "such a model is too large");
        }
    }

    /** Returns whether a linear layer of the transformers library lies the other way round. */
    private static boolean isTransposed(TensorTable.Entry entry, TensorInfo found) {
        return entry.layout() == TensorTable.Layout.INPUT_MAJOR
                && found.shape()
                        .equals(List.of(entry.shape().get(1), entry.shape().get(0)));
    }

    private static long packedSize(TensorTable.Entry entry) {
        long rows = entry.shape().get(0);
        long columns = entry.shape().get(1);
        long outputs = entry.layout() == TensorTable.Layout.OUTPUT_MAJOR ? rows : columns;
        long panels = (outputs + PackedMatrix.PANEL_WIDTH - 1) / PackedMatrix.PANEL_WIDTH;
        return panels * PackedMatrix.PANEL_WIDTH * (entry.elementCount() / outputs);
    }

    /** Returns the names in the file that no tensor of the model has. */
    private List<String> unknown() {
        Set<String> known = new HashSet<>();
        known.add(fileName(head));
        table.forEach(entry -> known.add(fileName(entry)));
        if (convention != TensorTable.Convention.GGUF) {
            names.all().forEach((plain, name) -> {
                if (TensorTable.isBuffer(plain) || TensorTable.isUnusedHead(plain)) {
                    known.add(name);
                }
            });
            known.removeAll(names.outside());
        }
        return file.tensors().keySet().stream()
                .filter(name -> !known.contains(name))
                .toList();
    }

    private void refuse(List<String> unknown) throws InvalidModelException {
        if (!unknown.isEmpty()) {
            throw new InvalidModelException(
                    path,
                    "tensor " + InvalidModelException.quoted(unknown.get(0)),
                    "an unknown name"
                            + (unknown.size() == 1 ? "" : ", one of " + unknown.size() + ": " + shown(unknown)),
                    "only the tensors of a GPT-2 model with " + config.layerCount() + " layers",
                    "the weights and the config are of different models");
        }
    }

    private void warnOfHeads() {
        if (convention == TensorTable.Convention.GGUF) {
            return;
        }
        List<String> unused = new ArrayList<>();
        names.all().forEach((plain, name) -> {
            if (TensorTable.isUnusedHead(plain)) {
                unused.add(name);
            }
        });
        if (!unused.isEmpty()) {
            LOG.warn(
                    "{}: dropped {}, which completion does not use{}",
                    path,
                    shown(unused),
                    lmHead().isPresent()
                            ? ""
                            : "; the file has no " + fileName(head)
                                    + ", so text is completed with the token embedding as"
                                    + " the LM head, which may be of little use if the model was trained for another task");
        } else if (!config.tieWordEmbeddings() && lmHead().isEmpty()) {
            LOG.warn(
                    "{}: the config has tie_word_embeddings: false, but the file has no {}; the token embedding is used as the"
                            + " LM head. Check that the file is complete",
                    path,
                    fileName(head));
        }
    }

    private static String shown(List<String> names) {
        String first = names.stream()
                .limit(MOST_NAMES_SHOWN)
                .map(InvalidModelException::quoted)
                .reduce((a, b) -> a + ", " + b)
                .orElse("");
        return names.size() > MOST_NAMES_SHOWN ? first + " and " + (names.size() - MOST_NAMES_SHOWN) + " more" : first;
    }
}
