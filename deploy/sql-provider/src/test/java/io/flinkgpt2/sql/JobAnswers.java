package io.flinkgpt2.sql;

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
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.util.CloseableIterator;

/** Answers to prompts by the job's own parser and operator. */
final class JobAnswers {

    private JobAnswers() {}

    /**
     * Returns the answers by {@code custom_id}, which is {@link Tables#name} of the index.
     *
     * @param fields of every request, beside prompt and id
     */
    static Map<String, CompletionRecord> of(
            StreamExecutionEnvironment environment, List<String> prompts, ObjectNode fields) throws Exception {
        JobSettings settings = JobSettings.from(JobArguments.parse(
                List.of("--kafka.bootstrap.servers=unused:1", "--model=" + Models.BUNDLED, "--batch-size=32")));
        List<PromptRecord> records = new ArrayList<>();
        for (int i = 0; i < prompts.size(); i++) {
            ObjectNode request = fields.deepCopy();
            request.put("custom_id", Tables.name(i));
            request.put("prompt", prompts.get(i));
            byte[] value = new ObjectMapper().writeValueAsString(request).getBytes(UTF_8);
            records.add(new PromptRecord(new RecordSource("t", 0, i, 0), null, value, null));
        }
        Map<String, CompletionRecord> answers = new HashMap<>();
        try (CloseableIterator<CompletionRecord> completions = environment
                .fromData(records, TypeInformation.of(PromptRecord.class))
                .process(new ParseRequest(settings.generation()))
                .transform(
                        "generate",
                        TypeInformation.of(CompletionRecord.class),
                        new ContinuousBatchingOperatorFactory(
                                settings.generation(), settings.batch(), settings.ordering()))
                .executeAndCollect()) {
            completions.forEachRemaining(answer -> answers.put(answer.customId, answer));
        }
        return answers;
    }
}
