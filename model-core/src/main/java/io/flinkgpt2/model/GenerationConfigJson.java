package io.flinkgpt2.model;

import com.fasterxml.jackson.databind.JsonNode;
import io.flinkgpt2.weights.JsonFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** {@code generation_config.json} of the transformers library, of which the end-of-text ids are read and nothing else. */
final class GenerationConfigJson {

    private GenerationConfigJson() {}

    /** Returns a config's ids and after them those of the file, if there is one. */
    static List<Integer> join(List<Integer> ids, Path file, int vocabularySize) throws IOException {
        // A link whose target is missing, as in a broken download, is to be named, not passed over.
        if (Files.notExists(file, LinkOption.NOFOLLOW_LINKS)) {
            return ids;
        }
        List<Integer> joined = new ArrayList<>(ids);
        JsonNode field = JsonFile.read(file).path(EndOfTextIds.FIELD);
        if (!field.isMissingNode()) {
            joined.addAll(EndOfTextIds.parse(file, field));
        }
        return EndOfTextIds.within(vocabularySize, joined);
    }
}
