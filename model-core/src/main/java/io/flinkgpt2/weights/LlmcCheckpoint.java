package io.flinkgpt2.weights;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A checkpoint of llm.c: a header of 256 little-endian int32, which are the number 20240326, the version, the longest
 * sequence, the vocabulary, the layers, the heads, the width, the rows that the vocabulary is padded to, and zeros; then 16
 * tensors, those of the layers each with all layers in a row, in float32 (version 3) or bfloat16 (version 5). The LM head is
 * the token embedding.
 *
 * @see <a href="https://github.com/karpathy/llm.c/blob/master/train_gpt2.py">llm.c, write_model</a>
 */
public final class LlmcCheckpoint implements TrainingCheckpoint {
    /** Size of the header. */
    static final int HEADER_BYTES = 256 * Integer.BYTES;

    /** The most tensors that a file of any format here may have. */
    static final int MAX_TENSORS = 1 << 14;

    private static final int MAGIC = 20240326;
    private static final int FLOAT32_VERSION = 3;
    private static final int BFLOAT16_VERSION = 5;
    private static final String ADVICE =
            "the file is damaged or not made by llm.c: write the checkpoint again with a current version";

    private final Path file;
    private final FileChannel channel;
    private final int[] header;
    private final Map<String, Long> positions = new LinkedHashMap<>();
    private final Map<String, TensorInfo> tensors = new LinkedHashMap<>();

    private LlmcCheckpoint(Path file, FileChannel channel) throws IOException {
        this.file = file;
        this.channel = channel;
        byte[] start = ModelFiles.start(channel, file, HEADER_BYTES);
        if (start.length < HEADER_BYTES || !hasMagic(start)) {
            throw invalid("header", start.length + " bytes", HEADER_BYTES + " bytes that begin with " + MAGIC);
        }
        this.header = new int[Field.values().length];
        ByteBuffer.wrap(start).order(ByteOrder.LITTLE_ENDIAN).asIntBuffer().get(header);
        checkHeader();
        checkSize(ModelFiles.size(channel, file));
        addTensors();
    }

    /** The header's numbers, in their order. */
    private enum Field {
        MAGIC,
        VERSION,
        CONTEXT_LENGTH,
        VOCABULARY_SIZE,
        LAYER_COUNT,
        HEAD_COUNT,
        EMBEDDING_SIZE,
        PADDED_VOCABULARY_SIZE;

        /** Returns the name for messages, such as {@code header, layer count}. */
        String subject() {
            return "header, " + name().toLowerCase(Locale.ROOT).replace('_', ' ');
        }
    }

    /**
     * A tensor of each layer, or one of the whole model.
     *
     * @param name without the layer
     * @param rows in multiples of the width; 0 for a vector
     * @param columns in multiples of the width
     */
    private record Layered(String name, int rows, int columns) {
        List<Long> shape(long width) {
            return rows == 0 ? List.of(columns * width) : List.of(rows * width, columns * width);
        }
    }

    private static final List<Layered> LAYER = List.of(
            new Layered("ln_1.weight", 0, 1),
            new Layered("ln_1.bias", 0, 1),
            new Layered("attn.c_attn.weight", 3, 1),
            new Layered("attn.c_attn.bias", 0, 3),
            new Layered("attn.c_proj.weight", 1, 1),
            new Layered("attn.c_proj.bias", 0, 1),
            new Layered("ln_2.weight", 0, 1),
            new Layered("ln_2.bias", 0, 1),
            new Layered("mlp.c_fc.weight", 4, 1),
            new Layered("mlp.c_fc.bias", 0, 4),
            new Layered("mlp.c_proj.weight", 1, 4),
            new Layered("mlp.c_proj.bias", 0, 1));

    /**
     * Opens a file and checks its size; it stays open until {@link #close}.
     *
     * @param file a regular file, or a symbolic link to one
     * @throws InvalidModelException if the header is not as described, is of another version, or has sizes of another file
     *     than this, or more than 1,365 layers
     * @throws IOException if the file cannot be read
     */
    public static LlmcCheckpoint open(Path file) throws IOException {
        return ModelFiles.open(file, channel -> new LlmcCheckpoint(file, channel));
    }

    /** Returns whether a file that starts so is one of llm.c, if it is whole. */
    static boolean hasMagic(byte[] start) {
        return start.length >= Integer.BYTES
                && ByteBuffer.wrap(start).order(ByteOrder.LITTLE_ENDIAN).getInt() == MAGIC;
    }

