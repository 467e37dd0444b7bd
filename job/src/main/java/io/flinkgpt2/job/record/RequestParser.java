package io.flinkgpt2.job.record;

import static io.flinkgpt2.job.record.InvalidRequestException.CONTEXT_LENGTH_EXCEEDED;
import static io.flinkgpt2.job.record.InvalidRequestException.EMPTY_VALUE;
import static io.flinkgpt2.job.record.InvalidRequestException.INVALID_UTF8;
import static io.flinkgpt2.job.record.InvalidRequestException.INVALID_VALUE;
import static io.flinkgpt2.job.record.InvalidRequestException.MISSING_FIELD;
import static io.flinkgpt2.job.record.InvalidRequestException.MODEL_NOT_FOUND;
import static io.flinkgpt2.job.record.InvalidRequestException.TOO_LARGE;

import io.flinkgpt2.generation.FittedPrompt;
import io.flinkgpt2.generation.PromptLimits;
import io.flinkgpt2.generation.PromptTokens;
import io.flinkgpt2.generation.PromptTooLongException;
import io.flinkgpt2.generation.PromptTruncation;
import io.flinkgpt2.job.record.WireText.Decoded;
import io.flinkgpt2.sampling.GenerationParameters;
import io.flinkgpt2.tokenizer.Tokenizer;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;

/**
 * Makes requests of records, or says what is wrong with them. Safe for use by many threads.
 *
 * <p>A record's value is a JSON object in UTF-8: the body of a request, or an envelope
 * {@code {"custom_id", "method", "url", "body"}}, which is known by its {@code body}; {@code method} and {@code url} may be
 * left out. A byte order mark before the object is passed over. {@link RequestFields} is the table of the fields. A field that
 * is null counts as absent. Integers may be written {@code 16.0} or {@code 1e2}.
 *
 * <p>Source of the format: OpenAI's Completions and Batch APIs; names that those lack are vLLM's.
 */
public final class RequestParser {
    /** Longest {@code custom_id}, in characters (code points). */
    public static final int LONGEST_CUSTOM_ID = 512;

    /** Among the names of a model: every name is one of them. */
    public static final String ANY_MODEL = "*";

    /** Longest text, in bytes of UTF-8, that is encoded at once; a longer one in memory that does not grow with it. */
    private static final long LONGEST_AT_ONCE = 1 << 20;

    private static final String TRUNCATE_ADVICE = "; or set truncate_prompt to 'left' or 'right' to have it cut";

    private final Tokenizer tokenizer;
    private final PromptLimits limits;
    private final Set<String> modelNames;
    private final UnknownFields policy;
    private final int maxCopiedBytes;
    private final RequestDefaults defaults;

    /** With the {@linkplain RequestDefaults#ofTheFormat() defaults of the format}. */
    public RequestParser(
            Tokenizer tokenizer,
            PromptLimits limits,
            Set<String> modelNames,
            UnknownFields policy,
            int maxCopiedBytes) {
        this(tokenizer, limits, modelNames, policy, maxCopiedBytes, RequestDefaults.ofTheFormat());
    }

    /**
     * @param tokenizer of the model
     * @param limits of the model and the run
     * @param modelNames what the field {@code model} may say: the model's name and its aliases; with {@link #ANY_MODEL} among
     *     them, anything
     * @param policy what becomes of a request with an unknown field
     * @param maxCopiedBytes the most that a request may make its answer carry, in bytes: Kafka key, headers with what Kafka
     *     adds to each, {@code custom_id}, {@code metadata} and {@code user} together, the last three as JSON; 0 or more
     * @param defaults used for requests that lack them
     */
    public RequestParser(
            Tokenizer tokenizer,
            PromptLimits limits,
            Set<String> modelNames,
            UnknownFields policy,
            int maxCopiedBytes,
            RequestDefaults defaults) {
        if (maxCopiedBytes < 0) {
            throw new IllegalArgumentException("maxCopiedBytes: found " + maxCopiedBytes + ", expected 0 or more");
        }
        this.tokenizer = Objects.requireNonNull(tokenizer, "tokenizer");
        this.limits = Objects.requireNonNull(limits, "limits");
        this.modelNames = Set.copyOf(modelNames);
        this.policy = Objects.requireNonNull(policy, "policy");
        this.maxCopiedBytes = maxCopiedBytes;
        this.defaults = Objects.requireNonNull(defaults, "defaults");
    }

    /**
     * Returns the request of a record; shares the record's key and headers.
     *
     * @param now when the record was read, in milliseconds since the epoch
     * @throws InvalidRequestException if the record is not a valid request; nothing else, whatever its bytes
     */
    public PromptRequest parse(PromptRecord record, long now) throws InvalidRequestException {
        RequestDraft draft = read(record.value);
        requireModel(draft.model);
        PromptRequest request = new PromptRequest();
        request.record = record;
        request.customId = customId(draft, record);
        request.metadata = draft.metadata;
        request.user = draft.user;
        requireRoom(request);
        request.parameters = draft.parameters
                .setSeedIfAbsent(GenerationParameters.seedOf(request.customId))
                .build();
        PromptTruncation truncation = draft.truncation == null ? defaults.truncation() : draft.truncation;
        FittedPrompt prompt = prompt(draft, request.parameters.maxTokens(), truncation);
        request.promptTokenIds = prompt.tokenIds();
        request.promptTokensDropped = prompt.droppedTokens();
        request.truncatedSide = prompt.droppedTokens() == 0 ? null : truncation.wireName();
        request.receivedAt = now;
        return request;
    }

