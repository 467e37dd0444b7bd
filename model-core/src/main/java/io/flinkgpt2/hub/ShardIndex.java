package io.flinkgpt2.hub;

import static io.flinkgpt2.hub.ModelHubException.quoted;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.flinkgpt2.json.JsonFault;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;

/** The names of shards in an index, which maps tensors to them: {@code {"weight_map": {"wte.weight": "shard", ...}}}. */
final class ShardIndex {

    private static final int MOST_BYTES = 16 << 20;
    private static final int MOST_SHARDS = 1_024;

    // Names of tensors come from strangers, and must not stay in tables that outlive the parser.
    private static final JsonFactory JSON = JsonFactory.builder()
            .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
            .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
            .build();

    private ShardIndex() {}

    /**
     * Reads an index.
     *
     * @return plain file names
     * @throws ModelHubException if it is none, or names something else
     */
    static Set<String> shards(HubName name, Path index) throws IOException {
        String file = index.getFileName().toString();
        if (Files.size(index) > MOST_BYTES) {
            throw invalid(name, file, Files.size(index) + " bytes", "at most " + MOST_BYTES, null);
        }
        Set<String> shards = new TreeSet<>();
        byte[] json = Files.readAllBytes(index);
        try (JsonParser parser = JSON.createParser(json)) {
            boolean found = false;
            if (parser.nextToken() == JsonToken.START_OBJECT) {
                while (parser.nextToken() == JsonToken.FIELD_NAME) {
                    boolean map = parser.currentName().equals("weight_map");
                    if (parser.nextToken() == JsonToken.START_OBJECT && map) {
                        found = true;
                        readMap(name, file, parser, shards);
                    } else {
                        parser.skipChildren();
                    }
                }
            }
            if (!found || shards.isEmpty() || shards.size() > MOST_SHARDS) {
                throw invalid(name, file, shards.size() + " shards in weight_map", "1 to " + MOST_SHARDS, null);
            }
        } catch (ModelHubException e) {
            throw e;
        } catch (IOException e) {
            throw invalid(
                    name,
                    file,
                    "text that is not JSON (" + quoted(JsonFault.describe(e)) + ")",
                    "an index of shards",
                    null);
        }
        return shards;
    }

    private static void readMap(HubName name, String file, JsonParser parser, Set<String> shards) throws IOException {
        String suffix = ModelFileNames.shardSuffix(file);
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            JsonToken value = parser.nextToken();
            String shard = value == JsonToken.VALUE_STRING ? parser.getText() : "a value that is not a string";
            if (!RemoteFile.isPlain(shard) || !shard.endsWith(suffix)) {
                throw invalid(
                        name,
                        file,
                        "the shard " + quoted(shard),
                        "plain names of *" + suffix + " files beside the index",
                        null);
            }
            if (shards.size() <= MOST_SHARDS) {
                shards.add(shard);
            }
        }
    }

    private static ModelHubException invalid(
            HubName name, String file, String found, String expected, Exception cause) {
        return new ModelHubException(
                "model " + name + ", file " + file, found, expected, "choose another model or revision", cause);
    }
}
