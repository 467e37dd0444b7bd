package io.flinkgpt2.model;

import static io.flinkgpt2.model.TensorTable.block;

import io.flinkgpt2.digest.Digests;
import io.flinkgpt2.tensor.Float32Matrix;
import io.flinkgpt2.tensor.PackedMatrix;
import io.flinkgpt2.tensor.Precision;
import io.flinkgpt2.weights.Gguf;
import io.flinkgpt2.weights.InvalidModelException;
import io.flinkgpt2.weights.TensorInfo;
import io.flinkgpt2.weights.TensorSink;
import io.flinkgpt2.weights.WeightsFile;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Checks a weights file against the {@link TensorTable} and streams it into place. Used once. */
final class Gpt2WeightsLoader {

    private static final int MOST_THREADS = 4;
    private static final String PREFIX = "transformer.";

    private final WeightsFile file;
    private final Gpt2Config config;
    private final Path path;
    private final Precision precision;
    private final TensorTable.Convention convention;
    private final String prefix;
    /** Filled arrays and matrices, by the table's name. */
    private final Map<String, Object> loaded = new HashMap<>();
    /** SHA-256 of each tensor's description and bytes, by the table's name. */
    private final Map<String, byte[]> digests = new TreeMap<>();

    Gpt2WeightsLoader(WeightsFile file, Gpt2Config config, Path path, Precision precision) {
        this.file = file;
        this.config = config;
        this.path = path;
        this.precision = precision;
        this.convention = file instanceof Gguf ? TensorTable.Convention.GGUF : TensorTable.Convention.TRANSFORMERS;
        this.prefix = file.tensors().containsKey(PREFIX + TensorTable.TOKEN_EMBEDDING) ? PREFIX : "";
    }

    Gpt2Weights load() throws IOException {
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
        List<TensorTable.Entry> table = TensorTable.of(config, convention);
        for (TensorTable.Entry entry : table) {
            check(entry);
        }
        TensorTable.Entry head = TensorTable.lmHead(config);
        boolean headInFile = file.tensors().containsKey(fileName(head));
        if (headInFile) {
            check(head);
        }
        refuseUnknown(table, head);
        stream(table);

        PackedMatrix lmHead = headInFile ? lmHead(head, matrix(TensorTable.TOKEN_EMBEDDING)) : null;
        PackedMatrix tokenEmbedding = stored(TensorTable.TOKEN_EMBEDDING);
        if (lmHead == null) {
            lmHead = tokenEmbedding;
        }
        List<Gpt2Weights.Block> blocks = new ArrayList<>();
        for (int layer = 0; layer < config.layerCount(); layer++) {
            blocks.add(new Gpt2Weights.Block(
                    layerNorm(block(layer, "ln_1")),
                    linear(block(layer, "attn.c_attn")),
                    linear(block(layer, "attn.c_proj")),
                    layerNorm(block(layer, "ln_2")),
                    linear(block(layer, "mlp.c_fc")),
                    linear(block(layer, "mlp.c_proj"))));
        }
        return new Gpt2Weights(
                tokenEmbedding,
                vector(TensorTable.POSITION_EMBEDDING),
                blocks,
                layerNorm(TensorTable.FINAL_LAYER_NORM),
                lmHead,
                sha256());
    }

    private String fileName(TensorTable.Entry entry) {
        if (convention == TensorTable.Convention.GGUF) {
            return entry.ggufName();
        }
        return entry.name().equals(TensorTable.LM_HEAD) ? entry.name() : prefix + entry.name();
    }

