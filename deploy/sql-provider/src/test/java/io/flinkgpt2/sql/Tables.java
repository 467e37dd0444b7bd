package io.flinkgpt2.sql;

import io.flinkgpt2.local.embedded.LocalFlink;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.Schema;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;
import org.apache.flink.types.Row;
import org.apache.flink.util.CloseableIterator;

/** A cluster of two slots for one test class, with tables of prompts. */
final class Tables implements AutoCloseable {

    static final int SLOTS = 2;

    private final LocalFlink flink;

    private Tables(LocalFlink flink) {
        this.flink = flink;
    }

    static Tables start() throws IOException {
        return new Tables(LocalFlink.start(LocalFlink.Options.defaults().withSlots(SLOTS)));
    }

    /** An environment that makes checkpoints, and starts a job again once after a failure. */
    StreamExecutionEnvironment environment(int parallelism) {
        Configuration configuration = new Configuration();
        configuration.set(CheckpointingOptions.CHECKPOINTING_INTERVAL, Duration.ofMillis(100));
        configuration.set(RestartStrategyOptions.RESTART_STRATEGY, "fixed-delay");
        configuration.set(RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_ATTEMPTS, 1);
        configuration.set(RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_DELAY, Duration.ofMillis(10));
        StreamExecutionEnvironment environment = flink.environment(configuration);
        environment.setParallelism(parallelism);
        return environment;
    }

    StreamTableEnvironment tables(StreamExecutionEnvironment environment) {
        return StreamTableEnvironment.create(environment);
    }

    /** Makes a table {@code prompts} with the columns {@code id}, {@code prompt} and {@code name}, its custom id. */
    static void createPrompts(
            StreamExecutionEnvironment environment, StreamTableEnvironment tables, List<String> prompts) {
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < prompts.size(); i++) {
            rows.add(Row.of(i, prompts.get(i), name(i)));
        }
        tables.createTemporaryView(
                "prompts",
                environment.fromData(
                        rows,
                        Types.ROW_NAMED(new String[] {"id", "prompt", "name"}, Types.INT, Types.STRING, Types.STRING)),
                Schema.newBuilder()
                        .column("id", DataTypes.INT())
                        .column("prompt", DataTypes.STRING())
                        .column("name", DataTypes.STRING())
                        .build());
    }

    static String name(int index) {
        return "row-" + index;
    }

    /** Makes the model {@code m}, which knows its rows by name. */
    static void createModel(StreamTableEnvironment tables, String output, String options) {
        tables.executeSql("CREATE TEMPORARY MODEL m INPUT (prompt STRING, custom_id STRING) OUTPUT (" + output
                + ") WITH ('provider' = 'gpt2', 'model' = '" + Models.BUNDLED + "'" + options + ")");
    }

    /** Returns a query for some columns of the predictions. */
    static String predict(String columns, String config) {
        return "SELECT " + columns + " FROM ML_PREDICT(TABLE prompts, MODEL m, DESCRIPTOR(prompt, name), MAP[" + config
                + "])";
    }

    static List<Row> collect(StreamTableEnvironment tables, String query) throws Exception {
        try (CloseableIterator<Row> rows = tables.executeSql(query).collect()) {
            List<Row> all = new ArrayList<>();
            rows.forEachRemaining(all::add);
            return all;
        }
    }

    @Override
    public void close() throws IOException {
        flink.close();
    }
}
