package io.flinkgpt2.job.record;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FieldNamesTest {

    private static List<String> all() {
        List<String> names = new ArrayList<>(RequestFields.all().keySet());
        return names;
    }

    @ParameterizedTest
    @CsvSource({
        "max_token, max_tokens",
        "maxTokens, max_tokens",
        "max-tokens, max_tokens",
        "MAX_TOKENS, max_tokens",
        "max_tokns, max_tokens",
        "mxa_tokens, max_tokens",
        "max_new_tokens, max_tokens",
        "max_completion_tokens, max_tokens",
        "temprature, temperature",
        "tempreature, temperature",
        "temperatur, temperature",
        "topP, top_p",
        "top-k, top_k",
        "Prompt, prompt",
        "promt, prompt",
        "inputs, prompt",
        "sed, seed",
        "usr, user",
        "modle, model",
        "meta_data, metadata",
        "logprob, logprobs",
        "frequence_penalty, frequency_penalty",
        "stops, stop",
        "stop_sequences, stop",
        "N, n",
        "bestOf, best_of"
    })
    void theNearestNameIsWhatWasMeant(String name, String meant) {
        assertThat(FieldNames.nearest(name, all())).contains(meant);
        assertThat(FieldNames.unknown(name, false))
                .startsWith("unknown field '" + name + "'; did you mean '" + meant + "'? Known fields: custom_id, ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "x", "m", "bogus", "messages", "tools", "___", "do_sample", "äöü"})
    void aNameThatIsNearNoneIsOnlyUnknown(String name) {
        assertThat(FieldNames.nearest(name, all())).isEmpty();
        assertThat(FieldNames.unknown(name, false))
                .startsWith("unknown field '" + name + "'. Known fields: custom_id, ");
    }

    @ParameterizedTest
    @CsvSource({"customid, custom_id", "Body, body", "mehtod, method", "URL, url"})
    void anEnvelopeHasNamesOfItsOwn(String name, String meant) {
        assertThat(FieldNames.unknown(name, true))
                .startsWith("unknown field '" + name + "' of the envelope; did you mean '" + meant
                        + "'? Known fields: custom_id, method, url, body.");
    }

    @Test
    void aVeryLongNameIsNotCompared() {
        assertThat(FieldNames.nearest("max_tokens" + "_".repeat(50_000), all())).isEmpty();
    }

    @Test
    void everyKnownNameIsNearestToItself() {
        assertThat(all())
                .allSatisfy(name -> assertThat(FieldNames.nearest(name, all())).contains(name));
        assertThat(all()).doesNotHaveDuplicates();
    }
}
