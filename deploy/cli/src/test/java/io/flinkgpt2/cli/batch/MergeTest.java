package io.flinkgpt2.cli.batch;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.flinkgpt2.job.files.AnswerWriter;
import io.flinkgpt2.job.files.FileReaders;
import io.flinkgpt2.job.files.FileRecord;
import io.flinkgpt2.job.files.PromptFile;
import io.flinkgpt2.job.files.PromptFiles;
import io.flinkgpt2.job.files.ReadOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Answers that came in any order, in the order of their prompts. */
class MergeTest {

    private static final ObjectMapper MAPPER = new ObjectMapper();

    @TempDir
    private Path directory;

    private final List<String> written = new ArrayList<>();

    private final AnswerWriter writer = new AnswerWriter() {
        @Override
        public void answered(FileRecord record, byte[] answer) throws IOException {
            written.add(new String(record.original(), UTF_8) + "="
                    + MAPPER.readTree(answer).findValue("text").asText());
        }

        @Override
        public void refused(FileRecord record) {
            written.add(new String(record.original(), UTF_8) + "!");
        }

        @Override
        public void close() {}
    };

    private static String answer(PromptFile file, long offset, String text, boolean envelope) {
        String source = "\"source\":{\"topic\":\"" + file.name() + "\",\"partition\":" + file.root() + ",\"offset\":"
                + offset + ",\"timestamp\":1}";
        // What a request may make its answer carry looks like the fields that are looked for.
        String body = "{\"custom_id\":\"x\",\"choices\":[{\"text\":\"" + text
                + "\"}],\"usage\":{\"completion_tokens\":3}," + source
                + ",\"metadata\":{\"source\":{\"topic\":\"?\",\"partition\":9,\"offset\":9},\"error\":1},\"error\":null}";
        return envelope
                ? "{\"id\":\"b\",\"custom_id\":\"x\",\"response\":{\"status_code\":200,\"body\":" + body
                        + "},\"error\":null}"
                : body;
    }

    private static String letter(PromptFile file, long offset) {
        return "{\"source\":{\"topic\":\"" + file.name() + "\",\"partition\":" + file.root() + ",\"offset\":" + offset
                + ",\"timestamp\":1},\"key\":null,\"value\":\"AAAA\",\"error\":{\"message\":\"bad\"},\"job\":\"j\"}";
    }

    private List<PromptFile> files(String... contents) throws IOException {
        List<String> paths = new ArrayList<>();
        for (int i = 0; i < contents.length; i++) {
            Path file = Files.createDirectories(directory.resolve("in" + i)).resolve("p.txt");
            Files.writeString(file, contents[i]);
            paths.add(file.toString());
        }
        return PromptFiles.find(paths, null).list();
    }

    private Merge.Counts merge(List<PromptFile> files, List<List<String>> parts, Path errors) throws IOException {
        List<Path> paths = new ArrayList<>();
        for (int i = 0; i < parts.size(); i++) {
            Path part = directory.resolve("part-" + i);
            Files.writeString(part, parts.get(i).isEmpty() ? "" : String.join("\n", parts.get(i)) + "\n");
            paths.add(part);
        }
        try (ErrorFile errorFile = new ErrorFile(errors, 4)) {
            return new Merge(new FileReaders(ReadOptions.defaults()), files, paths)
                    .write(writer, errorFile, Files.createTempDirectory(directory, "scratch"));
        }
    }

    @Test
    void answersOfSeveralFilesAndPartsComeInTheOrderOfThePrompts() throws IOException {
        // Both files have the same name, and prompts at the same places.
        List<PromptFile> files = files("p0\np1\n\np3\n", "q0\nq1\nq2-long\n");
        Path errors = directory.resolve("errors");

        Merge.Counts counts = merge(
                files,
                List.of(
                        List.of(answer(files.get(1), 3, "B", true), answer(files.get(0), 7, "D", false)),
                        List.of(),
                        List.of(answer(files.get(0), 3, "C", false), answer(files.get(1), 0, "A", false)),
                        List.of(letter(files.get(1), 6), answer(files.get(0), 0, "E", true))),
                errors);

        assertThat(counts).isEqualTo(new Merge.Counts(5, 1));
        assertThat(written).containsExactly("p0=E", "p1=C", "p3=D", "q0=A", "q1=B", "q2-long!");
        JsonNode error = MAPPER.readTree(errors.toFile());
        assertThat(error.path("line").asInt()).isEqualTo(3);
        assertThat(error.path("file").asText()).isEqualTo("p.txt");
        assertThat(error.path("error").path("message").asText()).isEqualTo("bad");
        assertThat(Base64.getDecoder().decode(error.path("value").asText())).isEqualTo("q2-l".getBytes(UTF_8));
        assertThat(error.path("value_length").asInt()).isEqualTo(7);
        assertThat(error.path("value_sha256").asText()).hasSize(64);
    }

    @Test
    void thousandsInAnyOrderAreSortedByTheirPlaces() throws IOException {
        StringBuilder text = new StringBuilder();
        List<Long> offsets = new ArrayList<>();
        for (int i = 0; i < 20_000; i++) {
            offsets.add((long) text.length());
            text.append(i).append('\n');
        }
        List<PromptFile> files = files(text.toString());
        List<List<String>> parts = List.of(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
        List<Integer> order = new ArrayList<>();
        for (int i = 0; i < offsets.size(); i++) {
            order.add(i);
        }
        Random random = new Random(5);
        Collections.shuffle(order, random);
        for (int i : order) {
            parts.get(random.nextInt(3)).add(answer(files.get(0), offsets.get(i), "t" + i, false));
        }

        Merge.Counts counts = merge(files, parts, directory.resolve("errors"));

        assertThat(counts.answered()).isEqualTo(offsets.size());
        for (int i = 0; i < offsets.size(); i++) {
            assertThat(written.get(i)).isEqualTo(i + "=t" + i);
        }
        assertThat(directory.resolve("errors")).doesNotExist();
    }

    @Test
    void whatIsMissingOrTooMuchIsNotPassedOver() throws IOException {
        List<PromptFile> files = files("p0\np1\np2\n");
        PromptFile file = files.get(0);
        String[] all = {answer(file, 0, "A", false), answer(file, 3, "B", false), answer(file, 6, "C", false)};
        Path errors = directory.resolve("errors");

        for (int missing = 0; missing < 3; missing++) {
            List<String> part = new ArrayList<>(List.of(all));
            part.remove(missing);
            int line = missing + 1;
            assertThatThrownBy(() -> merge(files, List.of(part), errors))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("p.txt, line " + line + ": found no answer");
        }
        for (String twice : all) {
            assertThatThrownBy(() -> merge(files, List.of(List.of(all), List.of(twice)), errors))
                    .hasMessageContaining("no prompt that it could belong to");
        }
        assertThatThrownBy(() -> merge(files, List.of(List.of(all), List.of(answer(file, 4, "?", false))), errors))
                .hasMessageContaining("byte 4");
        assertThatThrownBy(() -> merge(files, List.of(List.of("{\"x\":1}")), errors))
                .hasMessageContaining("without a source");
        assertThatThrownBy(() -> merge(files, List.of(List.of(all[0].substring(0, 40))), errors))
                .isInstanceOf(IOException.class);
    }
}
