package io.flinkgpt2.pretrained;

import io.flinkgpt2.constraint.ConstraintCompiler;
import io.flinkgpt2.generation.Completion;
import io.flinkgpt2.generation.PromptTooLongException;
import io.flinkgpt2.generation.TextCompleter;
import io.flinkgpt2.model.Gpt2;
import io.flinkgpt2.model.Gpt2Config;
import io.flinkgpt2.model.Gpt2Weights;
import io.flinkgpt2.model.RandomWeights;
import io.flinkgpt2.sampling.GenerationParameters;
import io.flinkgpt2.tensor.Kernels;
import io.flinkgpt2.tensor.Precision;
import io.flinkgpt2.tokenizer.InvalidVocabularyException;
import io.flinkgpt2.tokenizer.Tokenizer;
import io.flinkgpt2.weights.InvalidModelException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CancellationException;
import java.util.function.Supplier;

/**
 * A model and its tokenizer, loaded from a directory or a single file:
 *
 * <pre>{@code
 * Pretrained model = Pretrained.open(Path.of("models/gpt2"));
 * String text = model.complete("Once upon a time").text();
 * }</pre>
 *
 * <p>Immutable and safe for use by several threads. It holds no thread and no open file, so there is nothing to close: the weights
 * go when nothing refers to it any more.
 *
 * <p>Each call of {@code complete} or {@code completeAll} works on the caller's thread alone, with a KV cache of its own. Calls on
 * several threads use as many cores. A completion is a function of model, prompt and parameters, bit for bit: not of the other
 * prompts of the call, the thread, or the machine. So the same call repeats the same text; another {@code seed} gives another one.
 */
public final class Pretrained {

    private static final GenerationParameters DEFAULTS =
            GenerationParameters.builder().build();

    private final String source;
    private final Gpt2 model;
    private final Gpt2Weights weights;
    private final Tokenizer tokenizer;
    private final Supplier<ConstraintCompiler> constraints;
    private final TextCompleter completer;
    private final String revision;
    private final Precision precision;

    /** @param source the directory or file, for people */
    Pretrained(
            String source, Gpt2 model, Gpt2Weights weights, Tokenizer tokenizer, String revision, Precision precision) {
        this.source = source;
        this.model = model;
        this.weights = weights;
        this.tokenizer = tokenizer;
        this.constraints = ConstraintCompiler.whenUsed(tokenizer, model.config().vocabularySize());
        this.completer = new TextCompleter(model, tokenizer, constraints);
        this.revision = revision;
        this.precision = precision;
    }

    /** {@link #open(Path, LoadOptions)} with the {@linkplain LoadOptions#defaults() defaults}. */
    public static Pretrained open(Path directoryOrFile) throws IOException {
        return open(directoryOrFile, LoadOptions.defaults());
    }

    /** {@link #open(Path, LoadOptions)} with the defaults but for the kernels. */
    public static Pretrained open(Path directoryOrFile, Kernels kernels) throws IOException {
        return open(directoryOrFile, LoadOptions.defaults().withKernels(kernels));
    }

    /**
     * Loads the weights of a directory, or of a single file, with their config and tokenizer. A GGUF file has both
     * inside, and nothing beside it is read. A checkpoint of nanoGPT or llm.c has its config inside. For weights of
     * any other format they are {@code config.json}, with the end-of-text ids of {@code generation_config.json} added if there
     * is one, and what {@link io.flinkgpt2.tokenizer.TokenizerDirectory} reads, in the directory or beside the file. A model
     * that brings no tokenizer has GPT-2's own if it has as many ids; any other takes token ids only, as one with a tokenizer
     * of another kind does ({@link Tokenizer#refusalOfText}).
     *
     * @throws InvalidModelException if something is missing or wrong; names file, field or tensor, and what to do
     * @throws InvalidVocabularyException if the vocabulary is not valid; likewise
     * @throws IOException if a file cannot be read
     */
    public static Pretrained open(Path directoryOrFile, LoadOptions options) throws IOException {
        return new ModelLoader(directoryOrFile, options).load();
    }

