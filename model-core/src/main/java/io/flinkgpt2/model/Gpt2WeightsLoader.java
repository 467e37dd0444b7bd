package io.flinkgpt2.model;

import static io.flinkgpt2.model.TensorTable.block;

import io.flinkgpt2.digest.Digests;
import io.flinkgpt2.tensor.Float32Matrix;
import io.flinkgpt2.tensor.MatrixProduct;
import io.flinkgpt2.tensor.PackedMatrix;
import io.flinkgpt2.tensor.Precision;
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
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Streams checked tensors into place. Used once. */
final class Gpt2WeightsLoader {

    private static final Logger LOG = LoggerFactory.getLogger(Gpt2WeightsLoader.class);

    private static final int MOST_THREADS = 4;

    private final CheckedTensors tensors;
    private final Gpt2Config config;
    private final Path path;
    private final MatrixProduct product;
    private final Precision precision;
    /** Filled arrays and matrices, by the table's name. */
    private final Map<String, Object> loaded = new HashMap<>();
    /** SHA-256 of each tensor's description and bytes, by the table's name. */
    private final Map<String, byte[]> digests = new TreeMap<>();

    /** @throws InvalidModelException if the file's tensors are not those of the config */
    Gpt2WeightsLoader(WeightsFile file, Gpt2Config config, Path path, MatrixProduct product, Precision precision)
            throws InvalidModelException {
        this.tensors = CheckedTensors.of(file, config, path);
        this.config = config;
        this.path = path;
        this.product = product;
        this.precision = precision;
    }

    Gpt2Weights load() throws IOException {
        stream(tensors.table());

        PackedMatrix lmHead = tensors.lmHead().isPresent()
                ? lmHead(tensors.lmHead().get(), matrix(TensorTable.TOKEN_EMBEDDING))
                : null;
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
            target = product.pack(matrix, precision);
        }
        synchronized (loaded) {
            loaded.put(entry.name(), target);
            digests.put(entry.name(), digest);
        }
    }

    /** Streams one tensor to {@code pieces}, checks that it is finite, and returns its digest. */
    private byte[] readInto(TensorTable.Entry entry, PieceSink pieces) throws IOException {
        MessageDigest digest = Digests.sha256();
        TensorInfo info = tensors.info(entry);
        String description = entry.name() + " " + info.dtype() + " " + info.shape() + "\n";
        digest.update(description.getBytes(StandardCharsets.UTF_8));
        tensors.read(entry, new TensorSink() {
            @Override
            public void values(float[] values, int length, long start) {
                int bad = firstNotFinite(values, length);
                if (bad >= 0) {
                    throw new UncheckedIOException(tensors.invalid(
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

    /**
     * Returns the file's LM head; null where it equals the token embedding, so that one array serves both, and where the config
     * ties the two, for then the embedding is the head, as in the transformers library.
     */
    private PackedMatrix lmHead(TensorTable.Entry entry, PackedMatrix tokenEmbedding) throws IOException {
        double[] difference = {0};
        int size = config.embeddingSize();
        byte[] digest = readInto(entry, (values, length, start) -> {
            for (int i = 0; i < length; i++) {
                float embedded = tokenEmbedding.get((int) ((start + i) % size), (int) ((start + i) / size));
                if (Float.floatToRawIntBits(embedded) != Float.floatToRawIntBits(values[i])) {
                    // 0 and -0 differ, if by little.
                    double distance = Math.max(Double.MIN_VALUE, Math.abs((double) embedded - values[i]));
                    difference[0] = Math.max(difference[0], distance);
                }
            }
        });
        if (difference[0] == 0) {
            return null;
        }
        if (config.tieWordEmbeddings()) {
            LOG.warn(
                    "{}: tensor '{}' differs from '{}' by up to {}, and is not used because the config has"
                            + " tie_word_embeddings: true; set it to false to use this head",
                    path,
                    tensors.fileName(entry),
                    TensorTable.TOKEN_EMBEDDING,
                    (float) difference[0]);
            return null;
        }
        read(entry);
        digests.put(TensorTable.LM_HEAD, digest);
        return matrix(TensorTable.LM_HEAD);
    }

    private PackedMatrix matrix(String name) {
        return (PackedMatrix) loaded.get(name);
    }

    /** Returns a matrix that was kept in float32, as it is to be kept. */
    private PackedMatrix stored(String name) {
        return product.pack((Float32Matrix) matrix(name), precision);
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
}
