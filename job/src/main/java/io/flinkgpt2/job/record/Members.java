package io.flinkgpt2.job.record;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.flinkgpt2.json.NearestName;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/** Reads an object that is the value of a field, member by member. A member that is null counts as absent. */
final class Members {

    private Members() {}

    /** Reads the value of a member at which the parser stands, which is not null. */
    @FunctionalInterface
    interface Reader {
        /** @param path the field and the member, such as {@code structured_outputs.regex} */
        void read(String path) throws IOException, InvalidRequestException;
    }

    /**
     * Reads the object at which the parser stands.
     *
     * @param readers by the names of the members
     */
    static void read(String field, ReadContext context, Map<String, Reader> readers)
            throws IOException, InvalidRequestException {
        JsonParser parser = context.json().parser();
        context.json().expect(JsonToken.START_OBJECT, field, "an object");
        for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
            if (parser.nextToken() == JsonToken.VALUE_NULL) {
                continue;
            }
            Reader reader = readers.get(name);
            if (reader != null) {
                reader.read(field + "." + name);
            } else if (context.policy() == UnknownFields.REJECT) {
                throw unknown(field, name, readers);
            } else {
                parser.skipChildren();
            }
        }
    }

    private static InvalidRequestException unknown(String field, String name, Map<String, Reader> readers) {
        Optional<String> meant = FieldNames.nearest(name, readers.keySet());
        return new InvalidRequestException(
                InvalidRequestException.UNKNOWN_FIELD,
                field + "." + WireText.printable(name),
                field + ": unknown field " + WireText.quoted(name) + (meant.isPresent() ? NearestName.hint(meant) : ".")
                        + " Known fields: "
                        + String.join(", ", new TreeSet<>(readers.keySet()))
                        + ". Leave the field out, or run the job with records.unknown-fields = ignore");
    }
}
