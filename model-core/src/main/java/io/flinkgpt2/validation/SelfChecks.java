package io.flinkgpt2.validation;

import io.flinkgpt2.model.ForwardState;
import io.flinkgpt2.model.Gpt2;
import io.flinkgpt2.model.KvCache;
import io.flinkgpt2.model.RaggedBatch;
import io.flinkgpt2.pretrained.Pretrained;
import io.flinkgpt2.tensor.Kernels;
import io.flinkgpt2.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Checks that need no known answers, for they hold of any model: results do not depend on the cache, on what else is in the
 * batch, or on the kernels, bit for bit; and what is encoded decodes to itself.
 */
public final class SelfChecks {

    private static final String GROUP = "self-checks";
    private static final int DECODE_STEPS = 8;

    private static final List<String> TEXTS = List.of(
            "Hello world",
            "I'm sure they've said she'd won't, we'll see it's",
            "  spaces   in  rows \n\n\tand\r\nlines ",
            "1 22 333 4444 55555 3.14159 1,000,000",
            "!?;:... --- (brackets) [more] {still} <|endoftext|>",
            "Es war einmal ein König; l'été où naïve garçons dînent",
            "Жили-были старик со старухой, и была у них курочка Ряба",
            "むかしむかし、おじいさんとおばあさんがいました。",
            "كان يا ما كان في قديم الزمان",
            "🏰👸🏽🐉 e\u0301 \u00a0\u2003\u200d\ufeff",
            "\u0000\u0001\u001f\u007f\u0085",
            "x".repeat(200));

    private final Pretrained pretrained;
    private final Gpt2 model;

    public SelfChecks(Pretrained pretrained) {
        this.pretrained = pretrained;
        this.model = pretrained.model();
    }

    /**
     * Returns all of them.
     *
     * @param promptTokenIds 1 or more, at most {@code n_positions}
     */
    public List<CheckResult> check(int[] promptTokenIds) {
        List<CheckResult> results = new ArrayList<>(List.of(
                cachedIsRecomputed(promptTokenIds),
                batchedIsAlone(promptTokenIds),
                scalarIsVector(promptTokenIds),
                encodedDecodes()));
        if (pretrained.tokenizer().refusalOfText().isEmpty()) {
            results.add(vocabularySuits());
        }
        return results;
    }

    /**
     * Returns the logits of the prompt and of some tokens after it: by decode steps over the cache, and each from the start.
     */
    private CheckResult cachedIsRecomputed(int[] prompt) {
        int steps = Math.min(DECODE_STEPS, model.config().contextLength() - prompt.length);
        KvCache cache = new KvCache(model.config(), prompt.length + steps);
        float[][] cached = new float[steps + 1][];
        float[][] recomputed = new float[steps + 1][];
        int[] ids = prompt;
        for (int step = 0; step <= steps; step++) {
            cached[step] = Passes.lastLogits(model, cache, ids, ids.length);
            recomputed[step] = Passes.lastLogits(model, ids);
            ids = Passes.append(ids, next(recomputed[step]));
        }
        return compared("logits cached = recomputed", cached, recomputed);
    }

    /** Returns the prompt, its first token and the prompt backwards, all in one pass and then each a token further. */
    private CheckResult batchedIsAlone(int[] prompt) {
        List<int[]> prompts = List.of(prompt, Arrays.copyOf(prompt, 1), backwards(prompt));
        boolean decode = prompt.length < model.config().contextLength();
        List<float[]> batched = new ArrayList<>();
        List<float[]> alone = new ArrayList<>();
        List<KvCache> caches = new ArrayList<>();
        int rows = 0;
        for (int[] ids : prompts) {
            rows += ids.length;
            caches.add(new KvCache(model.config(), ids.length + (decode ? 1 : 0)));
        }
        ForwardState state = new ForwardState(model, rows, prompts.size(), prompt.length + 1);
        RaggedBatch batch = new RaggedBatch(rows);
        List<int[]> sequences = prompts;
        for (int pass = 0; pass < (decode ? 2 : 1); pass++) {
            batch.clear();
            List<int[]> longer = new ArrayList<>();
            for (int s = 0; s < sequences.size(); s++) {
                int[] ids = sequences.get(s);
                KvCache cache = caches.get(s);
                for (int p = cache.length(); p < ids.length; p++) {
                    batch.add(cache, p, ids[p], p == ids.length - 1);
                }
                float[] logits = Passes.lastLogits(model, ids);
                alone.add(logits);
                longer.add(Passes.append(ids, next(logits)));
            }
            model.forward(batch, state);
            for (int s = 0; s < sequences.size(); s++) {
                batched.add(Passes.logits(model, state, s));
            }
            sequences = longer;
        }
        return compared("logits batched = alone", batched.toArray(new float[0][]), alone.toArray(new float[0][]));
    }

