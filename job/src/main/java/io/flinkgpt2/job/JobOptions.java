package io.flinkgpt2.job;

import io.flinkgpt2.generation.PromptTruncation;
import io.flinkgpt2.job.files.FileFormat;
import io.flinkgpt2.job.files.ReadOptions;
import io.flinkgpt2.job.kafka.sink.LostTransactions;
import io.flinkgpt2.job.kafka.source.SourceStart;
import io.flinkgpt2.job.operator.Ordering;
import io.flinkgpt2.job.record.RecordEnvelope;
import io.flinkgpt2.job.record.UnknownFields;
import io.flinkgpt2.tensor.Precision;
import java.time.Duration;
import java.util.List;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.configuration.MemorySize;

/**
 * Every option of the job, by its key in a file. On the command line the last words of the key are enough:
 * {@code --max-context 256} is {@code generation.max-context}.
 */
public final class JobOptions {

    /** Properties with this prefix, other than the options here, go to the Kafka clients as they are. */
    public static final String KAFKA_PREFIX = "kafka.";

    /** Options with this prefix are fields of requests that lack them. */
    public static final String REQUEST_PREFIX = "request.";

    public static final ConfigOption<String> JOB_NAME = ConfigOptions.key("job.name")
            .stringType()
            .defaultValue("flink-gpt2")
            .withDescription(
                    "Name of the job: part of the ids of completions and of Kafka's transactional ids, so two jobs"
                            + " that write to one Kafka cluster need different names.");

    public static final ConfigOption<String> KAFKA_BOOTSTRAP_SERVERS = ConfigOptions.key("kafka.bootstrap.servers")
            .stringType()
            .noDefaultValue()
            .withDescription(
                    "Addresses of Kafka brokers, host:port, separated by commas. Required unless prompts come from files.");

    public static final ConfigOption<String> KAFKA_GROUP_ID = ConfigOptions.key("kafka.group.id")
            .stringType()
            .noDefaultValue()
            .withDescription("Consumer group whose committed offsets show the progress. The job's name unless given.");

    public static final ConfigOption<String> TOPICS_PROMPTS = ConfigOptions.key("topics.prompts")
            .stringType()
            .defaultValue("prompts")
            .withDescription("Topic that prompts are read from.");

    public static final ConfigOption<String> TOPICS_COMPLETIONS = ConfigOptions.key("topics.completions")
            .stringType()
            .defaultValue("completions")
            .withDescription("Topic that completions are written to, exactly once.");

    public static final ConfigOption<String> TOPICS_DEAD_LETTERS = ConfigOptions.key("topics.dead-letters")
            .stringType()
            .defaultValue("dead-letters")
            .withDescription(
                    "Topic for records that are not a valid request, each with its reason, written exactly once.");

    public static final ConfigOption<SourceStart> SOURCE_START = ConfigOptions.key("source.start")
            .enumType(SourceStart.class)
            .defaultValue(SourceStart.COMMITTED)
            .withDescription(
                    "Where a job without state begins to read: at the group's committed offsets, where there are"
                            + " none at the earliest record (committed); at the earliest; or at the latest.");

    public static final ConfigOption<Boolean> SOURCE_BOUNDED = ConfigOptions.key("source.bounded")
            .booleanType()
            .defaultValue(false)
            .withDescription(
                    "Whether to end at the offsets found at the first start, instead of waiting for more; to go on"
                            + " from a savepoint, as it was when that was taken.");

    public static final ConfigOption<List<String>> SOURCE_FILES = ConfigOptions.key("source.files")
            .stringType()
            .asList()
            .defaultValues()
            .withDescription(
                    "Files, directories and globs of prompts in place of a topic, separated by semicolons: paths, or"
                            + " URIs of Flink's file systems. The job ends with them. Needs sink.files.");

    public static final ConfigOption<FileFormat> SOURCE_FORMAT = ConfigOptions.key("source.format")
            .enumType(FileFormat.class)
            .noDefaultValue()
            .withDescription(
                    "What source.files hold: jsonl, text, csv, tsv or parquet. As their names say unless given.");

    public static final ConfigOption<String> SOURCE_PROMPT_COLUMN = ConfigOptions.key("source.prompt-column")
            .stringType()
            .defaultValue(ReadOptions.PROMPT_COLUMN)
            .withDescription("The column of a table that holds the prompt; the others become metadata.");

    public static final ConfigOption<String> SOURCE_SPLIT_ON = ConfigOptions.key("source.split-on")
            .stringType()
            .noDefaultValue()
            .withDescription("The line that separates prompts of plain text. Unless given, each line is a prompt.");

    public static final ConfigOption<String> SINK_FILES = ConfigOptions.key("sink.files")
            .stringType()
            .noDefaultValue()
            .withDescription(
                    "Directory for completions/ and dead-letters/, files of one JSON object a line, each exactly"
                            + " once. Needs source.files.");

