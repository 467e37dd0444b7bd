package io.flinkgpt2.job.record;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Set;

/** The part of an answer that is a function of its request, the model and the job's settings, byte for byte. */
public final class StableAnswer {

    /** Where the others stand; all of their values end where their last token does. */
    private static final Set<String> OTHERS = Set.of("/created", "/metrics", "/source", "/usage/prompt_tokens_details");

    private static final String IN_ENVELOPE = "/response/body";
    private static final JsonFactory JSON = new JsonFactory();

    private StableAnswer() {}

    /** Returns the text of an answer without the members that depend on time, place and what else was computed. */
    public static String of(byte[] answer) {
        ByteArrayOutputStream stable = new ByteArrayOutputStream(answer.length);
        int written = 0;
        int removed = 0;
        try (JsonParser parser = JSON.createParser(answer)) {
            while (parser.nextToken() != null) {
                if (parser.currentToken() != JsonToken.FIELD_NAME || !isOther(parser)) {
                    continue;
                }
                int name = (int) parser.currentTokenLocation().getByteOffset();
                stable.write(answer, written, name - written);
                parser.nextToken();
                parser.skipChildren();
                written = (int) parser.currentLocation().getByteOffset();
                removed++;
            }
        } catch (IOException e) {
            throw new UncheckedIOException("not JSON: " + new String(answer, UTF_8), e);
        }
        if (removed != OTHERS.size()) {
            throw new IllegalArgumentException("found " + removed + " of the members " + OTHERS
                    + ", expected each once, in " + new String(answer, UTF_8));
        }
        stable.write(answer, written, answer.length - written);
        return stable.toString(UTF_8);
    }

    private static boolean isOther(JsonParser parser) {
        String path = parser.getParsingContext().pathAsPointer().toString();
        return OTHERS.contains(path.startsWith(IN_ENVELOPE) ? path.substring(IN_ENVELOPE.length()) : path);
    }
}
