package io.flinkgpt2.deploy;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.flinkgpt2.job.JobArguments;
import io.flinkgpt2.job.JobSettings;
import io.flinkgpt2.job.function.ParseRequest;
import io.flinkgpt2.job.operator.ContinuousBatchingOperatorFactory;
import io.flinkgpt2.job.record.CompletionRecord;
import io.flinkgpt2.job.record.PromptRecord;
import io.flinkgpt2.job.record.RecordSource;
import io.flinkgpt2.local.embedded.LocalFlink;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.Schema;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;
import org.apache.flink.types.Row;
import org.apache.flink.util.CloseableIterator;
import picocli.CommandLine;
import picocli.CommandLine.Option;

/**
 * The prompts of a second of {@code ML_PREDICT} beside those of the job's operator in mode {@code batch}: one slot of one cluster in
 * this JVM, the same prompts, in turns.
 */
@CommandLine.Command(
        name = "sql-throughput",
        mixinStandardHelpOptions = true,
        description = {
            "Completes the same prompts by the job's operator and by ML_PREDICT, in turns, in one JVM. The first turn warms up."
                    + " Time runs from the first prompt that the source gives to the last answer."
        })
final class SqlThroughput implements Callable<Integer> {

    /** When the first prompt of a turn left the source. */
    private static final AtomicLong START = new AtomicLong();

    @Option(names = "--model", description = "Directory of a model (default: the bundled one).")
    private Path model = Command.bundledModel();

    @Option(names = "--prompts", defaultValue = "512", description = "Number of prompts (default: ${DEFAULT-VALUE}).")
    private int prompts;

    @Option(names = "--max-tokens", defaultValue = "64", description = "Of each (default: ${DEFAULT-VALUE}).")
    private int maxTokens;

    @Option(
            names = "--in-flight",
            defaultValue = "32",
            description = "Size of both batches, and rows in flight of ML_PREDICT (default: ${DEFAULT-VALUE}).")
    private int inFlight;

    @Option(names = "--output-mode", defaultValue = "ALLOW_UNORDERED", description = "Or ORDERED.")
    private String outputMode;

    @Option(
            names = "--turns",
            defaultValue = "5",
            description = "Of each, beside the first (default: ${DEFAULT-VALUE}).")
    private int turns;

    private final PrintStream out;
    private final Requirements requirements = new Requirements();

    SqlThroughput(PrintStream out, Path directory) {
        this.out = out;
    }

    public static void main(String[] args) throws IOException {
        Script.main("sql-throughput", SqlThroughput::new, args);
    }

    /** Answers by the number of their prompt, and the seconds that they took. */
    private record Turn(Map<Integer, String> texts, double seconds) {}