    private void check(TensorTable.Entry entry) throws InvalidModelException {
        TensorInfo found = file.tensors().get(fileName(entry));
        if (found == null) {
            throw invalid(
                    entry,
                    "nothing",
                    "a tensor of shape " + entry.shape(),
                    "the file is incomplete or " + "does not belong to this config");
        }
        if (!found.shape().equals(entry.shape())) {
            throw invalid(
                    entry,
                    "shape " + found.shape(),
                    "shape " + entry.shape() + " by the config",
                    "the weights and the config are of different models");
        }
        if (!found.dtype().isReadable()) {
            throw invalid(entry, "type " + found.dtype(), "F32, F16 or BF16", "convert the weights");
        }
        if (entry.layout() != TensorTable.Layout.VECTOR && packedSize(entry) > Integer.MAX_VALUE - 8) {
            throw invalid(entry, "shape " + found.shape(), "at most 2^31 - 9 elements", "such a model is too large");
        }
    }

    private static long packedSize(TensorTable.Entry entry) {
        long rows = entry.shape().get(0);
        long columns = entry.shape().get(1);
        long outputs = entry.layout() == TensorTable.Layout.OUTPUT_MAJOR ? rows : columns;
        long panels = (outputs + PackedMatrix.PANEL_WIDTH - 1) / PackedMatrix.PANEL_WIDTH;
        return panels * PackedMatrix.PANEL_WIDTH * (entry.elementCount() / outputs);
    }

