package io.flinkgpt2.examples;

import io.flinkgpt2.job.CompletionJob;
import io.flinkgpt2.job.CompletionStreams;
import io.flinkgpt2.job.JobOptions;
import io.flinkgpt2.job.JobSettings;
import io.flinkgpt2.job.record.CompletionRecord;
import io.flinkgpt2.job.record.PromptRecord;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** Completes a stream of texts in a Flink job with any source and any sink, with the model in the directory that is named. */
public final class StoriesInFlink {

    private StoriesInFlink() {}

    public static void main(String[] args) throws Exception {
        StreamExecutionEnvironment environment = StreamExecutionEnvironment.getExecutionEnvironment();
        DataStream<String> prompts = environment.fromData("Once upon a time", "The king said", "In the forest");
        stories(prompts, args[0]).print();
        environment.execute("stories");
    }

    /** Returns each prompt with its completion. */
    static DataStream<String> stories(DataStream<String> prompts, String model) {
        Configuration options = new Configuration();
        options.set(JobOptions.MODEL_PATH, model);
        // Fields of a request, for those that lack them.
        options.setString("request.max_tokens", "40");
        CompletionStreams answers = CompletionJob.complete(
                prompts.map(StoriesInFlink::request).name("requests"), JobSettings.unconnected(options));
        answers.deadLetters().print("refused").name("refused");
        return answers.completions().map(StoriesInFlink::text).name("texts");
    }

    /** The prompt is the request's id, so equal prompts have equal texts. */
    private static PromptRecord request(String prompt) {
        return PromptRecord.ofPrompt(prompt, prompt);
    }

    private static String text(CompletionRecord answer) {
        return answer.error == null ? answer.customId + answer.choices.get(0).text : answer.error.message;
    }
}
