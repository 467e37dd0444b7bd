package io.flinkgpt2.job.record;

import java.io.IOException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** The table of the fields of a request, in the order of the format: supported ones, then those that are only known. */
public final class RequestFields {
    private static final List<RequestField> SUPPORTED = Stream.of(
                    IdentityFields.rows(),
                    PromptFields.rows(),
                    SamplingFields.rows(),
                    LogitsFields.rows(),
                    StopFields.rows(),
                    ChoiceFields.rows(),
                    ScoreFields.rows(),
                    ConstraintFields.rows(),
                    ServiceFields.rows())
            .flatMap(List::stream)
            .toList();

    private static final Map<String, RequestField> ALL = table();

    private RequestFields() {}

    private static Map<String, RequestField> table() {
        Map<String, RequestField> byName = new LinkedHashMap<>();
        Stream.concat(SUPPORTED.stream(), UnsupportedFields.rows().stream()).forEach(field -> {
            if (byName.put(field.name(), field) != null) {
                throw new IllegalStateException("the field " + field.name() + " has two rows, expected one");
            }
        });
        return Collections.unmodifiableMap(byName);
    }

    /** Returns the supported fields, in the order of the format. */
    public static List<RequestField> supported() {
        return SUPPORTED;
    }

    /** Returns all known fields by name, the supported ones first. */
    public static Map<String, RequestField> all() {
        return ALL;
    }

    /** Reads an id, which stands at the parser. */
    static String id(String field, JsonFields json) throws IOException, InvalidRequestException {
        String id = json.string(field);
        int length = id.codePointCount(0, id.length());
        if (length < 1 || length > RequestParser.LONGEST_CUSTOM_ID) {
            throw InvalidRequestException.invalidValue(
                    field,
                    length + " characters",
                    "1.." + RequestParser.LONGEST_CUSTOM_ID + "; leave the field out to use the Kafka key");
        }
        return id;
    }
}
