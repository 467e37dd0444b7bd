package io.flinkgpt2.job;

import io.flinkgpt2.hub.HubSettings;
import io.flinkgpt2.hub.ModelHub;
import io.flinkgpt2.job.files.FileConnections;
import io.flinkgpt2.job.files.PromptFiles;
import io.flinkgpt2.job.function.CompletePromptFunction;
import io.flinkgpt2.job.function.ParseRequest;
import io.flinkgpt2.job.kafka.JobAccess;
import io.flinkgpt2.job.kafka.KafkaConnections;
import io.flinkgpt2.job.kafka.OpenTransactions;
import io.flinkgpt2.job.kafka.TopicLimits;
import io.flinkgpt2.job.operator.ContinuousBatchingOperatorFactory;
import io.flinkgpt2.job.operator.RequestKey;
import io.flinkgpt2.job.record.CompletionRecord;
import io.flinkgpt2.job.record.DeadLetter;
import io.flinkgpt2.job.record.PromptRecord;
import io.flinkgpt2.job.record.PromptRequest;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.ExternalizedCheckpointRetention;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.core.execution.CheckpointingMode;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * The job: prompts from a Kafka topic, through GPT-2, to a topic of completions; what is not a valid request to a topic of
 * dead letters. The entry class of the jar.
 */
public final class CompletionJob {

    private CompletionJob() {}

    /**
     * Runs the job on the cluster it is submitted to. Options that are not among the arguments may come from the environment,
     * see {@link JobArguments#parse(List, java.util.Map)}.
     *
     * @param args see {@link JobOptions}; {@code --help} prints them and runs nothing
     * @throws InvalidOptionException if an option is unknown, missing or out of range
     */
    public static void main(String[] args) throws Exception {
        List<String> arguments = Arrays.asList(args);
        if (arguments.contains("--help")) {
            System.out.println(JobArguments.help());
            return;
        }
        JobSettings settings = JobSettings.from(JobArguments.parse(arguments, System.getenv()));
        StreamExecutionEnvironment environment = StreamExecutionEnvironment.getExecutionEnvironment();
        if (settings.files() != null) {
            build(
                    environment,
                    settings,
                    PromptFiles.find(settings.files().inputs(), settings.files().format()));
        } else {
            TopicLimits limits = TopicLimits.of(settings.kafka());
            JobAccess.require(settings.kafka(), limits);
            OpenTransactions.warn(settings.kafka());
            build(environment, settings, limits);
        }
        environment.execute(settings.jobName());
    }

    /**
     * Builds the pipeline between files; it ends with them. Files that one reader each reads are dealt out to all slots.
     *
     * @throws InvalidOptionException if the model's commit cannot be found out and no revision is given
     */
    public static void build(StreamExecutionEnvironment environment, JobSettings settings, PromptFiles files) {
        FileConnections connections = new FileConnections(settings.files(), files);
        JobSettings pinned = settings.withPinnedModel(() -> new ModelHub(HubSettings.fromEnvironment()));
        configure(environment, settings);
        DataStream<PromptRecord> prompts = prompts(environment, connections.prompts());
        if (connections.needExchange()) {
            // A barrier that waits behind the prompts in an exchange would take as long as they do.
            environment.getCheckpointConfig().enableUnalignedCheckpoints();
            prompts = prompts.rebalance();
        }
        build(prompts, pinned, connections.completions(), connections.deadLetters());
    }

    /**
     * Builds the pipeline between Kafka topics with the given limits. A model on the hub is looked up here: the job has one
     * revision of it.
     *
     * @throws InvalidOptionException if a transaction might be aborted before its commit, see {@link TransactionTime}; or if
     *     the model's commit cannot be found out and no revision is given
     */
    public static void build(StreamExecutionEnvironment environment, JobSettings settings, TopicLimits limits) {
        KafkaConnections kafka = new KafkaConnections(settings.kafka(), limits);
        environment
                .getCheckpointConfig()
                .setCheckpointTimeout(TransactionTime.of(environment, settings)
                        .checkpointTimeout(limits.maxTransactionTimeout())
                        .toMillis());
        JobSettings fitted = settings.withPinnedModel(() -> new ModelHub(HubSettings.fromEnvironment()))
                .withAnswers(kafka.answerLimits(settings.generation().answers()));
        build(environment, fitted, kafka.prompts(), kafka.completions(), kafka.deadLetters());
    }

    /**
     * Builds the pipeline between any source and sinks. From source to completions everything is chained and nothing crosses a
     * network, but for an exchange by key where the order of keys is asked for. The sink of dead letters has two inputs, and so
     * is a task of its own in each slot.
     */
    public static void build(
            StreamExecutionEnvironment environment,
            JobSettings settings,
            Source<PromptRecord, ?, ?> prompts,
            Sink<CompletionRecord> completions,
            Sink<DeadLetter> deadLetters) {
        configure(environment, settings);
        build(prompts(environment, prompts), settings, completions, deadLetters);
    }

