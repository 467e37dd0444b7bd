package io.flinkgpt2.weights;

import static io.flinkgpt2.weights.InvalidModelException.quoted;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A checkpoint {@code ckpt.pt} of nanoGPT: a dict with the state dict {@code model} and, in {@code model_args}, the model's
 * sizes. {@code torch.compile} puts {@code _orig_mod.} before every name, which is taken off. A model without biases
 * ({@code bias: False}) computes as one whose biases are zero, so {@link #tensors()} has these.
 *
 * @see <a href="https://github.com/karpathy/nanoGPT/blob/master/train.py">nanoGPT, train.py</a>
 */
public final class NanoGptCheckpoint implements TrainingCheckpoint {
    /** Key of the model's arguments, beside the state dict. */
    static final String ARGUMENTS = "model_args";

    private static final String COMPILED_PREFIX = "_orig_mod.";
    private static final String BIAS = "bias";
    private static final String DROPOUT = "dropout";
    private static final List<String> SIZES = List.of("n_layer", "n_head", "n_embd", "block_size", "vocab_size");

    /** Modules that have a weight, and a bias unless the model was made without. */
    private static final Set<String> BIASED = Set.of("ln_1", "ln_2", "ln_f", "c_attn", "c_proj", "c_fc");

    private static final int ZEROS = 1 << 14;
    private static final String ADVICE =
            "only models of nanoGPT's own architecture are supported; check what trained it";

    private final Path file;
    private final PickledDict arguments;
    private final TorchCheckpoint checkpoint;
    private final Map<String, TensorInfo> tensors = new LinkedHashMap<>();

    private NanoGptCheckpoint(TorchCheckpoint original, PickledDict arguments) throws InvalidModelException {
        this.file = original.file();
        this.arguments = arguments;
        checkArguments();
        List<StridedTensor> views = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (StridedTensor view : original.views()) {
            String name = withoutPrefix(view.info().name());
            if (!names.add(name)) {
                throw invalid(
                        "tensor " + quoted(name),
                        "it with and without " + COMPILED_PREFIX,
                        "each tensor once",
                        "save the checkpoint again");
            }
            views.add(kept(view, name));
        }
        this.checkpoint = original.withTensors(views);
        tensors.putAll(checkpoint.tensors());
        if (arguments.get(BIAS).equals(false)) {
            addZeroBiases();
        }
    }

    /**
     * Returns a checkpoint of PyTorch that has {@link TorchCheckpoint#modelArguments}.
     *
     * @param original closed with what is returned
     * @throws InvalidModelException if the arguments are not those of a nanoGPT model, or the tensors contradict them
     */
    static NanoGptCheckpoint of(TorchCheckpoint original, PickledDict arguments) throws InvalidModelException {
        return new NanoGptCheckpoint(original, arguments);
    }

    private void checkArguments() throws InvalidModelException {
        for (String key : SIZES) {
            Object value = arguments.get(key);
            if (!(value instanceof Integer size) || size < 1) {
                throw invalid(argument(key), describe(key), "a whole number from 1 to 2^31 - 1", ADVICE);
            }
        }
        if (!(arguments.get(BIAS) instanceof Boolean)) {
            throw invalid(
                    argument(BIAS),
                    describe(BIAS),
                    "True or False",
                    "nanoGPT before 2023 wrote none and had another activation: train the model again, or convert it there");
        }
        if (embeddingSize() % headCount() != 0) {
            throw invalid(
                    argument("n_embd"),
                    describe("n_embd"),
                    "a multiple of n_head, " + headCount(),
                    "correct it and save again");
        }
        for (Map.Entry<Object, Object> entry : arguments.entries().entrySet()) {
            String key = entry.getKey().toString();
            boolean known = SIZES.contains(key) || key.equals(BIAS) || key.equals(DROPOUT);
            if (!known && !isOff(entry.getValue())) {
                throw invalid(
                        argument(key),
                        PickledDict.describe(entry.getValue()),
                        "only " + String.join(", ", SIZES) + ", " + BIAS + " and " + DROPOUT
                                + ", or others that are off",
                        ADVICE);
            }
        }
    }

    /** None, False and zero. */
    private static boolean isOff(Object value) {
        return value == null || value.equals(false) || value instanceof Number number && number.doubleValue() == 0;
    }

    private String describe(String key) {
        return arguments.entries().containsKey(key) ? PickledDict.describe(arguments.get(key)) : "nothing";
    }

    private static String argument(String key) {
        return ARGUMENTS + ", " + quoted(key);
    }

    private static String withoutPrefix(String name) {
        return name.startsWith(COMPILED_PREFIX) ? name.substring(COMPILED_PREFIX.length()) : name;
    }

    /** Returns a tensor under its plain name, without the padded rows. */
    private StridedTensor kept(StridedTensor view, String name) throws InvalidModelException {
        List<Long> shape = new ArrayList<>(view.info().shape());
        if ((name.endsWith("wte.weight") || name.equals("lm_head.weight")) && !shape.isEmpty()) {
            if (shape.get(0) != storedRows()) {
                throw invalid(
                        "tensor " + quoted(view.info().name()),
                        "shape " + shape,
                        "as many rows as vocab_size, " + storedRows(),
                        "the weights and the arguments are of different models");
            }
            shape.set(0, (long) vocabularySize());
        }
        return new StridedTensor(new TensorInfo(name, view.info().dtype(), shape), view.position(), view.stride());
    }

    private void addZeroBiases() throws InvalidModelException {
        Map<String, TensorInfo> zeros = new LinkedHashMap<>();
        for (TensorInfo weight : checkpoint.tensors().values()) {
            String[] path = weight.name().split("\\.", -1);
            if (path.length < 2
                    || !BIASED.contains(path[path.length - 2])
                    || weight.shape().isEmpty()) {
                continue;
            }
            String bias = weight.name().substring(0, weight.name().lastIndexOf('.') + 1) + BIAS;
            if (weight.name().equals(bias)) {
                throw invalid(
                        "tensor " + quoted(bias),
                        "a tensor",
                        "none, for " + ARGUMENTS + " has bias: False",
                        "the weights and the arguments are of different models");
            }
            if (weight.name().endsWith(".weight")) {
                zeros.put(bias, TensorInfo.of(bias, DType.F32, weight.shape().get(0)));
            }
        }
        tensors.putAll(zeros);
    }

    @Override
    public Program program() {
        return Program.NANOGPT;
    }

    @Override
    public int layerCount() {
        return (Integer) arguments.get("n_layer");
    }

    @Override
    public int headCount() {
        return (Integer) arguments.get("n_head");
    }

    @Override
    public int embeddingSize() {
        return (Integer) arguments.get("n_embd");
    }

    @Override
    public int contextLength() {
        return (Integer) arguments.get("block_size");
    }

    @Override
    public int vocabularySize() {
        return TrainingCheckpoint.tokens(storedRows());
    }

    @Override
    public int storedRows() {
        return (Integer) arguments.get("vocab_size");
    }

    @Override
    public Map<String, TensorInfo> tensors() {
        return Collections.unmodifiableMap(tensors);
    }

    @Override
    public void read(String tensorName, TensorSink sink) throws IOException {
        TensorInfo info = tensors.get(tensorName);
        if (info == null || checkpoint.tensors().containsKey(tensorName)) {
            checkpoint.read(tensorName, sink);
            return;
        }
        long count = info.elementCount();
        float[] zeros = new float[(int) Math.min(ZEROS, count)];
        for (long start = 0; start < count; start += zeros.length) {
            sink.values(zeros, (int) Math.min(zeros.length, count - start), start);
        }
    }

    @Override
    public String describe() {
        return checkpoint.describe();
    }

    @Override
    public void close() throws IOException {
        checkpoint.close();
    }

    private InvalidModelException invalid(String subject, String found, String expected, String advice) {
        return new InvalidModelException(file, subject, found, expected, advice);
    }
}