    private void refuseUnknown(List<TensorTable.Entry> table, TensorTable.Entry head) throws InvalidModelException {
        Set<String> known = new HashSet<>();
        known.add(fileName(head));
        table.forEach(entry -> known.add(fileName(entry)));
        for (String name : file.tensors().keySet()) {
            boolean buffer = convention == TensorTable.Convention.TRANSFORMERS
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

    /** Reads all tensors, the largest first, so that the threads end together. */
    private void stream(List<TensorTable.Entry> table) throws IOException {
        List<TensorTable.Entry> bySize = new ArrayList<>(table);
        bySize.sort((a, b) -> Long.compare(b.elementCount(), a.elementCount()));
        int threads = Math.min(MOST_THREADS, Runtime.getRuntime().availableProcessors());
        ExecutorService pool = Executors.newFixedThreadPool(threads, work -> {
            Thread thread = new Thread(work, "load-weights");
            thread.setDaemon(true);
            return thread;
        });
        try {
            List<Future<?>> reads = new ArrayList<>();
            for (TensorTable.Entry entry : bySize) {
                Callable<Void> read = () -> {
                    read(entry);
                    return null;
                };
                reads.add(pool.submit(read));
            }
            for (Future<?> read : reads) {
                read.get();
            }
        } catch (ExecutionException e) {
            throw rethrown(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            InterruptedIOException interrupted = new InterruptedIOException(path + ": interrupted while loading");
            interrupted.initCause(e);
            throw interrupted;
        } finally {
            pool.shutdownNow();
        }
    }

    private static IOException rethrown(Throwable cause) {
        if (cause instanceof UncheckedIOException unchecked) {
            return unchecked.getCause();
        }
        if (cause instanceof IOException io) {
            return io;
        }
        if (cause instanceof Error error) {
            throw error; // out of memory, above all
        }
        throw new IllegalStateException("loading failed", cause);
    }

    private void read(TensorTable.Entry entry) throws IOException {
        long rows = entry.shape().get(0);
        Object target;
        PieceSink pieces;
        switch (entry.layout()) {
            case INPUT_MAJOR -> {
                Float32Matrix matrix =
                        new Float32Matrix((int) rows, entry.shape().get(1).intValue());
                target = matrix;
                pieces = matrix::putInputMajor;
            }
            case OUTPUT_MAJOR -> {
                Float32Matrix matrix = new Float32Matrix(entry.shape().get(1).intValue(), (int) rows);
                target = matrix;
                pieces = matrix::putOutputMajor;
            }
            case VECTOR -> {
                float[] vector = new float[PackedMatrix.padded((int) rows)];
                target = vector;
                pieces = (values, length, start) -> System.arraycopy(values, 0, vector, (int) start, length);
            }
            default -> {
                float[] table = new float[(int) entry.elementCount()];
                target = table;
                pieces = (values, length, start) -> System.arraycopy(values, 0, table, (int) start, length);
            }
        }
        byte[] digest = readInto(entry, pieces);
        // The embedding stays exact until it has been compared with the file's LM head.
        if (target instanceof Float32Matrix matrix && !entry.name().equals(TensorTable.TOKEN_EMBEDDING)) {
            target = matrix.to(precision);
        }
        synchronized (loaded) {
            loaded.put(entry.name(), target);
            digests.put(entry.name(), digest);
        }
    }

    /** Streams one tensor to {@code pieces}, checks that it is finite, and returns its digest. */
    private byte[] readInto(TensorTable.Entry entry, PieceSink pieces) throws IOException {
        MessageDigest digest = Digests.sha256();
        TensorInfo info = file.tensors().get(fileName(entry));
        String description = entry.name() + " " + info.dtype() + " " + info.shape() + "\n";
        digest.update(description.getBytes(StandardCharsets.UTF_8));
        file.read(fileName(entry), new TensorSink() {
            @Override
            public void values(float[] values, int length, long start) {
                int bad = firstNotFinite(values, length);
                if (bad >= 0) {
                    throw new UncheckedIOException(invalid(
                            entry,
                            values[bad] + " at element " + (start + bad),
                            "finite values",
                            "the weights are damaged"));
                }
                pieces.put(values, length, start);
            }

            @Override
            public void bytes(ByteBuffer raw) {
                digest.update(raw);
            }
        });
        return digest.digest();
    }

    @FunctionalInterface
    private interface PieceSink {
        void put(float[] values, int length, long start);
    }

    private static int firstNotFinite(float[] values, int length) {
        for (int i = 0; i < length; i++) {
            if (!(Math.abs(values[i]) <= Float.MAX_VALUE)) {
                return i;
            }
        }
        return -1;
    }

    /** The file's LM head; null where it equals the token embedding, so that one array serves both. */
    private PackedMatrix lmHead(TensorTable.Entry entry, PackedMatrix tokenEmbedding) throws IOException {
        boolean[] equal = {true};
        int size = config.embeddingSize();
        byte[] digest = readInto(entry, (values, length, start) -> {
            for (int i = 0; i < length && equal[0]; i++) {
                float embedded = tokenEmbedding.get((int) ((start + i) % size), (int) ((start + i) / size));
                equal[0] = Float.floatToRawIntBits(embedded) == Float.floatToRawIntBits(values[i]);
            }
        });
        if (equal[0]) {
            return null;
        }
        if (config.tieWordEmbeddings()) {
            throw invalid(
                    entry,
                    "values that differ from " + TensorTable.TOKEN_EMBEDDING,
                    "equal values, for the config has tie_word_embeddings: true",
                    "set tie_word_embeddings to false to use this head, or remove it from the weights");
        }
        read(entry);
        digests.put(TensorTable.LM_HEAD, digest);
        return matrix(TensorTable.LM_HEAD);
    }

    private PackedMatrix matrix(String name) {
        return (PackedMatrix) loaded.get(name);
    }

    /** A matrix that was kept in float32, as it is to be kept. */
    private PackedMatrix stored(String name) {
        return ((Float32Matrix) matrix(name)).to(precision);
    }

    private float[] vector(String name) {
        return (float[]) loaded.get(name);
    }

    private Gpt2Weights.LayerNorm layerNorm(String name) {
        return new Gpt2Weights.LayerNorm(vector(name + ".weight"), vector(name + ".bias"));
    }

    private Gpt2Weights.Linear linear(String name) {
        return new Gpt2Weights.Linear(matrix(name + ".weight"), vector(name + ".bias"));
    }

    private String sha256() {
        MessageDigest all = Digests.sha256();
        digests.values().forEach(all::update);
        return HexFormat.of().formatHex(all.digest());
    }

    private InvalidModelException invalid(TensorTable.Entry entry, String found, String expected, String advice) {
        String name = InvalidModelException.quoted(fileName(entry));
        return new InvalidModelException(path, "tensor " + name, found, expected, advice);
    }
}
