package io.flinkgpt2.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import io.flinkgpt2.constraint.ConstraintSource;
import io.flinkgpt2.sampling.StopParameters.RepetitionDetection;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

class ParameterTextTest {

    private static final String DEFAULTS = "GenerationParameters[max_tokens=16, temperature=1.0, seed=0";

    /** A change by each setter of the builder, and what the text says of it after the defaults. */
    private static final Map<String, Case> CASES = new TreeMap<>(Map.ofEntries(
            Map.entry("setTopK", new Case(b -> b.setTopK(5), ", top_k=5]")),
            Map.entry("setTopP", new Case(b -> b.setTopP(0.9), ", top_p=0.9]")),
            Map.entry("setMinP", new Case(b -> b.setMinP(0.1), ", min_p=0.1]")),
            Map.entry("setTypicalP", new Case(b -> b.setTypicalP(0.5), ", typical_p=0.5]")),
            Map.entry(
                    "setAllowedTokenIds",
                    new Case(b -> b.setAllowedTokenIds(new int[] {1, 2}), ", allowed_token_ids=2 ids]")),
            Map.entry("setBadWords", new Case(b -> b.setBadWords(List.of("a\nb")), ", bad_words=[\"a\\nb\"]]")),
            Map.entry("setNoRepeatNgramSize", new Case(b -> b.setNoRepeatNgramSize(3), ", no_repeat_ngram_size=3]")),
            Map.entry("setRepetitionPenalty", new Case(b -> b.setRepetitionPenalty(1.5), ", repetition_penalty=1.5]")),
            Map.entry("setFrequencyPenalty", new Case(b -> b.setFrequencyPenalty(-1), ", frequency_penalty=-1.0]")),
            Map.entry("setPresencePenalty", new Case(b -> b.setPresencePenalty(1), ", presence_penalty=1.0]")),
            Map.entry(
                    "setStopStrings",
                    new Case(
                            b -> b.setStopStrings(List.of("1", "2", "3", "4", "5")),
                            ", stop=[\"1\", \"2\", \"3\", \"4\", ...]]")),
            Map.entry("setStopTokenIds", new Case(b -> b.setStopTokenIds(new int[] {1}), ", stop_token_ids=1 ids]")),
            Map.entry(
                    "setIncludeStopInOutput",
                    new Case(b -> b.setIncludeStopInOutput(true), ", include_stop_str_in_output=true]")),
            Map.entry("setIgnoreEndOfText", new Case(b -> b.setIgnoreEndOfText(true), ", ignore_eos=true]")),
            Map.entry("setMinTokens", new Case(b -> b.setMinTokens(2), ", min_tokens=2]")),
            Map.entry(
                    "setRepetition",
                    new Case(b -> b.setRepetition(new RepetitionDetection(9, 1, 2)), ", repetition_detection=9]")),
            Map.entry("setLogprobs", new Case(b -> b.setLogprobs(0), ", logprobs=0]")),
            Map.entry("setPromptLogprobs", new Case(b -> b.setPromptLogprobs(2), ", prompt_logprobs=2]")),
            Map.entry(
                    "setLabelIds",
                    new Case(
                            b -> b.setLogprobs(1).setLabelIds(new int[] {4}),
                            ", logprobs=1, logprob_token_ids=1 ids]")),
            Map.entry("setEcho", new Case(b -> b.setEcho(true), ", echo=true]")),
            Map.entry(
                    "setBeams",
                    new Case(
                            b -> b.setBeams(new BeamParameters(2, true)),
                            ", use_beam_search=true, length_penalty=2.0, early_stopping=true]")),
            Map.entry(
                    "setConstraint",
                    new Case(
                            b -> b.setConstraint(ConstraintSource.regex("a+")),
                            ", structured_outputs=regex [\"a+\"]]")),
            Map.entry("setChoices", new Case(b -> b.setChoices(3), ", n=3]")),
            Map.entry("setBestOf", new Case(b -> b.setBestOf(4), ", best_of=4]")),
            Map.entry("setTimeoutMillis", new Case(b -> b.setTimeoutMillis(5), ", timeout_ms=5]")),
            Map.entry("setCacheSalt", new Case(b -> b.setCacheSalt("s"), ", cache_salt=[\"s\"]]")),
            Map.entry(
                    "setSkipSpecialTokens",
                    new Case(b -> b.setSkipSpecialTokens(false), ", skip_special_tokens=false]")),
            Map.entry(
                    "setLogitBias",
                    new Case(b -> b.setLogitBias(new int[] {1}, new float[] {2}), ", logit_bias=1 ids]"))));

    private record Case(UnaryOperator<GenerationParametersBuilder> change, String text) {}

    @Test
    void theDefaultsAreThoseOfRecords() {
        assertThat(GenerationParameters.builder().build()).hasToString(DEFAULTS + "]");
        assertThat(GenerationParameters.greedy(3))
                .hasToString("GenerationParameters[max_tokens=3, temperature=0.0, seed=0]");
    }

    @Test
    void everythingThatDiffersFromItsDefaultIsNamedAsInRecords() {
        CASES.forEach((setter, example) -> assertThat(
                        example.change().apply(GenerationParameters.builder()).build())
                .as(setter)
                .hasToString(DEFAULTS + example.text()));
    }

    @Test
    void noSetterIsForgotten() {
        List<String> others = List.of("setMaxTokens", "setTemperature", "setSeed", "setSampling");
        assertThat(Arrays.stream(GenerationParametersBuilder.class.getDeclaredMethods())
                        .map(Method::getName)
                        .filter(name -> name.startsWith("set") && !others.contains(name)))
                .containsExactlyInAnyOrderElementsOf(CASES.keySet());
    }

    @Test
    void aLongConstraintIsCut() {
        String schema = "{\"type\":\"string\",\"description\":\"" + "x".repeat(10_000) + "\"}";
        assertThat(GenerationParameters.builder()
                        .setConstraint(ConstraintSource.jsonSchema(schema))
                        .build()
                        .toString())
                .hasSizeLessThan(200)
                .contains("json_schema [\"{\\\"type\\\":");
        assertThat(GenerationParameters.builder()
                        .setConstraint(ConstraintSource.jsonObject())
                        .build()
                        .toString())
                .endsWith("structured_outputs=json_object]");
    }
}
