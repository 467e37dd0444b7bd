package io.flinkgpt2.tokenizer;

import static io.flinkgpt2.tokenizer.VocabularyFiles.GET_AGAIN;
import static io.flinkgpt2.tokenizer.VocabularyFiles.quote;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Byte-level BPE with added tokens. */
final class BytePairTokenizer implements Tokenizer {
    /** Far more than any word has, and little enough for its merges to take a few megabytes. */
    static final int LONGEST_STREAMED_PIECE = 1 << 16;

    private static final byte[] DIGEST_HEADER = "byte-level BPE, format 1\n".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] DIGEST_PREFIX = "before each text, format 1\n".getBytes(StandardCharsets.US_ASCII);

    private final String name;
    private final BytePairEncoder encoder;
    private final TokenTable tokens;
    private final AddedTokens addedTokens;
    private final Set<Integer> addedIds;
    private final int mergedVocabularySize;
    private final boolean prefixSpace;
    private final int[] prefixIds;
    private final OptionalInt endOfTextId;

    private BytePairTokenizer(
            BytePairModel model,
            Map<String, AddedToken> added,
            SortedMap<Integer, byte[]> bytesOfId,
            boolean prefixSpace,
            int[] prefixIds) {
        this.name = model.name();
        this.encoder = model.encoder();
        this.addedIds = added.values().stream().map(AddedToken::id).collect(Collectors.toUnmodifiableSet());
        this.tokens = new TokenTable(
                name,
                bytesOfId,
                added.values().stream()
                        .filter(AddedToken::special)
                        .map(AddedToken::id)
                        .collect(Collectors.toSet()));
        this.addedTokens = new AddedTokens(added.values());
        this.mergedVocabularySize = bytesOfId.keySet().stream()
                        .filter(id -> !addedIds.contains(id))
                        .mapToInt(Integer::intValue)
                        .max()
                        .orElse(-1)
                + 1;
        this.prefixSpace = prefixSpace;
        this.prefixIds = prefixIds;
        AddedToken endOfText = added.get(END_OF_TEXT);
        this.endOfTextId =
                endOfText == null || !endOfText.special() ? OptionalInt.empty() : OptionalInt.of(endOfText.id());
    }

    /** @throws InvalidVocabularyException if the settings contradict the vocabulary or themselves */
    static BytePairTokenizer of(BytePairModel model, TokenizerSettings settings) throws InvalidVocabularyException {
        Map<String, AddedToken> added = declared(model, settings);
        SortedMap<Integer, byte[]> bytesOfId = new TreeMap<>();
        model.vocabulary().forEach((token, id) -> {
            boolean ordinary = model.isOrdinary().test(token);
            boolean undeclared = !ordinary && !added.containsKey(token);
            if (undeclared && (settings.undeclaredAreSpecial() || token.equals(END_OF_TEXT))) {
                added.put(token, AddedToken.special(token, id));
            }
            boolean literal = added.containsKey(token) && !ordinary;
            boolean spelled = !literal && ByteLevelAlphabet.indexOfForeignCharacter(token) < 0;
            bytesOfId.put(id, spelled ? ByteLevelAlphabet.bytesOf(token) : token.getBytes(StandardCharsets.UTF_8));
        });
        added.values()
                .forEach(token -> bytesOfId.putIfAbsent(token.id(), token.text().getBytes(StandardCharsets.UTF_8)));
        int[] prefix = new int[settings.prefixTexts().size()];
        for (int i = 0; i < prefix.length; i++) {
            String text = settings.prefixTexts().get(i);
            Integer id = added.containsKey(text)
                    ? Integer.valueOf(added.get(text).id())
                    : model.vocabulary().get(text);
            if (id == null) {
                throw new InvalidVocabularyException(
                        settings.source(),
                        "the token " + quote(text) + " to stand before every text",
                        "one that the vocabulary has",
                        GET_AGAIN);
            }
            prefix[i] = id;
        }
        return new BytePairTokenizer(model, added, bytesOfId, settings.prefixSpace(), prefix);
    }

    /** Returns the declared tokens by their text, each with the id that the vocabulary has for it, if it has one. */
    private static Map<String, AddedToken> declared(BytePairModel model, TokenizerSettings settings)
            throws InvalidVocabularyException {
        Map<String, AddedToken> added = new LinkedHashMap<>();
        Map<Integer, String> textOfId = new HashMap<>();
        if (!settings.addedTokens().isEmpty()) {
            model.vocabulary().forEach((token, id) -> textOfId.put(id, token));
        }
        for (AddedToken token : settings.addedTokens()) {
            Integer other = model.vocabulary().get(token.text());
            String text = textOfId.putIfAbsent(token.id(), token.text());
            if ((other != null && other != token.id()) || (text != null && !text.equals(token.text()))) {
                throw new InvalidVocabularyException(
                        settings.source(),
                        "the added token " + quote(token.text()) + " with the id " + token.id(),
                        other != null && other != token.id()
                                ? other + ", which it has in " + model.source()
                                : "an id of its own, for this one is of " + quote(text) + " in " + model.source(),
                        GET_AGAIN);
            }
            added.put(token.text(), token);
        }
        return added;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String toString() {
        return "Tokenizer[" + name + ", " + vocabularySize() + " ids]";
    }

    @Override
    public Optional<String> refusalOfText() {
        return Optional.empty();
    }

    @Override
    public int vocabularySize() {
        return tokens.size();
    }

    @Override
    public int mergedVocabularySize() {
        return mergedVocabularySize;
    }

    @Override
    public int longestTokenBytes() {
        return addedTokens.strip() ? Integer.MAX_VALUE : tokens.longest();
    }

    @Override
    public boolean contains(int tokenId) {
        return tokens.contains(tokenId);
    }

    @Override
    public boolean isAdded(int tokenId) {
        return addedIds.contains(tokenId);
    }

    @Override
    public boolean addsPrefixSpace() {
        return prefixSpace;
    }

    @Override
    public OptionalInt endOfTextId() {
        return endOfTextId;
    }

    @Override
    public int[] encode(String text, boolean allowSpecialTokens) {
        IntStream.Builder ids = IntStream.builder();
        encode(
                text,
                allowSpecialTokens,
                part -> Arrays.stream(encoder.encode(part)).forEach(ids),
                ids);
        return ids.build().toArray();
    }

    @Override
    public void encode(String text, boolean allowSpecialTokens, IntConsumer ids) {
        encode(text, allowSpecialTokens, part -> encoder.encode(part, LONGEST_STREAMED_PIECE, ids), ids);
    }

    /** Feeds {@code ids} with all but the text between the added tokens, which {@code ordinary} takes. */
    private void encode(String text, boolean allowSpecialTokens, Consumer<String> ordinary, IntConsumer ids) {
        requireWellFormed(text);
        for (int id : prefixIds) {
            ids.accept(id);
        }
        Consumer<String> encoded =
                prefixSpace ? part -> ordinary.accept(part.charAt(0) == ' ' ? part : " " + part) : ordinary;
        addedTokens.split(text, allowSpecialTokens, encoded, ids);
    }

    private static void requireWellFormed(String text) {
        int loneSurrogate = Utf8.indexOfLoneSurrogate(text);
        if (loneSurrogate >= 0) {
            throw new IllegalArgumentException(String.format(
                    "the text has the lone surrogate U+%04X at index %d of %d and so no UTF-8 form; replace it, for"
                            + " example by U+FFFD",
                    (int) text.charAt(loneSurrogate), loneSurrogate, text.length()));
        }
    }

    @Override
    public byte[] bytes(int tokenId) {
        return tokens.bytes(tokenId);
    }

    @Override
    public StreamingDecoder streamingDecoder(boolean skipSpecialTokens) {
        return new StreamingDecoder(tokens, skipSpecialTokens);
    }

    @Override
    public void updateDigest(MessageDigest digest) {
        digest.update(DIGEST_HEADER);
        tokens.updateDigest(digest);
        encoder.updateDigest(digest);
        addedTokens.updateDigest(digest);
        if (prefixSpace || prefixIds.length > 0) {
            digest.update(DIGEST_PREFIX);
            ByteBuffer buffer = ByteBuffer.allocate((1 + prefixIds.length) * Integer.BYTES);
            buffer.putInt(prefixSpace ? 1 : 0);
            for (int id : prefixIds) {
                buffer.putInt(id);
            }
            digest.update(buffer.flip());
        }
    }
}
