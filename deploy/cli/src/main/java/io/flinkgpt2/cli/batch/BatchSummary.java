package io.flinkgpt2.cli.batch;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;

/**
 * The result of a run.
 *
 * @param answered prompts with an answer
 * @param failed prompts with a reason why not
 * @param generatedTokens in all answers
 * @param seconds that this process took
 * @param resumed whether an earlier process had begun
 * @param out file, or with unordered answers directory, of the answers
 * @param errors file of the errors; there if there are some
 */
record BatchSummary(
        long answered, long failed, long generatedTokens, double seconds, boolean resumed, Path out, Path errors) {

    /** Returns it for people. */
    String text() {
        return String.format(
                Locale.ROOT,
                "%d prompts: %d answered in %s, %d errors%s; %.1f s%s.",
                answered + failed,
                answered,
                out,
                failed,
                failed == 0 ? "" : " in " + errors,
                seconds,
                resumed ? " since it went on" : "");
    }

    /** Returns it for machines, one line. */
    String json() throws IOException {
        ObjectNode json = new ObjectMapper().createObjectNode();
        json.put("prompts", answered + failed);
        json.put("answered", answered);
        json.put("errors", failed);
        json.put("generated_tokens", generatedTokens);
        json.put("seconds", Math.round(seconds * 1000) / 1000.0);
        json.put("resumed", resumed);
        json.put("out", out.toString());
        json.put("errors_file", failed == 0 ? null : errors.toString());
        return json.toString();
    }
}
