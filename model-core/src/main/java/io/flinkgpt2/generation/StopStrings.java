package io.flinkgpt2.generation;

import io.flinkgpt2.sampling.StopParameters;
import io.flinkgpt2.tokenizer.StreamingDecoder;
import java.util.List;

/**
 * The texts that end a sequence. The first in the text counts, and at one place the longest: just as if everything had been
 * generated and the text cut then. So a text that was found is held back while another one, which began before it or at the
 * same place, may still be completed.
 */
final class StopStrings implements StopCriteria {

    private final List<String> strings;
    private final boolean include;
    private final int minTokens;
    private final StreamingDecoder decoder;
    /** The text so far, in whole characters. */
    private final StringBuilder text;

    /** Where the text begins that counts so far; -1: none was found. */
    private int foundAt;

    private String found;
    /** Number of generated tokens that completed it. */
    private int foundTokens;

    /** @param decoder a new one, which leaves special tokens out if the text of the answer does */
    StopStrings(StopParameters parameters, StreamingDecoder decoder) {
        this.strings = parameters.strings();
        this.include = parameters.includeInOutput();
        this.minTokens = parameters.minTokens();
        this.decoder = decoder;
        this.text = new StringBuilder();
        this.foundAt = -1;
    }

    private StopStrings(StopStrings other) {
        this.strings = other.strings;
        this.include = other.include;
        this.minTokens = other.minTokens;
        this.decoder = other.decoder.fork();
        this.text = new StringBuilder(other.text);
        this.foundAt = other.foundAt;
        this.found = other.found;
        this.foundTokens = other.foundTokens;
    }

    @Override
    public Stop after(Sequence sequence) {
        int generated = sequence.generatedCount();
        search(decoder.accept(sequence.tokenId(sequence.length() - 1)), generated);
        return found != null && !mayBeReplaced() ? stop() : null;
    }

    @Override
    public Stop settle(Sequence sequence) {
        search(decoder.finish(), sequence.generatedCount());
        return found == null ? null : stop();
    }

    private Stop stop() {
        return Stop.atString(found, foundTokens, include ? foundAt + found.length() : foundAt);
    }

    /** Appends text, and looks for strings that end in it. */
    private void search(String appended, int generated) {
        int before = text.length();
        text.append(appended);
        if (generated < minTokens || appended.isEmpty()) {
            return;
        }
        for (String string : strings) {
            int at = text.indexOf(string, Math.max(0, before - string.length() + 1));
            if (at >= 0 && (found == null || at < foundAt || (at == foundAt && string.length() > found.length()))) {
                foundAt = at;
                found = string;
                foundTokens = generated;
            }
        }
    }

    /** Returns whether what follows may complete a string that counts rather than the one that was found. */
    private boolean mayBeReplaced() {
        for (String string : strings) {
            int last = string.length() > found.length() ? foundAt : foundAt - 1;
            for (int at = Math.max(0, text.length() - string.length() + 1); at <= last; at++) {
                if (string.startsWith(text.substring(at))) {
                    return true;
                }
            }
        }
        return false;
    }

    @Override
    public StopCriteria fork() {
        return new StopStrings(this);
    }
}
