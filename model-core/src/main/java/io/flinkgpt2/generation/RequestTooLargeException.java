package io.flinkgpt2.generation;

/** A beam search whose beams do not fit the KV cache, however empty it is. */
public final class RequestTooLargeException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    RequestTooLargeException(int width, long bytes, long capacity) {
        super("n: " + width + " beams may take " + bytes + " bytes of keys and values, expected at most " + capacity
                + ", the kv-cache.bytes of a slot; lower n or max_tokens, shorten the prompt, or raise kv-cache.bytes");
    }
}
