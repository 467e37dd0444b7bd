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
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The tensors of a weights file, checked against the {@link TensorTable} before one is read: each is there under one of its
 * names, with its shape and a type that can be read, and there is none that is unknown.
 */
final class CheckedTensors {

    private static final String PREFIX = "transformer.";

    private final WeightsFile file;
    private final Gpt2Config config;
    private final Path path;
    private final TensorTable.Convention convention;
    private final String prefix;
    private final List<TensorTable.Entry> table;
    private final TensorTable.Entry head;

    private CheckedTensors(WeightsFile file, Gpt2Config config, Path path) throws InvalidModelException {
        this.file = file;
        this.config = config;
        this.path = path;
        this.convention = convention(file);
        this.prefix = file.tensors().containsKey(PREFIX + TensorTable.TOKEN_EMBEDDING) ? PREFIX : "";
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
        for (TensorTable.Entry entry : tensors.table) {
            tensors.check(entry);
        }
        if (tensors.lmHead().isPresent()) {
            tensors.check(tensors.head);
        }
        tensors.refuseUnknown();
        return tensors;
    }

    /** What every model has. */
    List<TensorTable.Entry> table() {
        return table;
    }

    /** The head, where the file has one. */
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

    /** An error of a tensor, by the name that it has in the file. */
    InvalidModelException invalid(TensorTable.Entry entry, String found, String expected, String advice) {
        String name = InvalidModelException.quoted(fileName(entry));
        return new InvalidModelException(path, "tensor " + name, found, expected, advice);
    }

    private String fileName(TensorTable.Entry entry) {
        if (convention == TensorTable.Convention.GGUF) {
            return entry.ggufName();
        }
        return entry.name().equals(TensorTable.LM_HEAD) ? entry.name() : prefix + entry.name();
    }

    private void check(TensorTable.Entry entry) throws InvalidModelException {
        TensorInfo found = info(entry);
        if (found == null) {
            throw invalid(
                    entry,
                    "nothing",
                    "a tensor of shape " + entry.shape(),
                    "the file is incomplete or does not belong to this config");
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
            throw invalid(entry, "type " + found.dtype(), "F32, F16 or BF16", "convert the weights");
        }
        if (entry.layout() != TensorTable.Layout.VECTOR && packedSize(entry) > Integer.MAX_VALUE - 8) {
            throw invalid(entry, "shape " + found.shape(), "at most 2^31 - 9 elements", "such a model is too large");
        }
    }

    /** Whether a linear layer of the transformers library lies the other way round. */
    private static boolean isTransposed(TensorTable.Entry entry, TensorInfo found) {
        return entry.layout() == TensorTable.Layout.INPUT_MAJOR
                && found.shape().equals(List.of(entry.shape().get(1), entry.shape().get(0)));
    }

    private static long packedSize(TensorTable.Entry entry) {
        long rows = entry.shape().get(0);
        long columns = entry.shape().get(1);
        long outputs = entry.layout() == TensorTable.Layout.OUTPUT_MAJOR ? rows : columns;
        long panels = (outputs + PackedMatrix.PANEL_WIDTH - 1) / PackedMatrix.PANEL_WIDTH;
        return panels * PackedMatrix.PANEL_WIDTH * (entry.elementCount() / outputs);
    }

    private void refuseUnknown() throws InvalidModelException {
        Set<String> known = new HashSet<>();
        known.add(fileName(head));
        table.forEach(entry -> known.add(fileName(entry)));
        for (String name : file.tensors().keySet()) {
            boolean buffer = convention != TensorTable.Convention.GGUF
                    && name.startsWith(prefix)
                    && TensorTable.isBuffer(name.substring(prefix.length()));
            if (!known.contains(name) && !buffer) {
                throw new InvalidModelException(
                        path,
                        "tensor " + InvalidModelException.quoted(name),
                        "an unknown name",
                        "only the tensors of a GPT-2 model with " + config.layerCount() + " layers",
                        "the weights and the config are of different models");
            }
        }
    }
}
