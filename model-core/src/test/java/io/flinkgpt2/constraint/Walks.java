package io.flinkgpt2.constraint;

import io.flinkgpt2.tokenizer.Tokenizer;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/** Automata of constraints without a vocabulary, and ways through constraints with one. */
final class Walks {
    private static final UnicodeProperties PROPERTIES = new UnicodeProperties();
    private static final FreeJson FREE_JSON = new FreeJson();

    private Walks() {}

    static ConstraintAutomaton automaton(ConstraintSource source) throws InvalidConstraintException {
        return new ConstraintAutomaton(new SourceBuilder(PROPERTIES).table(source), FREE_JSON);
    }

    static boolean matches(ConstraintAutomaton automaton, String text) {
        int state = ConstraintAutomaton.START;
        for (byte value : text.getBytes(StandardCharsets.UTF_8)) {
            state = automaton.next(state, value & 0xff);
            if (state == ByteTable.NONE) {
                return false;
            }
        }
        return automaton.isAccepting(state);
    }

    /** Returns a random text that the automaton accepts, found byte by byte; null if it grew beyond the length. */
    static String randomText(ConstraintAutomaton automaton, SplittableRandom random, int longest) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        int state = ConstraintAutomaton.START;
        while (!(automaton.isAccepting(state) && (!automaton.hasNext(state) || random.nextInt(4) == 0))) {
            int[] next = new int[256];
            int count = 0;
            for (int value = 0; value < 256; value++) {
                if (automaton.next(state, value) != ByteTable.NONE) {
                    next[count++] = value;
                }
            }
            if (count == 0) {
                throw new AssertionError("stuck behind " + bytes);
            }
            int value = next[random.nextInt(count)];
            bytes.write(value);
            state = automaton.next(state, value);
            if (bytes.size() > longest) {
                return null;
            }
        }
        return strict(bytes.toByteArray());
    }

    /** Returns a shortest matching text that begins with the bytes; fails if there is none. */
    static String completed(ConstraintAutomaton automaton, byte[] beginning) {
        int first = ConstraintAutomaton.START;
        for (byte value : beginning) {
            first = automaton.next(first, value & 0xff);
            if (first == ByteTable.NONE) {
                throw new AssertionError("not the beginning of a match");
            }
        }
        Map<Integer, byte[]> texts = new HashMap<>(Map.of(first, beginning));
        Deque<Integer> pending = new ArrayDeque<>(List.of(first));
        while (!pending.isEmpty()) {
            int state = pending.remove();
            byte[] text = texts.get(state);
            if (automaton.isAccepting(state)) {
                return strict(text);
            }
            for (int value = 0; value < 256; value++) {
                int next = automaton.next(state, value);
                if (next != ByteTable.NONE && !texts.containsKey(next)) {
                    byte[] longer = Arrays.copyOf(text, text.length + 1);
                    longer[text.length] = (byte) value;
                    texts.put(next, longer);
                    pending.add(next);
                }
            }
        }
        throw new AssertionError("no match begins like this");
    }

    /** Returns the text of bytes that must be UTF-8. */
    static String strict(byte[] bytes) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new AssertionError("not UTF-8", e);
        }
    }

    /**
     * Returns the text of random allowed tokens, chosen by the mask alone, or null if it had not ended after so many. Fails if no
     * token may follow where the text is not complete.
     */
    static String randomTokens(
            Constraint constraint, Tokenizer tokenizer, int vocabularySize, SplittableRandom random, int most) {
        List<Integer> ids = new ArrayList<>();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        float[] logits = new float[vocabularySize];
        int state = constraint.start();
        while (ids.size() < most) {
            Arrays.fill(logits, 0);
            constraint.mask(logits, 0, vocabularySize, state);
            int[] allowed = IntStream.range(0, vocabularySize)
                    .filter(id -> logits[id] == 0)
                    .toArray();
            if ((allowed.length > 0) != constraint.canContinue(state)) {
                throw new AssertionError("canContinue differs from the mask behind " + bytes);
            }
            if (constraint.isAccepting(state) && (allowed.length == 0 || random.nextInt(3) == 0)) {
                return strict(bytes.toByteArray());
            }
            if (allowed.length == 0) {
                throw new AssertionError("stuck behind '" + bytes + "'");
            }
            // Short tokens end free strings sooner, so they are as likely as all others together.
            int id = allowed[random.nextInt(allowed.length)];
            if (random.nextBoolean()) {
                int[] shortOnes = Arrays.stream(allowed)
                        .filter(other -> tokenizer.bytes(other).length == 1)
                        .toArray();
                id = shortOnes.length == 0 ? id : shortOnes[random.nextInt(shortOnes.length)];
            }
            bytes.writeBytes(tokenizer.bytes(id));
            ids.add(id);
            state = constraint.next(state, id);
            if (state == Constraint.NO_STATE) {
                throw new AssertionError("the mask allows " + id + ", but it leads nowhere");
            }
        }
        return null;
    }
}
