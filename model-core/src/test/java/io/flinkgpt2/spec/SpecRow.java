package io.flinkgpt2.spec;

import java.util.List;
import java.util.stream.Stream;

/**
 * A row of the specification of GPT-2 inference.
 *
 * @param id {@code 1.3}, {@code point 4} or {@code P7}
 * @param rule what it asks
 * @param later what of it needs later work and has no test yet; empty if nothing
 */
record SpecRow(String id, String rule, String later) {

    /** The heading under which a row stands. */
    enum Section {
        MODEL("Model and weights"),
        TOKENS("Tokens and embeddings"),
        FORWARD("The forward pass"),
        GENERATION("Sampling and generation"),
        POINTS("The twelve validation points"),
        PITFALLS("Pitfalls");

        private final String heading;

        Section(String heading) {
            this.heading = heading;
        }

        String heading() {
            return heading;
        }
    }

    Section section() {
        if (id.startsWith("point")) {
            return Section.POINTS;
        }
        return id.startsWith("P") ? Section.PITFALLS : Section.values()[id.charAt(0) - '1'];
    }

    private static SpecRow row(String id, String rule) {
        return new SpecRow(id, rule, "");
    }

    /** All rows, in order. */
    static List<SpecRow> all() {
        return Stream.of(MODEL, TOKENS, FORWARD, GENERATION, POINTS, PITFALLS)
                .flatMap(List::stream)
                .toList();
    }

    private static final List<SpecRow> MODEL = List.of(
            row(
                    "1.1",
                    "Sizes are read from the model's own config, never guessed from its name; any GPT-2 architecture runs,"
                            + " with other vocabularies, inner sizes, head sizes and epsilons."),
            row(
                    "1.2",
                    "`n_embd` is a multiple of `n_head`; a config that is not so, or that a tensor's shape contradicts, is"
                            + " refused with the name, what was found and what was expected."),
            row(
                    "1.3",
                    "Prompt and generated tokens together are at most `max_context`, which is at most `n_positions`, and"
                            + " `n_positions` unless told. A prompt that does not fit is refused,"
                            + " or cut on the side that its request names, to what leaves room for the tokens asked for."
                            + " Nothing is written past the cache."),
            row(
                    "1.4",
                    "Conv1D weights are stored (in, out), those of nanoGPT and llm.c (out, in); names may have the prefix"
                            + " `transformer.`"),
            row(
                    "1.5",
                    "A tied LM head is the very object of the token embedding; a different one is used if the config unties"
                            + " it, else passed over with a warning."),
            row(
                    "1.6",
                    "Buffers without parameters are ignored whatever their type; heads that completion does not use are dropped"
                            + " with a warning; a prefix that all have is taken off; unknown and missing tensors are refused by"
                            + " name, with what stands there instead."),
            row(
                    "1.7",
                    "Formats: safetensors (F64, F32, F16, BF16), PyTorch `.bin` in both forms, each whole or sharded, GGUF v2 and v3 with F32, F16,"
                            + " BF16, Q8_0 to Q4_0, IQ4_NL and Q6_K to Q2_K, its config and vocabulary included; nanoGPT's `ckpt.pt`;"
                            + " llm.c's checkpoints of versions 3 and 5."),
            row(
                    "1.8",
                    "Opening a file runs nothing that it contains; globals that tensors do not need are refused by name;"
                            + " sizes are checked against the file before memory is allocated."),
            row("1.9", "bfloat16 and int8 weights are an option, float32 the default; accumulation is float32."));

