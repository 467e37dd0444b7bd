package io.flinkgpt2.weights;

import static io.flinkgpt2.weights.InvalidModelException.quoted;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * Weights in several files with an index, as Transformers writes them ({@code model.safetensors.index.json} for
 * {@link SafeTensors}, {@code pytorch_model.bin.index.json} for {@link TorchCheckpoint}s): a JSON object whose
 * {@code weight_map} gives for each tensor the name of the file, beside the index, that holds it. Each tensor of the map must
 * be where it says. A tensor of the files that the map does not name counts as well, as in the library that writes them; one
 * that is in two files must be the same in both. Everything else in the index, such as {@code metadata.total_size}, is not
 * used.
 *
 * <p>A shard's name is a plain file name: one with a separator, or {@code ..}, is refused, so an index cannot point out of
 * its directory. A symbolic link under that name is followed wherever it leads, for it was put there by whoever filled the
 * directory, not by the index; the snapshots in the hub's cache are links into a directory of blobs.
 *
 * @see <a href="https://huggingface.co/docs/transformers/big_models">Sharded checkpoints</a>
 */
public final class ShardedWeights implements WeightsFile {
    /** Longest index that is read, in bytes. */
    static final int MAX_INDEX_BYTES = 16 << 20;

    /** Most shards, each of which is an open file; models a thousand times the size of GPT-2 have fewer than 200. */
    static final int MAX_SHARDS = 1_024;

    /** End of the name of an index of {@link TorchCheckpoint}s; every other index is one of {@link SafeTensors}. */
    private static final String TORCH_INDEX_SUFFIX = ".bin.index.json";

    private static final String ADVICE = "the index and the shards do not fit: download or convert the model again";

    private final Path index;
    private final Map<String, WeightsFile> shards;
    private final Map<String, TensorInfo> tensors;
    private final Map<String, WeightsFile> shardOfTensor;

    private ShardedWeights(Path index, Map<String, String> weightMap, Map<String, WeightsFile> shards)
            throws IOException {
        this.index = index;
        this.shards = shards;
        Map<String, TensorInfo> infos = new LinkedHashMap<>();
        this.shardOfTensor = new LinkedHashMap<>();
        Map<String, String> nameOfShard = new LinkedHashMap<>();
        for (Map.Entry<String, WeightsFile> shard : shards.entrySet()) {
            for (TensorInfo tensor : shard.getValue().tensors().values()) {
                String name = tensor.name();
                WeightsFile other = shardOfTensor.get(name);
                if (other != null) {
                    requireSame(tensor, nameOfShard.get(name), other, shard.getKey(), shard.getValue());
                }
                // The first, unless the map names another.
                if (other == null || shard.getKey().equals(weightMap.get(name))) {
                    infos.put(name, tensor);
                    shardOfTensor.put(name, shard.getValue());
                    nameOfShard.put(name, shard.getKey());
                }
            }
        }
        for (Map.Entry<String, String> mapped : weightMap.entrySet()) {
            if (!mapped.getValue().equals(nameOfShard.get(mapped.getKey()))) {
                String elsewhere = nameOfShard.get(mapped.getKey());
                throw invalid(
                        "tensor " + quoted(mapped.getKey()),
                        "no tensor of this name in " + quoted(mapped.getValue())
                                + (elsewhere == null ? "" : ", but in " + quoted(elsewhere)),
                        "it in " + quoted(mapped.getValue()) + ", as weight_map says");
            }
        }
        this.tensors = Collections.unmodifiableMap(infos);
    }

    /**
     * Opens all shards of an index and checks that they hold exactly what it says; they stay open until {@link #close}.
     *
     * @param indexJson the index; the shards are looked for in its directory
     * @throws InvalidModelException if the index or a shard breaks its format, or they disagree
     * @throws IOException if a file cannot be read
     */
    public static ShardedWeights open(Path indexJson) throws IOException {
        Map<String, String> weightMap = readWeightMap(indexJson);
        Map<String, WeightsFile> shards = new TreeMap<>();
        for (String shard : weightMap.values()) {
            shards.put(shard, null);
        }
        if (shards.isEmpty() || shards.size() > MAX_SHARDS) {
            throw invalid(indexJson, "weight_map", shards.size() + " shards", "1 to " + MAX_SHARDS);
        }
        boolean torch = ModelFiles.name(indexJson).endsWith(TORCH_INDEX_SUFFIX);
        try {
            for (Map.Entry<String, WeightsFile> shard : shards.entrySet()) {
                Path file = shardPath(indexJson, shard.getKey(), torch ? ".bin" : ".safetensors");
                shard.setValue(torch ? TorchCheckpoint.open(file) : SafeTensors.open(file));
            }
            return new ShardedWeights(indexJson, weightMap, shards);
        } catch (Throwable e) {
            try {
                closeAll(shards.values());
            } catch (IOException closing) {
                e.addSuppressed(closing);
            }
            throw e;
        }
    }