    private RequestDraft read(byte[] value) throws InvalidRequestException {
        if (value == null || value.length == 0) {
            throw new InvalidRequestException(
                    EMPTY_VALUE,
                    null,
                    "the value: found " + (value == null ? "none (a tombstone)" : "0 bytes")
                            + ", expected a request as a JSON object");
        }
        String encoding = JsonBytes.otherEncoding(value);
        if (encoding != null) {
            throw new InvalidRequestException(
                    INVALID_UTF8,
                    null,
                    "the value is not UTF-8: found " + encoding
                            + ", expected JSON in UTF-8; convert it before it is sent");
        }
        int start = JsonBytes.textStart(value);
        Decoded text = WireText.decode(value, start);
        if (!text.isUtf8()) {
            throw new InvalidRequestException(
                    INVALID_UTF8,
                    null,
                    String.format(
                            "the value is not UTF-8: found the byte 0x%02X at index %d of %d, where no character can begin"
                                    + " so or it is not finished; expected JSON in UTF-8",
                            value[text.malformedAt()], text.malformedAt(), value.length));
        }
        return RequestReader.read(text.characters(), policy, limits);
    }

    private void requireModel(String model) throws InvalidRequestException {
        if (model != null && !modelNames.contains(model) && !modelNames.contains(ANY_MODEL)) {
            throw new InvalidRequestException(
                    MODEL_NOT_FOUND,
                    "model",
                    "model: found " + WireText.quoted(model) + ", expected one of "
                            + WireText.printable(new TreeSet<>(modelNames).toString())
                            + ", which this job runs; leave the field out to use it");
        }
    }

    private static String customId(RequestDraft draft, PromptRecord record) throws InvalidRequestException {
        String outer = draft.envelopeCustomId;
        String inner = draft.customId;
        if (outer != null && inner != null && !outer.equals(inner)) {
            throw new InvalidRequestException(
                    INVALID_VALUE,
                    "custom_id",
                    "custom_id: found " + WireText.quoted(outer) + " in the envelope and " + WireText.quoted(inner)
                            + " in the body, expected the same; give it once, in the envelope");
        }
        if (outer != null || inner != null) {
            return outer != null ? outer : inner;
        }
        if (draft.requestId != null) {
            return draft.requestId;
        }
        if (record.key != null && record.key.length > 0) {
            Decoded key = WireText.decode(record.key);
            if (key.isUtf8()) {
                return key.characters().toString();
            }
        }
        RecordSource source = record.source;
        return source.topic + "-" + source.partition + "-" + source.offset;
    }

    private void requireRoom(PromptRequest request) throws InvalidRequestException {
        long copied = WireText.utf8Length(RecordJson.quote(request.customId));
        copied += request.metadata == null ? 0 : WireText.utf8Length(request.metadata);
        copied += request.user == null ? 0 : WireText.utf8Length(request.user);
        copied += request.record.key == null ? 0 : request.record.key.length;
        List<RecordHeader> headers = request.record.headers;
        for (RecordHeader header : headers == null ? List.<RecordHeader>of() : headers) {
            copied += header.size();
        }
        if (copied > maxCopiedBytes) {
            throw new InvalidRequestException(
                    TOO_LARGE,
                    null,
                    "what the answer copies (key, headers, custom_id, metadata, user): found " + copied
                            + " bytes, expected at most " + maxCopiedBytes
                            + ", for the answer must fit its topic; shorten them");
        }
    }

    private FittedPrompt prompt(RequestDraft draft, int maxTokens, PromptTruncation truncation)
            throws InvalidRequestException {
        if (!draft.hasPrompt()) {
            throw new InvalidRequestException(
                    MISSING_FIELD, "prompt", "prompt: found none, expected a string or an array of token ids");
        }
        try {
            PromptTokens prompt =
                    draft.promptTokens == null ? encoded(draft, maxTokens, truncation) : draft.promptTokens;
            return limits.fit(prompt, maxTokens, truncation);
        } catch (PromptTooLongException e) {
            String advice = truncation == PromptTruncation.ERROR ? TRUNCATE_ADVICE : "";
            throw new InvalidRequestException(
                    CONTEXT_LENGTH_EXCEEDED, "prompt", "prompt: " + e.getMessage() + advice, e);
        } catch (IllegalArgumentException e) {
            throw new InvalidRequestException(INVALID_VALUE, "prompt", "prompt: " + e.getMessage(), e);
        }
    }

    private PromptTokens encoded(RequestDraft draft, int maxTokens, PromptTruncation truncation)
            throws InvalidRequestException {
        boolean special = draft.allowSpecialTokens == null ? defaults.allowSpecialTokens() : draft.allowSpecialTokens;
        PromptTokens prompt = limits.newPrompt();
        int longest = limits.longestPrompt(maxTokens);
        long bytes = WireText.utf8Length(draft.promptText);
        long atLeast = ceilDiv(bytes, tokenizer.longestTokenBytes());
        if (atLeast <= longest && bytes <= LONGEST_AT_ONCE) {
            prompt.addAll(tokenizer.encode(draft.promptText, special));
        } else if (atLeast > longest && truncation == PromptTruncation.ERROR) {
            // A text of 20 MB is refused without the work of encoding it: no token is longer than the longest.
            throw new InvalidRequestException(
                    CONTEXT_LENGTH_EXCEEDED,
                    "prompt",
                    "prompt: the prompt has at least " + atLeast + " tokens, expected at most " + longest
                            + " with a max-context of " + limits.maxContext() + "; shorten it or raise max-context"
                            + TRUNCATE_ADVICE);
        } else {
            tokenizer.encode(draft.promptText, special, prompt::add);
        }
        return prompt;
    }

    private static long ceilDiv(long dividend, int divisor) {
        return (dividend + divisor - 1) / divisor;
    }
}
