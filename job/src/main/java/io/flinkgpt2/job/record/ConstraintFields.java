package io.flinkgpt2.job.record;

import java.util.List;

/** The fields that say what an answer must match; a request has one constraint at most. */
final class ConstraintFields {
    /** More choices than a constraint can have, so that a stranger cannot fill the memory with short ones. */
    static final int MOST_CHOICES = 65_536;

    private static final String CHOICE =
            "{\"type\":\"array\",\"items\":{\"type\":\"string\"},\"minItems\":1,\"maxItems\":" + MOST_CHOICES + "}";
    private static final String JSON = "{\"type\":[\"object\",\"string\"]}";
    private static final FieldType STRUCTURED = new FieldType(
            "object of exactly one of `choice` (strings), `regex`, `json` (a JSON schema, as an object or a string) and"
                    + " `json_object` (true)",
            "{\"type\":\"object\",\"properties\":{"
                    + "\"choice\":" + orNull(CHOICE) + ",\"regex\":{\"type\":[\"string\",\"null\"]},"
                    + "\"json\":{\"type\":[\"object\",\"string\",\"null\"]},\"json_object\":{\"type\":[\"boolean\",\"null\"]},"
                    + "\"grammar\":{\"type\":\"null\"},\"structural_tag\":{\"type\":\"null\"},"
                    + "\"whitespace_pattern\":{\"type\":\"null\"},\"disable_any_whitespace\":{\"type\":[\"boolean\",\"null\"]},"
                    + "\"disable_additional_properties\":{\"type\":[\"boolean\",\"null\"]}},\"additionalProperties\":{\"type\":\"null\"}}");
    private static final FieldType FORMAT = new FieldType(
            "object of `type` \"text\", \"json_object\" or \"json_schema\", the last with `json_schema.schema`",
            "{\"type\":\"object\",\"properties\":{\"type\":{\"enum\":[\"text\",\"json_object\",\"json_schema\"]},"
                    + "\"json_schema\":{\"type\":[\"object\",\"null\"],\"properties\":{\"name\":{\"type\":[\"string\",\"null\"]},"
                    + "\"description\":{\"type\":[\"string\",\"null\"]},\"strict\":{\"type\":[\"boolean\",\"null\"]},"
                    + "\"schema\":{\"type\":[\"object\",\"string\",\"null\"]}},\"additionalProperties\":{\"type\":\"null\"}}},"
                    + "\"required\":[\"type\"],\"additionalProperties\":{\"type\":\"null\"}}");

    private ConstraintFields() {}

    private static String orNull(String schema) {
        return "{\"anyOf\":[" + schema + ",{\"type\":\"null\"}]}";
    }

    static List<RequestField> rows() {
        return List.of(
                RequestField.of(
                        "structured_outputs",
                        STRUCTURED,
                        "none",
                        "the answer is one of the choices, matches the regular expression, or is JSON that the schema allows, or"
                                + " any JSON object",
                        ConstraintReader::structuredOutputs),
                RequestField.of(
                        "guided_choice",
                        new FieldType("array of strings, 1.." + MOST_CHOICES, CHOICE),
                        "none",
                        "`structured_outputs.choice` by its older name",
                        (context, draft) -> ConstraintReader.choice("guided_choice", context, draft)),
                RequestField.of(
                                "guided_regex",
                                FieldType.string(),
                                "none",
                                "`structured_outputs.regex` by its older name",
                                (context, draft) -> ConstraintReader.regex("guided_regex", context, draft))
                        .withOption(String.class, "REGEX", "The whole answer matches this regular expression."),
                RequestField.of(
                                "guided_json",
                                new FieldType("object, or string that holds one: a JSON schema", JSON),
                                "none",
                                "`structured_outputs.json` by its older name",
                                (context, draft) -> ConstraintReader.json("guided_json", context, draft))
                        .withOption(String.class, "SCHEMA", "The answer is JSON that this JSON schema allows."),
                RequestField.of(
                        "guided_json_object",
                        FieldType.flag(),
                        "false",
                        "`structured_outputs.json_object` by its older name",
                        (context, draft) -> ConstraintReader.jsonObject("guided_json_object", context, draft)),
                RequestField.of(
                        "response_format",
                        FORMAT,
                        "text",
                        "the same as OpenAI's interface has it",
                        ConstraintReader::responseFormat));
    }
}