    /**
     * Returns a model of this shape that nobody trained, made in memory: the model that a file with {@link RandomWeights} of
     * that seed holds. It has GPT-2's own tokenizer if it has as many ids, else it takes token ids only.
     *
     * @param seed of the weights
     */
    public static Pretrained random(Gpt2Config shape, long seed, LoadOptions options) throws IOException {
        return ModelLoader.random(shape, seed, options);
    }

    /** Returns the tokenizer alone of a model, which {@link #open(Path)} would have; as {@link ModelTokenizer#open}. */
    public static Tokenizer openTokenizer(Path directoryOrFile) throws IOException {
        return ModelTokenizer.open(directoryOrFile).tokenizer();
    }

    /**
     * Returns the config alone of a model, which {@link #open(Path)} would have. Reads no weights, but makes sure that there
     * are some.
     *
     * @throws InvalidModelException if something is missing or wrong; as {@link #open(Path, LoadOptions)}
     */
    public static Gpt2Config openConfig(Path directoryOrFile) throws IOException {
        return ModelLoader.config(directoryOrFile);
    }

    /**
     * Completes a prompt with the defaults of a request: up to 16 tokens, drawn at temperature 1 with seed 0.
     *
     * @throws IllegalArgumentException as {@link #completeAll(List, GenerationParameters)}
     */
    public Completion complete(String prompt) {
        return complete(prompt, DEFAULTS);
    }

    /**
     * Completes a prompt. {@link GenerationParameters#builder()} makes parameters; the ones that are not set have the defaults of a
     * request.
     *
     * @param prompt text in which special tokens are ordinary text; an empty one is completed from end of text
     * @throws IllegalArgumentException if the parameters ask for several completions; and as
     *     {@link #completeAll(List, GenerationParameters)}
     */
    public Completion complete(String prompt, GenerationParameters parameters) {
        return completer.complete(prompt, parameters);
    }

    /** {@link #completeAll(List, GenerationParameters)} with the defaults of a request. */
    public List<Completion> completeAll(List<String> prompts) {
        return completeAll(prompts, DEFAULTS);
    }

    /**
     * Completes prompts together, by continuous batching, which is several times as fast as one after the other. Each completion is the
     * one that {@link #complete(String, GenerationParameters)} returns for its prompt.
     *
     * @return the completions in the order of the prompts; with {@code n} choices, those of the first prompt come first
     * @throws IllegalArgumentException if a prompt is not well-formed text or does not fit the model's context
     *     ({@link PromptTooLongException}), the model takes token ids only, or the constraint is not valid; the message names the
     *     prompt, and nothing was generated
     * @throws CancellationException if the thread is interrupted, noticed before each token; it stays interrupted
     */
    public List<Completion> completeAll(List<String> prompts, GenerationParameters parameters) {
        return completer.completeAll(prompts, parameters);
    }

    /** Returns the forward pass. */
    public Gpt2 model() {
        return model;
    }

    public Gpt2Config config() {
        return model.config();
    }

    public Gpt2Weights weights() {
        return weights;
    }

    public Tokenizer tokenizer() {
        return tokenizer;
    }

    /** Returns the compiler of constraints for this model's vocabulary, which is made when it is first asked for. */
    public Supplier<ConstraintCompiler> constraints() {
        return constraints;
    }

    /** Returns how the weight matrices are kept in memory: the numeric mode of what is computed. */
    public Precision precision() {
        return precision;
    }

    /** Returns the first 16 hexadecimal digits of a SHA-256 over weights, config and tokenizer. */
    public String revision() {
        return revision;
    }

    /** Returns what was loaded from where, and what computes it. */
    @Override
    public String toString() {
        return String.format(
                Locale.ROOT,
                "Pretrained[%s, %,d parameters, %s, %s kernels, revision %s, %s, %s]",
                source,
                Gpt2Weights.parameterCount(config(), weights.isTied()),
                precision.name().toLowerCase(Locale.ROOT),
                model.kernels().name(),
                revision,
                config(),
                tokenizer);
    }
}