    private static Map<String, String> readWeightMap(Path indexJson) throws IOException {
        Map<String, String> weightMap = null;
        try (StrictJson json = new StrictJson(indexJson, "index", readIndex(indexJson), ADVICE)) {
            json.beginObject(() -> "index");
            for (String name = json.nextName(); name != null; name = json.nextName()) {
                if (name.equals("weight_map")) {
                    weightMap = parseWeightMap(json);
                } else {
                    json.skipValue();
                }
            }
            json.end();
        }
        if (weightMap == null) {
            throw invalid(indexJson, "weight_map", "no such field", "an object of tensor names and file names");
        }
        return weightMap;
    }

    private static Map<String, String> parseWeightMap(StrictJson json) throws InvalidModelException {
        Map<String, String> weightMap = new LinkedHashMap<>();
        json.beginObject(() -> "weight_map");
        for (String name = json.nextName(); name != null; name = json.nextName()) {
            String tensor = name;
            weightMap.put(tensor, json.string(() -> "weight_map, tensor " + quoted(tensor)));
        }
        return weightMap;
    }

    private static byte[] readIndex(Path indexJson) throws IOException {
        try (FileChannel channel = ModelFiles.open(indexJson)) {
            long size = ModelFiles.size(channel, indexJson);
            if (size > MAX_INDEX_BYTES) {
                throw invalid(indexJson, "index", size + " bytes", "at most " + MAX_INDEX_BYTES);
            }
            byte[] content = ModelFiles.read(channel, indexJson, "index", 0, (int) size);
            ModelFiles.refuseGitLfsPointer(indexJson, content);
            return content;
        }
    }

    private static Path shardPath(Path indexJson, String shard, String suffix) throws InvalidModelException {
        boolean plain = shard.indexOf('/') < 0 && shard.indexOf('\\') < 0 && shard.indexOf(':') < 0;
        if (!plain || shard.startsWith(".") || !shard.endsWith(suffix)) {
            throw invalid(
                    indexJson,
                    "weight_map, shard",
                    quoted(shard),
                    "the plain name of a *" + suffix + " file beside the index");
        }
        try {
            return indexJson.resolveSibling(shard);
        } catch (InvalidPathException e) {
            throw new InvalidModelException(
                    indexJson, "weight_map, shard", quoted(shard), "a name that a file can have here", ADVICE, e);
        }
    }

    /** Refuses a tensor of two shards unless it is the same in both, for which one is meant nobody can say. */
    private void requireSame(
            TensorInfo tensor, String shard, WeightsFile weights, String otherShard, WeightsFile otherWeights)
            throws IOException {
        boolean same = tensor.equals(weights.tensors().get(tensor.name()))
                && Arrays.equals(sha256(weights, tensor), sha256(otherWeights, tensor));
        if (!same) {
            throw invalid(
                    "tensor " + quoted(tensor.name()),
                    "it in both " + quoted(shard) + " and " + quoted(otherShard) + " with different values",
                    "one, or the same in both");
        }
    }

    private static byte[] sha256(WeightsFile weights, TensorInfo tensor) throws IOException {
        MessageDigest digest;
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
        weights.read(tensor.name(), new TensorSink() {
            @Override
            public void values(float[] values, int length, long start) {}

            @Override
            public void bytes(ByteBuffer raw) {
                digest.update(raw);
            }
        });
        return digest.digest();
    }

    @Override
    public Map<String, TensorInfo> tensors() {
        return tensors;
    }

    @Override
    public void read(String tensorName, TensorSink sink) throws IOException {
        WeightsFile shard = shardOfTensor.get(tensorName);
        if (shard == null) {
            throw ModelFiles.noSuchTensor(index, tensorName);
        }
        shard.read(tensorName, sink);
    }

    @Override
    public String describe() {
        return ModelFiles.name(index) + " (" + shards.size() + (shards.size() == 1 ? " shard)" : " shards)");
    }

    @Override
    public void close() throws IOException {
        closeAll(shards.values());
    }

    /** Closes every file that was opened, even if closing another fails. */
    private static void closeAll(Iterable<WeightsFile> files) throws IOException {
        IOException failure = null;
        for (WeightsFile file : files) {
            try {
                if (file != null) {
                    file.close();
                }
            } catch (IOException e) {
                if (failure == null) {
                    failure = e;
                } else {
                    failure.addSuppressed(e);
                }
            }
        }
        if (failure != null) {
            throw failure;
        }
    }

    private InvalidModelException invalid(String subject, String found, String expected) {
        return invalid(index, subject, found, expected);
    }

    private static InvalidModelException invalid(Path index, String subject, String found, String expected) {
        return new InvalidModelException(index, subject, found, expected, ADVICE);
    }
}
