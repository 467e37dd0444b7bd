package io.flinkgpt2.job.record;

import java.util.List;

/** The fields that name a request and its model, and those that its answer copies. */
final class IdentityFields {
    private static final FieldType ID = FieldType.string(1, RequestParser.LONGEST_CUSTOM_ID);

    private IdentityFields() {}

    static List<RequestField> rows() {
        return List.of(
                RequestField.of(
                        "custom_id",
                        ID,
                        "`request_id`, else the Kafka key, else topic-partition-offset",
                        "the request's identity, echoed in its answer",
                        (context, draft) -> draft.customId = RequestFields.id("custom_id", context.json())),
                RequestField.of(
                        "request_id",
                        ID,
                        "",
                        "the identity where there is no `custom_id`",
                        (context, draft) -> draft.requestId = RequestFields.id("request_id", context.json())),
                RequestField.string(
                        "model",
                        "the job's",
                        "must be the name of the job's model or one of its aliases",
                        (draft, value) -> draft.model = value),
                RequestField.string(
                        "user", "", "copied to the answer", (draft, value) -> draft.user = RecordJson.quote(value)),
                RequestField.string(
                        "session_id",
                        "",
                        "copied to the answer",
                        (draft, value) -> draft.sessionId = RecordJson.quote(value)),
                RequestField.of(
                        "metadata",
                        FieldType.object(),
                        "{}",
                        "copied to the answer, order and digits kept",
                        (context, draft) -> draft.metadata = context.json().objectText("metadata")));
    }
}
