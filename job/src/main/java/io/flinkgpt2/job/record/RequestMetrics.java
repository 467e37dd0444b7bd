package io.flinkgpt2.job.record;

/** The timings of a request. */
public class RequestMetrics {
    /** From the read of the record to the start of its generation, in milliseconds. */
    public long queueTimeMs;

    /** From the start of the generation to its first token, in milliseconds; 0 if there is none. */
    public long timeToFirstTokenMs;

    /** From the start of the generation to its end, in milliseconds. */
    public long generationTimeMs;

    /** Generated tokens per second of generation; 0 if none were. One that is not finite is written as null. */
    public double tokensPerSecond;

    /** Tokens of all prompts that were not computed because a cache had them. */
    public int cachedTokens;

    public RequestMetrics() {}
}
