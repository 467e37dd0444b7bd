package io.flinkgpt2.cli.complete;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.flinkgpt2.cli.common.InterruptibleInput;
import io.flinkgpt2.cli.common.JsonLines;
import io.flinkgpt2.cli.common.ModelArgument;
import io.flinkgpt2.cli.common.OutputLines;
import io.flinkgpt2.hub.HubSettings;
import io.flinkgpt2.job.record.JsonBytes;
import io.flinkgpt2.json.JsonFault;
import io.flinkgpt2.pretrained.ModelTokenizer;
import io.flinkgpt2.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code tokenize}: text to token ids and back. */
@Command(
        name = "tokenize",
        mixinStandardHelpOptions = true,
        description = {
            "Reads JSON lines {\"text\": ...} from standard input and writes {\"text\": ..., \"token_ids\": [...]}.",
            "With --decode, reads {\"token_ids\": [...]} and adds the text, special tokens included; an id without a token has none."
                    + " A line that is wrong gives {\"error\": ...} in its"
                    + " place, and exit code 1 in the end."
        })
public final class TokenizeCommand implements Callable<Integer> {

    private static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    @Spec
    private CommandSpec spec;

    @Option(
            names = "--model",
            required = true,
            paramLabel = "MODEL",
            description =
                    "Directory of the model, or its GGUF file, or its name on the hub (gpt2, owner/name[@revision]),"
                            + " which is fetched if it is not in the cache.")
    private String model;

    @Option(
            names = "--allow-special-tokens",
            description =
                    "What spells a special token, such as <|endoftext|>, becomes that token's id, not those of its text.")
    private boolean allowSpecialTokens;

    @Option(names = "--decode", description = "From token ids to text.")
    private boolean decode;

    private final Supplier<HubSettings> environment;

    TokenizeCommand() {
        this(HubSettings::fromEnvironment);
    }

    TokenizeCommand(Supplier<HubSettings> environment) {
        this.environment = environment;
    }

    @Override
    public Integer call() throws IOException {
        ModelTokenizer modelTokenizer = ModelTokenizer.open(
                ModelArgument.locate(spec.commandLine(), model, environment).path());
        JsonLines lines = new JsonLines(new InterruptibleInput(System.in));
        int exitCode = 0;
        for (byte[] line = lines.nextNotBlank();
                line != null && !Thread.currentThread().isInterrupted();
                line = lines.nextNotBlank()) {
            ObjectNode answer = MAPPER.createObjectNode();
            try {
                JsonNode request = parse(line);
                answer = decode ? decode(modelTokenizer, request) : encode(modelTokenizer.tokenizer(), request);
            } catch (IllegalArgumentException e) {
                answer.put("error", "line " + lines.lineNumber() + ": " + e.getMessage());
                exitCode = 1;
            }
            OutputLines.write(System.out, MAPPER.writeValueAsString(answer).getBytes(StandardCharsets.UTF_8));
        }
        return exitCode;
    }

    private static JsonNode parse(byte[] line) throws IOException {
        String encoding = JsonBytes.otherEncoding(line);
        if (encoding != null) {
            throw new IllegalArgumentException("found " + encoding + ", expected a JSON object in UTF-8; convert it");
        }
        int start = JsonBytes.textStart(line);
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(line, start, line.length - start))
                    .toString();
            return MAPPER.readTree(text);
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException("found bytes that are not UTF-8, expected a JSON object in UTF-8", e);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("not JSON: " + JsonFault.reason(e), e);
        }
    }

    private ObjectNode encode(Tokenizer tokenizer, JsonNode request) {
        JsonNode text = request.path("text");
        if (!text.isTextual()) {
            throw new IllegalArgumentException("expected {\"text\": \"...\"}");
        }
        ObjectNode answer = MAPPER.createObjectNode().put("text", text.textValue());
        for (int id : tokenizer.encode(text.textValue(), allowSpecialTokens)) {
            answer.withArrayProperty("token_ids").add(id);
        }
        answer.withArrayProperty("token_ids");
        return answer;
    }

    private static ObjectNode decode(ModelTokenizer model, JsonNode request) {
        JsonNode ids = request.path("token_ids");
        if (!ids.isArray()) {
            throw new IllegalArgumentException("expected {\"token_ids\": [...]}");
        }
        int[] tokenIds = new int[ids.size()];
        for (int i = 0; i < tokenIds.length; i++) {
            boolean inModel = ids.get(i).canConvertToExactIntegral()
                    && ids.get(i).canConvertToInt()
                    && ids.get(i).intValue() >= 0
                    && ids.get(i).intValue() < model.rows();
            if (!inModel) {
                throw new IllegalArgumentException("token_ids[" + i + "]: found " + ids.get(i)
                        + ", expected a token id, 0.." + (model.rows() - 1) + " (the model's vocabulary)");
            }
            tokenIds[i] = ids.get(i).intValue();
        }
        model.tokenizer().refusalOfText().ifPresent(why -> {
            throw new IllegalArgumentException(why);
        });
        ObjectNode answer =
                MAPPER.createObjectNode().put("text", model.tokenizer().decode(tokenIds));
        answer.set("token_ids", ids);
        return answer;
    }
}
