package io.flinkgpt2.job.files;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.flinkgpt2.job.record.CompletionChoice;
import io.flinkgpt2.job.record.CompletionJson;
import io.flinkgpt2.job.record.CompletionRecord;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Answers as the job writes them. */
final class TestAnswers {

    private TestAnswers() {}

    /** Returns an answer whose choices have these texts. */
    static byte[] of(String customId, String metadata, boolean envelope, List<String> texts) {
        CompletionRecord record = new CompletionRecord();
        record.id = "cmpl-1";
        record.customId = customId;
        record.metadata = metadata;
        record.envelope = envelope;
        record.choices = new ArrayList<>();
        for (int i = 0; i < texts.size(); i++) {
            CompletionChoice choice = new CompletionChoice();
            choice.index = i;
            choice.text = texts.get(i);
            choice.finishReason = i % 2 == 0 ? "stop" : "length";
            choice.tokenIds = new int[] {1, 2};
            record.choices.add(choice);
        }
        return CompletionJson.write(record);
    }

    /** Returns a request's record, which has no columns. */
    static FileRecord request() {
        byte[] request = "{\"prompt\": \"a\"}".getBytes(UTF_8);
        return new FileRecord(0, 1, request, request.length, null, request, null, null);
    }

    /** Returns the rows of a table that was written. */
    static List<FileRecord> read(Path directory, String name, byte[] bytes) throws IOException {
        PromptFile file = TestFile.write(directory, name, bytes);
        try (RecordReader reader = TableFiles.open(file, new ReadOptions("completion", null), 0)) {
            return TestFile.readAll(reader);
        }
    }
}
