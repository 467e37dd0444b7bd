package io.flinkgpt2.generation;

import io.flinkgpt2.model.ForwardState;
import io.flinkgpt2.model.Gpt2;
import io.flinkgpt2.model.Gpt2Config;
import io.flinkgpt2.model.KvCache;
import io.flinkgpt2.model.RaggedBatch;
import io.flinkgpt2.pretrained.Pretrained;
import io.flinkgpt2.sampling.GenerationParameters;
import io.flinkgpt2.sampling.LogitsProcessor;
import io.flinkgpt2.sampling.Sampler;
import io.flinkgpt2.tensor.Workers;
import io.flinkgpt2.tokenizer.Tokenizer;
import java.util.Arrays;

/**
 * The plain loop of generation, one sequence at a time, with nothing of the batch in it: what a batch is compared with.
 */
final class PlainGenerator {

    private static final LogitsProcessor[] NO_PROCESSORS = {};

    private final Gpt2 model;
    private final Tokenizer tokenizer;
    private final int maxContext;
    private final int prefillChunk;
    private final RaggedBatch rows;
    private final ForwardState forwardState;
    private final KvCache cache;
    private final Sampler sampler;

    PlainGenerator(Pretrained pretrained, int maxContext, int prefillChunk) {
        this.model = pretrained.model();
        this.tokenizer = pretrained.tokenizer();
        this.maxContext = maxContext;
        this.prefillChunk = prefillChunk;
        this.rows = new RaggedBatch(prefillChunk);
        this.forwardState = new ForwardState(model, prefillChunk, 1, maxContext, new Workers(1));
        this.cache = new KvCache(model.config(), maxContext);
        this.sampler = new Sampler(model.kernels(), model.config().vocabularySize());
    }

    Gpt2Config config() {
        return model.config();
    }

    /** Returns the completion of the first choice. */
    Completion complete(TestRequest request) {
        return complete(request, 0);
    }

    Completion complete(TestRequest request, int choice) {
        GenerationParameters parameters = request.parameters();
        int[] prompt = request.promptTokenIds();
        if (prompt.length == 0) {
            prompt = new int[] {model.config().endOfTextId().orElseThrow()};
        }
        cache.reset();
        int[] tokens = Arrays.copyOf(prompt, maxContext);
        int length = prompt.length;
        StopReason reason = null;
        while (reason == null) {
            int generated = length - prompt.length;
            if (generated >= parameters.maxTokens()) {
                reason = StopReason.MAX_TOKENS;
            } else if (length >= maxContext) {
                reason = StopReason.MAX_CONTEXT;
            } else {
                int offset = forward(tokens, length);
                int next = sampler.sample(forwardState.logits(), offset, NO_PROCESSORS, parameters, choice, generated)
                        .id();
                if (model.config().isEndOfText(next) && !parameters.stop().ignoreEndOfText()) {
                    reason = StopReason.END_OF_TEXT;
                } else {
                    tokens[length++] = next;
                }
            }
        }
        int[] ids = Arrays.copyOfRange(tokens, prompt.length, length);
        String text = tokenizer.decode(true, ids);
        return new Completion(
                0, choice, prompt.length, ids, text, reason, null, -1, null, null, 0, 0, ids.length == 0 ? 0 : 1, 1);
    }

    /** Brings the cache up to the last token, in chunks; returns where its logits begin. */
    private int forward(int[] tokens, int length) {
        while (cache.length() < length) {
            rows.clear();
            int end = Math.min(length, cache.length() + prefillChunk);
            for (int position = cache.length(); position < end; position++) {
                rows.add(cache, position, tokens[position], position == length - 1);
            }
            model.forward(rows, forwardState);
        }
        return forwardState.logitsOffset(0);
    }
}