    public static final ConfigOption<String> MODEL_PATH = ConfigOptions.key("model.path")
            .stringType()
            .noDefaultValue()
            .withFallbackKeys("model")
            .withDescription("Directory of the model, at the same path on every TaskManager: config.json, the weights"
                    + " and the tokenizer's files; or a single weights file (GGUF, nanoGPT, llm.c); or the name of a model"
                    + " on the hub (gpt2, gpt2-medium, gpt2-large, gpt2-xl, distilgpt2, owner/name[@revision],"
                    + " owner/name:Q8_0), which each TaskManager fetches into its cache ($FLINK_GPT2_HOME). Without a"
                    + " revision: the commit of branch main at submission, or the savepoint's. Required.");

    public static final ConfigOption<String> MODEL_NAME = ConfigOptions.key("model.name")
            .stringType()
            .noDefaultValue()
            .withDescription(
                    "Name of the model in completions. Default: the name of its directory or file; for a model on the hub, its"
                            + " name without owner and revision. Requests may give owner and revision too.");

    public static final ConfigOption<List<String>> MODEL_ALIASES = ConfigOptions.key("model.aliases")
            .stringType()
            .asList()
            .defaultValues()
            .withDescription("Further names under which requests may ask for the model, separated by semicolons; * for"
                    + " every name.");

    public static final ConfigOption<Precision> MODEL_PRECISION = ConfigOptions.key("model.precision")
            .enumType(Precision.class)
            .defaultValue(Precision.F32)
            .withDescription(
                    "How the weight matrices are kept in memory: f32, bf16 (half the memory) or int8 (a quarter)."
                            + " Sums are float32 whatever it is; the system_fingerprint of completions says it.");

    public static final ConfigOption<String> MODEL_ACTIVATION = ConfigOptions.key("model.activation")
            .stringType()
            .noDefaultValue()
            .withDescription("Replaces the activation_function of the model's config: gelu (exact), gelu_new or"
                    + " gelu_pytorch_tanh (the tanh form), relu. As the model says unless given.");

    public static final ConfigOption<GenerationMode> GENERATION_MODE = ConfigOptions.key("generation.mode")
            .enumType(GenerationMode.class)
            .defaultValue(GenerationMode.BATCH)
            .withDescription("How a slot generates: many prompts together, which come and go at every token (batch), or"
                    + " one prompt at a time (map). The answers are the same; in a batch they come in another order.");

    public static final ConfigOption<Ordering> ORDERING = ConfigOptions.key("ordering")
            .enumType(Ordering.class)
            .defaultValue(Ordering.NONE)
            .withDescription(
                    "The order of a batch's answers: as they end (none), or those of one Kafka key in the order of"
                            + " its requests, whatever fails and however the job is rescaled (key). That takes an exchange between"
                            + " source and generation. Records without a key have no order. In mode map the answers of a"
                            + " partition always are in order, and this changes nothing.");

    public static final ConfigOption<Integer> GENERATION_MAX_CONTEXT = ConfigOptions.key("generation.max-context")
            .intType()
            .noDefaultValue()
            .withDescription(
                    "The most tokens of prompt and completion together; sizes the KV cache. At most n_positions of"
                            + " the model, which it is unless given.");

    public static final ConfigOption<PromptTruncation> GENERATION_TRUNCATE_PROMPT = ConfigOptions.key(
                    "generation.truncate-prompt")
            .enumType(PromptTruncation.class)
            .defaultValue(PromptTruncation.ERROR)
            .withDescription("What becomes of a prompt that does not fit max-context, for requests without"
                    + " truncate_prompt: a dead letter (error); or it is cut so that max_tokens find room, at least to one"
                    + " token, and loses its oldest (left) or its newest tokens (right).");

    public static final ConfigOption<Boolean> GENERATION_ALLOW_SPECIAL_TOKENS = ConfigOptions.key(
                    "generation.allow-special-tokens")
            .booleanType()
            .defaultValue(false)
            .withDescription(
                    "Whether text of a prompt that spells a special token, such as <|endoftext|>, is that one token,"
                            + " for requests without allow_special_tokens; else it is ordinary text.");

    public static final ConfigOption<Integer> BATCH_SIZE = ConfigOptions.key("batch.size")
            .intType()
            .defaultValue(32)
            .withDescription("The most prompts that a slot completes together, in mode batch.");

    public static final ConfigOption<Duration> BATCH_MAX_HOLD = ConfigOptions.key("batch.max-hold")
            .durationType()
            .defaultValue(Duration.ofSeconds(1))
            .withDescription("How long a record that finds the batch full may keep a checkpoint, savepoint or"
                    + " cancellation waiting; then it waits for a place itself, in the job's state. If as many as"
                    + " batch.size wait already it may hold twice as long, and so on.");