    private static final List<SpecRow> TOKENS = List.of(
            row(
                    "2.1",
                    "Byte-level BPE identical to tiktoken's `gpt2`. A model's own tokenizer is never replaced by GPT-2's:"
                            + " `vocab.json` with `merges.txt`, or a byte-level BPE `tokenizer.json`, is read, with added tokens,"
                            + " `add_bos_token` and `add_prefix_space`; a model with another kind, or with none and other than"
                            + " 50257 rows, takes token ids only and says why. A nanoGPT or llm.c checkpoint of 50257 to 50304 rows uses"
                            + " GPT-2's, and its padded rows are never drawn. Ids at or past `vocab_size` are refused; one"
                            + " without a token decodes to nothing."),
            row(
                    "2.2",
                    "Text that spells `<\\|endoftext\\|>` is ordinary text unless the request allows special tokens."),
            row(
                    "2.3",
                    "Decoding holds unfinished characters back; U+FFFD stands only where the final text really ends so."),
            row(
                    "2.4",
                    "An empty prompt is completed from the end-of-text token: the config's first or the metadata's, else 50256; a"
                            + " model whose vocabulary lacks it has none. The ids of `generation_config.json` join the config's. A GGUF file's vocabulary size is the rows of its embedding, and"
                            + " a `config.json` beside it is not read."),
            row(
                    "2.5",
                    "The embedding is `wte[token] + wpe[position]`; positions go on from the start position while"
                            + " decoding."));

    private static final List<SpecRow> FORWARD = List.of(
            row("3.1", "Pre-norm blocks, the final layer norm, then the LM head without bias."),
            row("3.2", "Layer norm with the biased variance."),
            row(
                    "3.3",
                    "One projection to queries, keys and values; scores divided by the root of the head size, or not, or by"
                            + " the layer too, as the config says; upcasting the attention changes nothing."),
            row("3.4", "Causal: the query at a position sees the keys up to its own."),
            row("3.5", "The KV cache is written and read at the positions of its sequence; cached equals recomputed."),
            row("3.6", "Feed-forward network of `n_inner`, 4 x `n_embd` where the config has null."),
            row(
                    "3.7",
                    "The activation function is the config's; a config that names none and GGUF mean the tanh form of GELU;"
                            + " nanoGPT's checkpoints mean the exact form, llm.c's the tanh form; a user may override it, whatever the config names; other names are refused."),
            new SpecRow(
                    "3.8",
                    "Logits are computed for the last position of a prompt only.",
                    "log-probabilities of the prompt, which need more of them"));

    private static final List<SpecRow> GENERATION = List.of(
            row(
                    "4.1",
                    "Below a temperature of 1e-6 arg max, else a draw from the softmax; candidates are ordered by logit, then"
                            + " by id, everywhere, and sums run in one order."),
            row(
                    "4.2",
                    "Generation stops at `max_tokens`, the end-of-text id, a stop string or id, `max_context`, a deadline and cancellation,"
                            + " and says which."),
            row("4.3", "A batch is independent sequences of any lengths, each with its own cache and random stream."),
            row(
                    "4.4",
                    "The same request, seed and weights give the same bytes, whatever the batch, the chunks of the prompt, the"
                            + " vector width, or a restart."));

    private static final List<SpecRow> POINTS = List.of(
            row("point 1", "Layer norm of block 0."),
            row("point 2", "Queries, keys and values of block 0."),
            row("point 3", "KV cache of block 0, bit-equal to those keys and values."),
            row("point 4", "Scaled scores before the softmax."),
            row("point 5", "Attention output."),
            row("point 6", "Feed-forward output."),
            row("point 7", "Output of block 0."),
            row("point 8", "Logits of all positions."),
            row("point 9", "Logits of the last position, bit-equal to the last row of point 8."),
            row("point 10", "Arg max."),
            row("point 11", "Softmax probabilities."),
            row("point 12", "The text, end to end."));

    private static final List<SpecRow> PITFALLS = List.of(
            row("P1", "A forgotten or doubled transpose of Conv1D."),
            row("P2", "The variance over N - 1."),
            row("P3", "Scores scaled by the root of the embedding size."),
            row("P4", "Positions that restart at 0 while decoding."),
            row("P5", "A tied LM head that is a copy, or missing."),
            row("P6", "The other GELU."),
            row("P7", "A cache row that is read before it is written; a causal range that is off by one."),
            row("P8", "Top-p before the temperature."),
            row("P9", "White space of the tokenizer's pattern that is ASCII only."));
}
