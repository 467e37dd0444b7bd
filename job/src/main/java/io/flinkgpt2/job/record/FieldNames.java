package io.flinkgpt2.job.record;

import io.flinkgpt2.json.NearestName;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** The names of the fields of a request and of its envelope, and what an unknown name may have been meant to be. */
public final class FieldNames {
    static final List<String> OF_THE_ENVELOPE = List.of("custom_id", "method", "url", "body");

    /** Names that other interfaces have for fields of a request. */
    private static final Map<String, String> ELSEWHERE = Map.of(
            "max_new_tokens", "max_tokens",
            "max_completion_tokens", "max_tokens",
            "max_output_tokens", "max_tokens",
            "num_predict", "max_tokens",
            "stop_sequences", "stop",
            "input", "prompt",
            "inputs", "prompt");

    private FieldNames() {}

    /** Returns "unknown field 'x'" with the name that was meant, if there is one near, and the known ones. */
    static String unknown(String name, boolean inEnvelope) {
        Collection<String> body = RequestFields.all().keySet();
        Collection<String> own = inEnvelope ? OF_THE_ENVELOPE : body;
        Collection<String> others = inEnvelope ? body : OF_THE_ENVELOPE;
        String unknown = "unknown field " + WireText.quoted(name) + (inEnvelope ? " of the envelope" : "");
        String known = "Known fields: "
                + (inEnvelope
                        ? String.join(", ", OF_THE_ENVELOPE)
                        : RequestFields.supported().stream()
                                        .map(RequestField::name)
                                        .collect(Collectors.joining(", "))
                                + "; others of OpenAI's and vLLM's only with a value that changes nothing")
                + ". Leave the field out, or run the job with records.unknown-fields = ignore";
        Optional<String> meant = nearest(name, own);
        if (meant.isPresent()) {
            return unknown + NearestName.hint(meant) + " " + known;
        }
        if (others.contains(name)) {
            String place =
                    inEnvelope ? "; it belongs into 'body'. " : "; it belongs to the envelope, outside of 'body'. ";
            return unknown + place + known;
        }
        return unknown + ". " + known;
    }

    /** Returns the known name that was meant: under which another interface has it, or that differs least. */
    public static Optional<String> nearest(String name, Collection<String> known) {
        String elsewhere = ELSEWHERE.get(name);
        return elsewhere != null && known.contains(elsewhere) ? Optional.of(elsewhere) : NearestName.of(name, known);
    }
}
