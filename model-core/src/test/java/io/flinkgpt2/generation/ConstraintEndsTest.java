package io.flinkgpt2.generation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flinkgpt2.constraint.ConstraintSource;
import io.flinkgpt2.pretrained.Pretrained;
import io.flinkgpt2.sampling.GenerationParameters;
import io.flinkgpt2.sampling.GenerationParametersBuilder;
import io.flinkgpt2.tensor.Kernels;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A constraint beside the fields that speak of a completion's end. */
class ConstraintEndsTest {

    private static final int END_OF_TEXT = 50256;

    private static Pretrained fairytales;

    @BeforeAll
    static void open() throws IOException {
        fairytales = Pretrained.open(Path.of("..", "deploy", "models", "fairytales"), Kernels.best());
    }

    private static int id(String text) {
        int[] ids = fairytales.tokenizer().encode(text);
        assertThat(ids).as(text).hasSize(1);
        return ids[0];
    }

    private static GenerationParametersBuilder regex(String regex) {
        return GenerationParameters.builder()
                .setConstraint(ConstraintSource.regex(regex))
                .setMaxTokens(20)
                .setSeed(5);
    }

    private static Completion complete(GenerationParametersBuilder builder) {
        return new Generator(fairytales.model(), fairytales.tokenizer(), 64, 16)
                .complete(new int[] {1, 2, 3}, builder.build());
    }

    @Test
    void aTextThatIsCompleteEndsWhateverTheMinimum() {
        Completion completion = complete(regex("ab?c{3}").setMinTokens(10).setIgnoreEndOfText(true));
        assertThat(completion.text()).matches("ab?c{3}");
        assertThat(completion.stopReason()).isEqualTo(StopReason.CONSTRAINT);
    }

    @Test
    void theEmptyTextEndsBeforeTheFirstToken() {
        Completion completion = complete(regex("a{0}").setMinTokens(3));
        assertThat(completion.tokenIds()).isEmpty();
        assertThat(completion.stopReason()).isEqualTo(StopReason.CONSTRAINT);
    }

    @Test
    void aTextThatMayGoOnReachesTheMinimum() {
        for (int seed = 0; seed < 3; seed++) {
            // End of text is by far the most probable.
            Completion completion = complete(regex("a*b")
                    .setLogitBias(new int[] {END_OF_TEXT, id("b")}, new float[] {100, 50})
                    .setSeed(seed));
            assertThat(completion.text()).isEqualTo("b");
            completion = complete(regex("a*")
                    .setLogitBias(new int[] {END_OF_TEXT}, new float[] {100})
                    .setMinTokens(7)
                    .setSeed(seed));
            assertThat(completion.text()).matches("a{7,}");
            assertThat(completion.tokenIds()).hasSize(7);
            assertThat(completion.stopReason()).isEqualTo(StopReason.END_OF_TEXT);
        }
    }

    @Test
    void endOfTextIsNoPartOfAMatchWhereItIsIgnored() {
        Completion completion = complete(
                regex("(?:.|\\n)*").setIgnoreEndOfText(true).setLogitBias(new int[] {END_OF_TEXT}, new float[] {100}));
        assertThat(completion.tokenIds()).hasSize(20).doesNotContain(END_OF_TEXT);
        assertThat(completion.stopReason()).isEqualTo(StopReason.MAX_TOKENS);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void anIdThatEndsIsDrawnWhereTheTextMatchesOnly(boolean include) {
        for (int seed = 0; seed < 3; seed++) {
            Completion completion = complete(regex("a{3,}")
                    .setStopTokenIds(new int[] {id("b")})
                    .setIncludeStopInOutput(include)
                    .setLogitBias(new int[] {id("b")}, new float[] {100})
                    .setSeed(seed));
            assertThat(completion.text()).matches(include ? "a{3,}b" : "a{3,}");
            assertThat(completion.stopReason()).isEqualTo(StopReason.STOP_TOKEN);
        }
    }

    @Test
    void anIdThatEndsCannotSpellTheText() {
        GenerationParametersBuilder builder = regex("ab").setStopTokenIds(new int[] {id("b"), id("ab")});
        assertThatThrownBy(() -> complete(builder))
                .hasMessageContainingAll("rule out every token", "stop_token_ids", "structured_outputs");
    }

    @ParameterizedTest
    @ValueSource(ints = {50257, Integer.MAX_VALUE, -1})
    void anIdOutsideOfTheVocabularyEndsNothing(int id) {
        Completion completion = complete(regex("a{3}").setStopTokenIds(new int[] {id}));
        assertThat(completion.text()).isEqualTo("aaa");
    }

    @Test
    void aStopStringCutsTheTextToTheBeginningOfAMatch() {
        Completion completion = complete(regex("aab{2}").setStopStrings(List.of("b")));
        assertThat(completion.text()).isEqualTo("aa");
        assertThat(completion.stopReason()).isEqualTo(StopReason.STOP_STRING);
    }
}
