package io.flinkgpt2.tokenizer;

import static io.flinkgpt2.tokenizer.JsonText.at;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads the two files of a byte-level BPE as published with GPT-2 and written by the tokenizers library:
 * {@code vocab.json}, one JSON object from token to id, and {@code merges.txt}, one merge a line in rank order.
 * Each file is checked by itself here; {@link MergeRanks} checks them against each other.
 */
final class VocabularyFiles {
    /** GPT-2's own files are 1.0 and 0.5 MB; a file past this size is not a vocabulary. */
    static final int MAX_FILE_BYTES = 16 << 20;

    /** Most tokens, and most merges: five times GPT-2's. As many as a GGUF file may list. */
    static final int MAX_ENTRIES = 1 << 18;

    /** Longest line of a list of merges, in characters. GPT-2's longest has 129. */
    private static final int MAX_LINE = 1 << 14;

    /** The vocabulary's size, highest id + 1, must be an int too. */
    static final int MAX_ID = Integer.MAX_VALUE - 1;

    static final String GET_AGAIN = "Get the model's tokenizer files again, both from one place";
    private static final String VERSION_HEADER = "#version";
    private static final String GIT_LFS_POINTER = "version https://git-lfs.github.com/spec/";
    private static final int BYTE_ORDER_MARK = 0xFEFF;

    private VocabularyFiles() {}

    /** Token to id in the order of the file; at least one entry, ids unique and in 0..2^31-2. */
    static Map<String, Integer> readVocabulary(Path file) throws IOException {
        String expected = "a JSON object from token to id";
        Map<String, Integer> idOfToken = JsonText.read(file, expected, parser -> readEntries(parser, file));
        if (idOfToken.isEmpty()) {
            throw new InvalidVocabularyException(file, "an empty object", "at least one token", GET_AGAIN);
        }
        return idOfToken;
    }