    private void checkHeader() throws InvalidModelException {
        int version = get(Field.VERSION);
        if (version != FLOAT32_VERSION && version != BFLOAT16_VERSION) {
            throw invalid(
                    Field.VERSION.subject(),
                    Integer.toString(version),
                    FLOAT32_VERSION + " (float32) or " + BFLOAT16_VERSION + " (bfloat16)");
        }
        for (Field field : Field.values()) {
            if (get(field) < 1) {
                throw invalid(field.subject(), Integer.toString(get(field)), "1 or more");
            }
        }
        if (embeddingSize() % headCount() != 0) {
            throw invalid(
                    Field.EMBEDDING_SIZE.subject(),
                    Integer.toString(embeddingSize()),
                    "a multiple of the head count, " + headCount());
        }
        if (get(Field.VOCABULARY_SIZE) > storedRows()) {
            throw invalid(
                    Field.PADDED_VOCABULARY_SIZE.subject(),
                    Integer.toString(storedRows()),
                    "the vocabulary size, " + get(Field.VOCABULARY_SIZE) + ", or more");
        }
        int mostLayers = MAX_TENSORS / LAYER.size();
        if (layerCount() > mostLayers) {
            throw invalid(Field.LAYER_COUNT.subject(), Integer.toString(layerCount()), "at most " + mostLayers);
        }
    }

    /** In numbers that cannot overflow, for a header may claim anything. */
    private void checkSize(long fileBytes) throws InvalidModelException {
        BigInteger width = BigInteger.valueOf(embeddingSize());
        // Of a layer 12 squares of the width are matrices, and 13 widths are vectors.
        BigInteger layer = width.multiply(BigInteger.valueOf(12)).add(BigInteger.valueOf(13));
        BigInteger widths = layer.multiply(BigInteger.valueOf(layerCount()))
                .add(BigInteger.valueOf(storedRows()))
                .add(BigInteger.valueOf(contextLength()))
                .add(BigInteger.TWO);
        BigInteger expected = widths.multiply(width)
                .multiply(BigInteger.valueOf(dtype().blockBytes()))
                .add(BigInteger.valueOf(HEADER_BYTES));
        if (!expected.equals(BigInteger.valueOf(fileBytes))) {
            throw invalid("file", fileBytes + " bytes", expected + " bytes, as the sizes in the header make");
        }
    }

    private void addTensors() {
        long width = embeddingSize();
        long position = HEADER_BYTES;
        // Rows past the vocabulary lie between the embeddings and are passed over.
        add("wte.weight", List.of((long) vocabularySize(), width), position);
        position += dtype().byteCount(storedRows() * width);
        position = add("wpe.weight", List.of((long) contextLength(), width), position);
        for (Layered tensor : LAYER) {
            for (int layer = 0; layer < layerCount(); layer++) {
                position = add("h." + layer + "." + tensor.name(), tensor.shape(width), position);
            }
        }
        position = add("ln_f.weight", List.of(width), position);
        add("ln_f.bias", List.of(width), position);
    }

    /** Returns the position behind the tensor. */
    private long add(String name, List<Long> shape, long position) {
        TensorInfo info = new TensorInfo(name, dtype(), shape);
        tensors.put(name, info);
        positions.put(name, position);
        return position + info.byteCount();
    }

    private DType dtype() {
        return get(Field.VERSION) == FLOAT32_VERSION ? DType.F32 : DType.BF16;
    }

    private int get(Field field) {
        return header[field.ordinal()];
    }

    @Override
    public Program program() {
        return Program.LLM_C;
    }

    @Override
    public int layerCount() {
        return get(Field.LAYER_COUNT);
    }

    @Override
    public int headCount() {
        return get(Field.HEAD_COUNT);
    }

    @Override
    public int embeddingSize() {
        return get(Field.EMBEDDING_SIZE);
    }

    @Override
    public int contextLength() {
        return get(Field.CONTEXT_LENGTH);
    }

    @Override
    public int vocabularySize() {
        return TrainingCheckpoint.tokens(get(Field.VOCABULARY_SIZE));
    }

    @Override
    public int storedRows() {
        return get(Field.PADDED_VOCABULARY_SIZE);
    }

    @Override
    public Map<String, TensorInfo> tensors() {
        return Collections.unmodifiableMap(tensors);
    }

    @Override
    public void read(String tensorName, TensorSink sink) throws IOException {
        TensorInfo info = tensors.get(tensorName);
        if (info == null) {
            throw ModelFiles.noSuchTensor(file, tensorName);
        }
        TensorStream.read(channel, file, info, positions.get(tensorName), TensorStream.BUFFER_BYTES, sink);
    }

    @Override
    public String describe() {
        return ModelFiles.name(file);
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }

    private InvalidModelException invalid(String subject, String found, String expected) {
        return new InvalidModelException(file, subject, found, expected, ADVICE);
    }
}
