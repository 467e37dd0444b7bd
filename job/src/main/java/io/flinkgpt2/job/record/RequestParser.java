package io.flinkgpt2.job.record;

import static io.flinkgpt2.job.record.InvalidRequestException.EMPTY_VALUE;
import static io.flinkgpt2.job.record.InvalidRequestException.INVALID_UTF8;
import static io.flinkgpt2.job.record.InvalidRequestException.INVALID_VALUE;
import static io.flinkgpt2.job.record.InvalidRequestException.MISSING_FIELD;
import static io.flinkgpt2.job.record.InvalidRequestException.MODEL_NOT_FOUND;

import io.flinkgpt2.constraint.InvalidConstraintException;
import io.flinkgpt2.generation.FittedPrompt;
import io.flinkgpt2.generation.PromptLimits;
import io.flinkgpt2.job.record.WireText.Decoded;
import io.flinkgpt2.sampling.BeamParameters;
import io.flinkgpt2.sampling.GenerationParameters;
import io.flinkgpt2.tokenizer.Tokenizer;
import java.util.Arrays;
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

    private final Tokenizer tokenizer;
    private final PromptLimits limits;
    private final Set<String> modelNames;
    private final UnknownFields policy;
    private final AnswerLimits answers;
    private final RequestDefaults defaults;
    private final MissingFields missingFields;
    private final ConstraintCheck constraints;

    /**
     * @param tokenizer of the model
     * @param limits of the model and the run
     * @param modelNames what the field {@code model} may say: the model's name and its aliases; with {@link #ANY_MODEL} among
     *     them, anything
     * @param policy what becomes of a request with an unknown field
     * @param answers the room for answers
     * @param defaults used for requests that lack them
     * @param constraints judges what an answer must match
     */
    public RequestParser(
            Tokenizer tokenizer,
            PromptLimits limits,
            Set<String> modelNames,
            UnknownFields policy,
            AnswerLimits answers,
            RequestDefaults defaults,
            ConstraintCheck constraints) {
        this.tokenizer = Objects.requireNonNull(tokenizer, "tokenizer");
        this.limits = Objects.requireNonNull(limits, "limits");
        this.modelNames = Set.copyOf(modelNames);
        this.policy = Objects.requireNonNull(policy, "policy");
        this.answers = Objects.requireNonNull(answers, "answers");
        this.defaults = Objects.requireNonNull(defaults, "defaults");
        this.missingFields = new MissingFields(defaults.fields());
        this.constraints = Objects.requireNonNull(constraints, "constraints");
    }

    /**
     * Returns the request of a record; shares the record's key and headers.
     *
     * @param now when the record was read, in milliseconds since the epoch
     * @throws InvalidRequestException if the record is not a valid request; nothing else, whatever its bytes
     */
    public PromptRequest parse(PromptRecord record, long now) throws InvalidRequestException {
        RequestDraft draft = read(record.value == null ? null : missingFields.fill(record.value));
        requireModel(draft.model);
        PromptRequest request = new PromptRequest();
        request.record = record;
        request.customId = customId(draft, record);
        request.metadata = draft.metadata;
        request.user = draft.user;
        request.sessionId = draft.sessionId;
        request.returnTokenIds = draft.returnTokenIds;
        request.returnTokensAsTokenIds = draft.returnTokensAsTokenIds;
        request.envelope = draft.envelope;
        request.priority = draft.priority;
        request.receivedAt = now;
        RequestChecks.refuseContradictions(draft);
        request.parameters = parameters(draft, request.customId);
        setPrompts(request, draft);
        answers.require(request, limits.maxContext());
        requireConstraint(draft);
        return request;
    }

    private static GenerationParameters parameters(RequestDraft draft, String customId) throws InvalidRequestException {
        draft.parameters
                .setMaxTokens(draft.maxTokens)
                .setMinTokens(draft.minTokens)
                .setChoices(draft.choices)
                .setBestOf(draft.generated())
                .setSeed(draft.seed == null ? GenerationParameters.seedOf(customId) : draft.seed)
                .setLogprobs(draft.logprobs)
                .setLabelIds(draft.labelIds)
                .setConstraint(draft.constraint);
        try {
            if (draft.beamSearch) {
                RequestChecks.refuseSamplingOfBeams(
                        draft, draft.parameters.build().sampling());
                draft.parameters.setBeams(new BeamParameters(draft.lengthPenalty, draft.earlyStopping));
            }
            return draft.parameters.build();
        } catch (IllegalArgumentException e) {
            // The readers know all ranges; should one differ, its message begins with the field.
            String message = e.getMessage();
            String field = message.substring(0, Math.max(0, message.indexOf(':')));
            throw new InvalidRequestException(INVALID_VALUE, field, message, e);
        }
    }

    private void setPrompts(PromptRequest request, RequestDraft draft) throws InvalidRequestException {
        if (draft.promptCount() == 0) {
            throw new InvalidRequestException(
                    MISSING_FIELD,
                    "prompt",
                    "prompt: found none, expected a string or an array of token ids, or an array of these");
        }
        PromptEncoder encoder = new PromptEncoder(tokenizer, limits, defaults, draft);
        FittedPrompt[] prompts = encoder.encode();
        request.prompts = Arrays.stream(prompts).map(FittedPrompt::tokenIds).toArray(int[][]::new);
        request.droppedTokens =
                Arrays.stream(prompts).mapToInt(FittedPrompt::droppedTokens).toArray();
        boolean cut = Arrays.stream(request.droppedTokens).anyMatch(dropped -> dropped > 0);
        request.truncatedSide = cut ? encoder.side() : null;
    }

    private void requireConstraint(RequestDraft draft) throws InvalidRequestException {
        if (draft.constraint == null) {
            return;
        }
        try {
            constraints.check(draft.constraint);
        } catch (InvalidConstraintException e) {
            String field = draft.constraintField + WireText.printable(e.param().replace('/', '.'));
            throw new InvalidRequestException(INVALID_VALUE, field, field + ": " + e.reason(), e);
        }
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
}