    public static final ConfigOption<MemorySize> KV_CACHE_BYTES = ConfigOptions.key("kv-cache.bytes")
            .memoryType()
            .noDefaultValue()
            .withDescription("The most memory of a slot's KV cache, such as 512mb. A request enters the batch only when"
                    + " its prompt and max_tokens are sure to fit. Unless given, what batch.size prompts of max-context"
                    + " or the widest beam search need, whichever is more, but at most this slot's part of half of what"
                    + " the weights leave of the heap.");

    public static final ConfigOption<MemorySize> PREFIX_CACHE_BYTES = ConfigOptions.key("prefix-cache.bytes")
            .memoryType()
            .noDefaultValue()
            .withDescription(
                    "How much of the KV cache may keep prompts that are done, so that others that begin alike"
                            + " are not computed again; given up when requests need the room. 0 shares nothing. Unless"
                            + " given, all of a kv-cache.bytes that is given, else what batch.size prompts of max-context need.");

    public static final ConfigOption<Integer> PREFILL_CHUNK = ConfigOptions.key("prefill.chunk")
            .intType()
            .defaultValue(128)
            .withDescription(
                    "The most prompt tokens of one pass through the model. Changes memory and speed, no result.");

    public static final ConfigOption<Duration> CHECKPOINT_INTERVAL = ConfigOptions.key("checkpoint.interval")
            .durationType()
            .defaultValue(Duration.ofSeconds(10))
            .withDescription("Time between checkpoints; completions become readable with each one. Unless given,"
                    + " execution.checkpointing.interval where Flink's configuration has it.");

    public static final ConfigOption<UnknownFields> RECORDS_UNKNOWN_FIELDS = ConfigOptions.key("records.unknown-fields")
            .enumType(UnknownFields.class)
            .defaultValue(UnknownFields.REJECT)
            .withDescription("What becomes of a request with a field that nothing knows: a dead letter (reject), or the"
                    + " field is passed over (ignore).");

    public static final ConfigOption<RecordEnvelope> RECORDS_ENVELOPE = ConfigOptions.key("records.envelope")
            .enumType(RecordEnvelope.class)
            .defaultValue(RecordEnvelope.AS_SENT)
            .withDescription(
                    "Which answers are written in an envelope of the Batch API: those to requests that came in one"
                            + " (as-sent), none (never) or all (always).");

    public static final ConfigOption<Integer> RECORDS_MAX_COPIED_BYTES = ConfigOptions.key("records.max-copied-bytes")
            .intType()
            .defaultValue(262_144)
            .withDescription(
                    "The most bytes of key, headers, custom_id, user, session_id and metadata together, which are copied to"
                            + " the completion; a request with more is a dead letter.");

    public static final ConfigOption<Integer> DEAD_LETTERS_MAX_BYTES = ConfigOptions.key("dead-letters.max-bytes")
            .intType()
            .defaultValue(900_000)
            .withDescription(
                    "A dead letter keeps at most so many bytes of the original value, and fewer where the topic"
                            + " does not take them.");

    public static final ConfigOption<LostTransactions> LOST_TRANSACTIONS = ConfigOptions.key("lost-transactions")
            .enumType(LostTransactions.class)
            .defaultValue(LostTransactions.FAIL)
            .withDescription(
                    "What becomes of the job when Kafka has aborted a transaction whose checkpoint is complete:"
                            + " it fails for good (fail); or it goes on and logs the checkpoint and the source offsets whose"
                            + " answers may be missing (continue).");

    /** All of them, in the order in which help shows them. */
    public static final List<ConfigOption<?>> ALL = List.of(
            KAFKA_BOOTSTRAP_SERVERS,
            KAFKA_GROUP_ID,
            TOPICS_PROMPTS,
            TOPICS_COMPLETIONS,
            TOPICS_DEAD_LETTERS,
            SOURCE_START,
            SOURCE_BOUNDED,
            SOURCE_FILES,
            SOURCE_FORMAT,
            SOURCE_PROMPT_COLUMN,
            SOURCE_SPLIT_ON,
            SINK_FILES,
            MODEL_PATH,
            MODEL_NAME,
            MODEL_ALIASES,
            MODEL_PRECISION,
            MODEL_ACTIVATION,
            GENERATION_MODE,
            ORDERING,
            GENERATION_MAX_CONTEXT,
            GENERATION_TRUNCATE_PROMPT,
            GENERATION_ALLOW_SPECIAL_TOKENS,
            BATCH_SIZE,
            BATCH_MAX_HOLD,
            PREFILL_CHUNK,
            KV_CACHE_BYTES,
            PREFIX_CACHE_BYTES,
            CHECKPOINT_INTERVAL,
            LOST_TRANSACTIONS,
            RECORDS_UNKNOWN_FIELDS,
            RECORDS_ENVELOPE,
            RECORDS_MAX_COPIED_BYTES,
            DEAD_LETTERS_MAX_BYTES,
            JOB_NAME);

    private JobOptions() {}

    /** How a slot generates. */
    public enum GenerationMode {
        /** Many prompts together. */
        BATCH,
        /** One prompt at a time. */
        MAP
    }
}