    private static int[] backwards(int[] prompt) {
        int[] reversed = new int[prompt.length];
        for (int i = 0; i < prompt.length; i++) {
            reversed[i] = prompt[prompt.length - 1 - i];
        }
        return reversed;
    }

    private CheckResult scalarIsVector(int[] prompt) {
        String name = "logits of scalar = vector kernels";
        Kernels scalar = Kernels.reference();
        if (model.kernels().name().equals(scalar.name())) {
            return CheckResult.of(
                    GROUP, name, "this JVM has scalar kernels only; add --add-modules jdk.incubator.vector");
        }
        Gpt2 scalarModel = new Gpt2(model.config(), pretrained.weights(), scalar);
        return compared(
                name,
                Passes.allLogits(scalarModel, new KvCache(model.config(), prompt.length), prompt, null),
                Passes.allLogits(model, new KvCache(model.config(), prompt.length), prompt, null));
    }

    private static CheckResult compared(String name, float[][] found, float[][] expected) {
        Tensor all = new Tensor(List.of(found.length, found[0].length), Passes.concatenated(found));
        return CheckResult.of(GROUP, name, "")
                .showing(all)
                .compared(Comparison.exact(all.values(), Passes.concatenated(expected)), "");
    }

    /** Returns the best token; any where the logits are no numbers, which the comparison then says. */
    private static int next(float[] logits) {
        return Math.max(0, Softmax.argMax(logits));
    }

    private CheckResult encodedDecodes() {
        Tokenizer tokenizer = pretrained.tokenizer();
        CheckResult result = CheckResult.of(
                GROUP, "decoded = encoded text", tokenizer.refusalOfText().orElse(""));
        if (tokenizer.refusalOfText().isPresent()) {
            return result;
        }
        int tokens = 0;
        int texts = 0;
        String refusal = "";
        for (String text : TEXTS) {
            int[] ids;
            try {
                ids = tokenizer.encode(text);
            } catch (IllegalArgumentException e) {
                // A vocabulary need not have every byte.
                refusal = e.getMessage();
                continue;
            }
            // The tokens before a text are special. Any other added one stands for white space beside it too.
            boolean added = Arrays.stream(ids)
                    .anyMatch(id ->
                            tokenizer.isAdded(id) && !tokenizer.decode(true, id).isEmpty());
            if (added) {
                refusal = "an added token is in it";
                continue;
            }
            texts++;
            tokens += ids.length;
            String expected = tokenizer.addsPrefixSpace() && !text.startsWith(" ") ? " " + text : text;
            String decoded = tokenizer.decode(true, ids);
            if (!decoded.equals(expected)) {
                return result.judged(
                        false,
                        "",
                        "found " + TokenText.quoted(decoded) + ", expected " + TokenText.quoted(expected)
                                + "; is this the vocabulary of the model?");
            }
        }
        String detail = texts + " of " + TEXTS.size() + " texts, " + tokens + " tokens";
        return result.judged(texts > 0, "", refusal.isEmpty() ? detail : detail + "; of the others: " + refusal);
    }

    /**
     * Checks that the vocabulary is the model's: with ids past the model's it is another one's; added tokens there only cannot
     * be used.
     */
    private CheckResult vocabularySuits() {
        Tokenizer tokenizer = pretrained.tokenizer();
        CheckResult result = CheckResult.of(GROUP, "vocabulary within the model", "");
        int can = model.config().vocabularySize();
        String sizes = tokenizer.vocabularySize() + " ids, " + can + " in the model";
        if (tokenizer.mergedVocabularySize() > can) {
            return result.judged(false, "", "found " + sizes + "; bring the tokenizer files of this model");
        }
        boolean past = tokenizer.vocabularySize() > can;
        return result.judged(true, "", past ? sizes + "; the added tokens from " + can + " on cannot be used" : sizes);
    }
}