    /** Sets what Flink's own configuration does not. */
    static void configure(StreamExecutionEnvironment environment, JobSettings settings) {
        ReadableConfig flink = environment.getConfiguration();
        if (flink.get(CheckpointingOptions.CHECKPOINTING_CONSISTENCY_MODE) == CheckpointingMode.AT_LEAST_ONCE) {
            throw new InvalidOptionException(
                    CheckpointingOptions.CHECKPOINTING_CONSISTENCY_MODE.key(),
                    "AT_LEAST_ONCE",
                    "EXACTLY_ONCE, which is the default: this job writes each answer once");
        }
        environment.enableCheckpointing(checkpointInterval(flink, settings).toMillis(), CheckpointingMode.EXACTLY_ONCE);
        if (flink.getOptional(CheckpointingOptions.EXTERNALIZED_CHECKPOINT_RETENTION)
                .isEmpty()) {
            environment
                    .getCheckpointConfig()
                    .setExternalizedCheckpointRetention(ExternalizedCheckpointRetention.RETAIN_ON_CANCELLATION);
        }
        // No function keeps or changes a record that it has passed on.
        environment.getConfig().enableObjectReuse();
    }

    /** Returns the job's own option if it is given, else Flink's, else the default of the job's. */
    static Duration checkpointInterval(ReadableConfig flink, JobSettings settings) {
        if (settings.checkpointInterval() != null) {
            return settings.checkpointInterval();
        }
        return flink.getOptional(CheckpointingOptions.CHECKPOINTING_INTERVAL)
                .filter(interval -> !interval.isZero())
                .orElse(JobOptions.CHECKPOINT_INTERVAL.defaultValue());
    }

    private static SingleOutputStreamOperator<PromptRecord> prompts(
            StreamExecutionEnvironment environment, Source<PromptRecord, ?, ?> source) {
        return environment
                .fromSource(source, WatermarkStrategy.noWatermarks(), "prompts")
                .uid("prompts");
    }

    private static void build(
            DataStream<PromptRecord> prompts,
            JobSettings settings,
            Sink<CompletionRecord> completions,
            Sink<DeadLetter> deadLetters) {
        CompletionStreams answers = parseAndGenerate(prompts, settings);
        answers.completions().sinkTo(completions).name("completions").uid("completions");
        answers.deadLetters().sinkTo(deadLetters).name("dead-letters").uid("dead-letters");
    }

    /**
     * Completes a stream of requests, as a part of any pipeline. Checkpoints and what else concerns the whole pipeline are up to the
     * caller, who calls this once for an environment: the operators have fixed uids. A model on the hub is looked up here.
     *
     * @param prompts {@link PromptRecord#of} makes records that come from no topic
     * @param settings {@link JobSettings#unconnected}; the checkpoint interval is not used
     * @throws InvalidOptionException if the model's commit cannot be found out and no revision is given
     */
    public static CompletionStreams complete(DataStream<PromptRecord> prompts, JobSettings settings) {
        return parseAndGenerate(prompts, settings.withPinnedModel(() -> new ModelHub(HubSettings.fromEnvironment())));
    }

    private static CompletionStreams parseAndGenerate(DataStream<PromptRecord> prompts, JobSettings settings) {
        SingleOutputStreamOperator<PromptRequest> requests = prompts.process(new ParseRequest(settings.generation()))
                .name("parse")
                .uid("parse");
        SingleOutputStreamOperator<CompletionRecord> answers =
                generate(requests, settings).name("generate");
        return new CompletionStreams(answers, refused(requests, answers, settings));
    }

    /**
     * Returns the dead letters: those of the parser, and with state those of the generator, which parses requests anew for
     * another model. The mode {@code map} has no requests in its state.
     */
    private static DataStream<DeadLetter> refused(
            SingleOutputStreamOperator<PromptRequest> requests,
            SingleOutputStreamOperator<CompletionRecord> answers,
            JobSettings settings) {
        DataStream<DeadLetter> parsed = requests.getSideOutput(ParseRequest.DEAD_LETTERS);
        return settings.generationMode() == JobOptions.GenerationMode.MAP
                ? parsed
                : parsed.union(answers.getSideOutput(ParseRequest.DEAD_LETTERS));
    }

    /**
     * State and operator have mode and ordering in their {@code uid}: the savepoint of one does not silently lose its
     * requests in the other.
     */
    private static SingleOutputStreamOperator<CompletionRecord> generate(
            SingleOutputStreamOperator<PromptRequest> requests, JobSettings settings) {
        if (settings.generationMode() == JobOptions.GenerationMode.MAP) {
            return requests.map(new CompletePromptFunction(settings.generation()))
                    .uid("generate");
        }
        ContinuousBatchingOperatorFactory generator =
                new ContinuousBatchingOperatorFactory(settings.generation(), settings.batch(), settings.ordering());
        TypeInformation<CompletionRecord> answers = TypeInformation.of(CompletionRecord.class);
        return switch (settings.ordering()) {
            case NONE -> requests.transform("generate", answers, generator).uid("generate-batch");
            case KEY -> {
                // What an unaligned checkpoint finds in the exchange would be dealt out to other subtasks than the
                // partitions are, and might arrive behind what follows it.
                requests.getExecutionEnvironment().getCheckpointConfig().enableUnalignedCheckpoints(false);
                yield requests.keyBy(new RequestKey(), Types.STRING)
                        .transform("generate", answers, generator)
                        .uid("generate-batch-by-key");
            }
        };
    }
}
