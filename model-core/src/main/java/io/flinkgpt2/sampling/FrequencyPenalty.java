package io.flinkgpt2.sampling;

/** Frequency and presence penalty: {@code logit - count * frequency - presence} for each generated token. */
final class FrequencyPenalty implements LogitsProcessor {
    private final double frequency;
    private final double presence;
    private final TokenCounts generated;

    private FrequencyPenalty(double frequency, double presence, TokenCounts generated) {
        this.frequency = frequency;
        this.presence = presence;
        this.generated = generated;
    }

    /** @param capacity maximum number of generated tokens */
    static FrequencyPenalty of(double frequency, double presence, int capacity) {
        return new FrequencyPenalty(frequency, presence, new TokenCounts(capacity));
    }

    @Override
    public void apply(float[] logits, int offset, int vocabularySize) {
        for (int i = 0; i < generated.size(); i++) {
            int place = offset + generated.id(i);
            logits[place] = (float) (logits[place] - generated.count(i) * frequency - presence);
        }
    }

    @Override
    public void accept(int tokenId) {
        generated.add(tokenId);
    }

    @Override
    public LogitsProcessor fork() {
        return new FrequencyPenalty(frequency, presence, generated.fork());
    }
}