    /** Token to id, of the object at whose beginning the parser is. An empty token has no text, and is left out. */
    static Map<String, Integer> readEntries(JsonParser parser, Path file) throws IOException {
        JsonText.requireObject(parser, file, "a JSON object from token to id");
        Map<String, Integer> idOfToken = new LinkedHashMap<>();
        Map<Integer, String> tokenOfId = new HashMap<>();
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String token = parser.currentName();
            requireRoom(idOfToken.size(), "tokens", file);
            Integer id = readId(parser, token, file);
            checkToken(token, parser, file);
            if (!token.isEmpty() && idOfToken.put(token, id) != null) {
                throw new InvalidVocabularyException(
                        file, "the token " + quote(token) + " twice", "every token once", GET_AGAIN);
            }
            String other = tokenOfId.put(id, token);
            if (other != null) {
                throw new InvalidVocabularyException(
                        file,
                        "the id " + id + " for both " + quote(other) + " and " + quote(token),
                        "an id of its own for every token",
                        GET_AGAIN);
            }
        }
        return idOfToken;
    }

    private static Integer readId(JsonParser parser, String token, Path file) throws IOException {
        if (parser.nextToken() == JsonToken.VALUE_NUMBER_INT && parser.getNumberType() == JsonParser.NumberType.INT) {
            int id = parser.getIntValue();
            if (id >= 0 && id <= MAX_ID) {
                return id;
            }
        }
        String value = parser.currentToken() != null && parser.currentToken().isScalarValue()
                ? abbreviate(parser.getText())
                : String.valueOf(parser.currentToken());
        throw new InvalidVocabularyException(
                file,
                "the id " + value + " for the token " + quote(token) + " at " + at(parser.currentLocation()),
                "a whole number from 0 to " + MAX_ID,
                GET_AGAIN);
    }

    private static void checkToken(String token, JsonParser parser, Path file) throws InvalidVocabularyException {
        int loneSurrogate = Utf8.indexOfLoneSurrogate(token);
        if (loneSurrogate >= 0) {
            throw new InvalidVocabularyException(
                    file,
                    "a token with a lone surrogate at " + at(parser.currentLocation()),
                    "tokens that can be written in UTF-8",
                    GET_AGAIN);
        }
    }

    /**
     * Returns the merges in rank order. The first line may be a {@code #version} header; blank lines are skipped. A line has
     * two tokens with one space between, and merges may well begin with {@code #}.
     */
    static List<Merge> readMerges(Path file) throws IOException {
        List<Merge> merges = new ArrayList<>();
        try (Reader text = open(file)) {
            StringBuilder content = new StringBuilder();
            for (int line = 1; nextLine(text, content, line, file); line++) {
                boolean header = line == 1 && content.indexOf(VERSION_HEADER) == 0;
                if (!content.isEmpty() && !header) {
                    requireRoom(merges.size(), "merges", file);
                    merges.add(Merge.parse(content.toString(), file.toString(), "in line " + line));
                }
            }
        } catch (CharacterCodingException e) {
            throw notUtf8(file, e);
        }
        if (merges.isEmpty()) {
            throw new InvalidVocabularyException(file, "no merges", "one merge a line", GET_AGAIN);
        }
        return merges;
    }

    /**
     * Puts the next line, without its end, into {@code content}; false after the last. Not {@code readLine()}, for which
     * other characters end lines too, and which has no limit.
     */
    private static boolean nextLine(Reader text, StringBuilder content, int line, Path file) throws IOException {
        content.setLength(0);
        int c = text.read();
        if (c < 0) {
            return false;
        }
        for (; c >= 0 && c != '\n'; c = text.read()) {
            if (content.length() == MAX_LINE) {
                throw new InvalidVocabularyException(
                        file, "more than " + MAX_LINE + " characters in line " + line, "one merge a line", GET_AGAIN);
            }
            content.append((char) c);
        }
        int last = content.length() - 1;
        if (last >= 0 && content.charAt(last) == '\r') {
            content.setLength(last);
        }
        return true;
    }

    static void requireRoom(int count, String things, Path file) throws InvalidVocabularyException {
        if (count == MAX_ENTRIES) {
            throw new InvalidVocabularyException(
                    file,
                    "more than " + MAX_ENTRIES + " " + things,
                    "at most that many",
                    "Check that the path names a vocabulary file");
        }
    }

    /** Returns the text of a file, decoded as it is read, for what it holds may be far from a vocabulary. */
    static Reader open(Path file) throws IOException {
        long size = Files.size(file);
        if (size > MAX_FILE_BYTES) {
            throw new InvalidVocabularyException(
                    file,
                    "more than " + MAX_FILE_BYTES + " bytes",
                    "a file of at most that size",
                    "Check that the path names a vocabulary file");
        }
        if (size == 0) {
            throw new InvalidVocabularyException(file, "an empty file", "a vocabulary file", GET_AGAIN);
        }
        // A decoder of one's own reports what is not UTF-8; that of a charset would replace it.
        Reader text = new BufferedReader(
                new InputStreamReader(Files.newInputStream(file), StandardCharsets.UTF_8.newDecoder()));
        try {
            passOverMark(text);
            requireNoPointer(text, file);
            return text;
        } catch (IOException e) {
            text.close();
            throw e;
        }
    }

    /** Passes over a byte order mark. */
    private static void passOverMark(Reader text) throws IOException {
        text.mark(1);
        if (text.read() != BYTE_ORDER_MARK) {
            text.reset();
        }
    }

    private static void requireNoPointer(Reader text, Path file) throws IOException {
        text.mark(GIT_LFS_POINTER.length());
        char[] start = new char[GIT_LFS_POINTER.length()];
        int length = 0;
        for (int read = 0; read >= 0 && length < start.length; length += Math.max(0, read)) {
            read = text.read(start, length, start.length - length);
        }
        text.reset();
        if (GIT_LFS_POINTER.contentEquals(CharBuffer.wrap(start, 0, length))) {
            throw new InvalidVocabularyException(
                    file,
                    "a Git LFS pointer, the short text that stands in for a large file",
                    "the file itself",
                    "Run 'git lfs pull' where the model was cloned, or fetch the model by its name");
        }
    }

    static InvalidVocabularyException notUtf8(Path file, CharacterCodingException cause) {
        return new InvalidVocabularyException(file, "bytes that are not UTF-8", "UTF-8 text", GET_AGAIN, cause);
    }

    /** Returns a token for a message: in quotes, shortened if it is long. */
    static String quote(String token) {
        return '"' + abbreviate(token) + '"';
    }

    static String abbreviate(String text) {
        int shown = 80;
        return text.length() <= shown ? text : text.substring(0, shown) + "... (" + text.length() + " characters)";
    }
}