    @Override
    public Integer call() throws Exception {
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < prompts; i++) {
            texts.add("Once upon a time there was a king who had " + i + " sons");
        }
        List<Double> ratios = new ArrayList<>();
        int equal = prompts;
        try (LocalFlink flink = LocalFlink.start(LocalFlink.Options.defaults())) {
            for (int turn = 0; turn <= turns; turn++) {
                Turn job = job(flink.environment(), texts);
                Turn sql = sql(flink.environment(), texts);
                equal = Math.min(equal, (int) job.texts().entrySet().stream()
                        .filter(answer -> answer.getValue().equals(sql.texts().get(answer.getKey())))
                        .count());
                Script.say(
                        out,
                        "%s: job %.1f prompts/s, ML_PREDICT %.1f prompts/s, ratio %.3f",
                        turn == 0 ? "warm-up" : "turn " + turn,
                        prompts / job.seconds(),
                        prompts / sql.seconds(),
                        job.seconds() / sql.seconds());
                if (turn > 0) {
                    ratios.add(job.seconds() / sql.seconds());
                }
            }
        }
        double[] sorted =
                ratios.stream().mapToDouble(Double::doubleValue).sorted().toArray();
        requirements.exactly("texts equal to the job's", prompts, equal);
        requirements.atLeast("ML_PREDICT / job, prompts a second, median", 0.9, sorted[sorted.length / 2]);
        requirements.shown("lowest and highest", Arrays.toString(new double[] {sorted[0], sorted[sorted.length - 1]}));
        return requirements.print(out);
    }

    private static String name(int prompt) {
        return "prompt-" + prompt;
    }

    private Turn job(StreamExecutionEnvironment environment, List<String> texts) throws Exception {
        JobSettings settings = JobSettings.from(JobArguments.parse(
                List.of("--kafka.bootstrap.servers=unused:1", "--model=" + model, "--batch-size=" + inFlight)));
        List<PromptRecord> records = new ArrayList<>();
        for (int i = 0; i < texts.size(); i++) {
            ObjectNode request = new ObjectMapper().createObjectNode();
            request.put("custom_id", name(i)).put("prompt", texts.get(i)).put("max_tokens", maxTokens);
            byte[] value = request.toString().getBytes(UTF_8);
            records.add(new PromptRecord(new RecordSource("t", 0, i, 0), null, value, null));
        }
        environment.getConfig().enableObjectReuse();
        DataStream<CompletionRecord> answers = environment
                .fromData(records, TypeInformation.of(PromptRecord.class))
                .map(new First<>())
                .returns(PromptRecord.class)
                .process(new ParseRequest(settings.generation()))
                .transform(
                        "generate",
                        TypeInformation.of(CompletionRecord.class),
                        new ContinuousBatchingOperatorFactory(
                                settings.generation(), settings.batch(), settings.ordering()));
        return collect(
                answers.map(answer -> Row.of((int) answer.source.offset, answer.choices.get(0).text, System.nanoTime()))
                        .returns(Types.ROW(Types.INT, Types.STRING, Types.LONG)));
    }

    private Turn sql(StreamExecutionEnvironment environment, List<String> texts) throws Exception {
        StreamTableEnvironment tables = StreamTableEnvironment.create(environment);
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < texts.size(); i++) {
            rows.add(Row.of(i, texts.get(i), name(i)));
        }
        TypeInformation<Row> type =
                Types.ROW_NAMED(new String[] {"id", "prompt", "name"}, Types.INT, Types.STRING, Types.STRING);
        tables.createTemporaryView(
                "prompts",
                environment.fromData(rows, type).map(new First<>()).returns(type),
                Schema.newBuilder()
                        .column("id", DataTypes.INT())
                        .column("prompt", DataTypes.STRING())
                        .column("name", DataTypes.STRING())
                        .build());
        tables.executeSql("CREATE TEMPORARY MODEL m INPUT (prompt STRING, custom_id STRING) OUTPUT (text STRING) WITH ("
                + "'provider' = 'gpt2', 'model' = '" + model + "', 'max-tokens' = '" + maxTokens + "', 'batch-size' = '"
                + inFlight + "')");
        DataStream<Row> answers =
                tables.toDataStream(tables.sqlQuery("SELECT id, text FROM ML_PREDICT(TABLE prompts, MODEL m,"
                        + " DESCRIPTOR(prompt, name), MAP['max-concurrent-operations', '" + inFlight
                        + "', 'output-mode', '"
                        + outputMode + "', 'timeout', '1 h'])"));
        return collect(answers.map(row -> Row.of(row.getField(0), row.getField(1), System.nanoTime()))
                .returns(Types.ROW(Types.INT, Types.STRING, Types.LONG)));
    }

    private static Turn collect(DataStream<Row> answers) throws Exception {
        START.set(0);
        Map<Integer, String> texts = new HashMap<>();
        long end = 0;
        try (CloseableIterator<Row> collected = answers.executeAndCollect()) {
            while (collected.hasNext()) {
                Row row = collected.next();
                texts.put((int) row.getField(0), (String) row.getField(1));
                end = Math.max(end, (long) row.getField(2));
            }
        }
        return new Turn(texts, (end - START.get()) * 1e-9);
    }

    /** Notes when the first record passes. */
    private static final class First<T> implements MapFunction<T, T> {
        private static final long serialVersionUID = 1L;

        @Override
        public T map(T record) {
            START.compareAndSet(0, System.nanoTime());
            return record;
        }
    }
}
