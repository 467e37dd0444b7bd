package io.flinkgpt2.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HubNameTest {

    @ParameterizedTest
    @CsvSource({
        "gpt2, openai-community/gpt2, main, gpt2, gpt2",
        "gpt2-medium, openai-community/gpt2-medium, main, gpt2-medium, gpt2-medium",
        "gpt2-large@main, openai-community/gpt2-large, main, gpt2-large, gpt2-large",
        "gpt2-xl@v1, openai-community/gpt2-xl, v1, gpt2-xl, gpt2-xl@v1",
        "distilgpt2, distilbert/distilgpt2, main, distilgpt2, distilgpt2",
        "openai-community/gpt2, openai-community/gpt2, main, gpt2, gpt2",
        "Some_One/my.GPT-2, Some_One/my.GPT-2, main, my.GPT-2, Some_One/my.GPT-2",
        "a/b@refs/pr/1, a/b, refs/pr/1, b, a/b@refs/pr/1",
        "a/gpt2@607a30d783dfa663caf39e06633721c8d4cfcd7e, a/gpt2, 607a30d783dfa663caf39e06633721c8d4cfcd7e, gpt2,"
                + " a/gpt2@607a30d783dfa663caf39e06633721c8d4cfcd7e",
    })
    void readsNames(String text, String repository, String revision, String modelName, String shortest) {
        HubName name = HubName.parse(text);

        assertThat(name).isEqualTo(new HubName(repository, revision)).hasToString(shortest);
        assertThat(name.modelName()).isEqualTo(modelName);
        assertThat(HubName.parse(shortest)).isEqualTo(name);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "bert",
                "gpt2-huge",
                "a/b/c",
                "/b",
                "a/",
                "../b",
                "a/..",
                "a/b..c",
                "./gpt2",
                ".a/b",
                "a/.b",
                "a/b.",
                "-a/b",
                "a\\b",
                "a/b c",
                "a/b?c",
                "a/b#c",
                "a/b%2F",
                "gpt2 x:Q8_0",
                "C:/models",
                "~/b",
                "a/b\n",
                "a/é",
                "@main"
            })
    void refusesWhatIsNoName(String text) {
        assertThatThrownBy(() -> HubName.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("model name: found '")
                .hasMessageContaining("distilgpt2, gpt2, gpt2-large, gpt2-medium, gpt2-xl")
                .hasMessageContaining("owner/name");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "..", "a/../b", "/a", "a/", "a//b", "a b", "a\\b", "a?b", "a%2Fb", ".a", "a@b", "a\n"})
    void refusesWhatIsNoRevision(String revision) {
        assertThatThrownBy(() -> HubName.parse("gpt2@" + revision))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("revision of openai-community/gpt2: found '");
    }

    @ParameterizedTest
    @CsvSource({
        "a/b:Q8_0, a/b, main, Q8_0, a/b:Q8_0",
        "a/b:q4_k_m@v1, a/b, v1, q4_k_m, a/b:q4_k_m@v1",
        "a/b@refs/pr/1:Q8_0, a/b, refs/pr/1, Q8_0, a/b:Q8_0@refs/pr/1",
        "a/b/m.Q8_0.gguf, a/b, main, m.Q8_0.gguf, a/b/m.Q8_0.gguf",
        "a/b/m.gguf@v1, a/b, v1, m.gguf, a/b/m.gguf@v1",
        "a/b.gguf:m.gguf, a/b.gguf, main, m.gguf, a/b.gguf/m.gguf",
        "gpt2:Q8_0, openai-community/gpt2, main, Q8_0, gpt2:Q8_0",
        "openai-community/gpt2/m.gguf, openai-community/gpt2, main, m.gguf, openai-community/gpt2/m.gguf",
    })
    void readsTheChoiceOfAGgufFile(String text, String repository, String revision, String gguf, String shortest) {
        HubName name = HubName.parse(text);
        assertThat(name).isEqualTo(new HubName(repository, revision, Optional.of(gguf)));
        assertThat(name).hasToString(shortest);
        assertThat(HubName.parse(shortest)).isEqualTo(name);
    }

    @ParameterizedTest
    @ValueSource(strings = {"a/b:", "a/b:x/y", "a/b:..", "a/b:a..b", "a/b:a b", "a/b:.a", "a/b:c:d", "a/b/c/d.gguf"})
    void refusesWhatIsNotAGgufFile(String text) {
        assertThatThrownBy(() -> HubName.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("GGUF file of a/b: found '");
    }

    @Test
    void aQuantisationMeansTheFilesThatHaveItInTheirNames() {
        List<String> files =
                List.of("m.F16.gguf", "m-q8_0.gguf", "m.Q4_K_M.gguf", "m.Q4_K_S.gguf", "Q5_0.gguf", "m-Q8_0x.gguf");
        assertThat(HubName.parse("a/b:Q8_0").meant(files)).containsExactly("m-q8_0.gguf");
        assertThat(HubName.parse("a/b:f16").meant(files)).containsExactly("m.F16.gguf");
        assertThat(HubName.parse("a/b:Q5_0").meant(files)).containsExactly("Q5_0.gguf");
        assertThat(HubName.parse("a/b:Q4_K").meant(files)).containsExactly("m.Q4_K_M.gguf", "m.Q4_K_S.gguf");
        assertThat(HubName.parse("a/b:Q6_K").meant(files)).isEmpty();
        assertThat(HubName.parse("a/b/m.F16.gguf").meant(files)).containsExactly("m.F16.gguf");
        assertThat(HubName.parse("a/b/M.F16.gguf").meant(files)).isEmpty();
    }

    @Test
    void aModelOfAChosenFileMayBeCalledWithItAndWithout() {
        assertThat(HubName.parse("a/b:Q8_0@v1").names())
                .containsExactly("b:Q8_0", "a/b:Q8_0", "b:Q8_0@v1", "a/b:Q8_0@v1", "b", "a/b", "b@v1", "a/b@v1");
        assertThat(HubName.parse("a/b/m.gguf").names()).startsWith("b/m.gguf", "a/b/m.gguf");
    }

    @Test
    void aNameOfAnotherOwnerIsNotShortened() {
        assertThat(new HubName("someone/gpt2", "main")).hasToString("someone/gpt2");
        assertThat(new HubName("someone/gpt2", "main").remoteNames()).containsExactly("someone/gpt2");
        assertThat(HubName.parse("gpt2").remoteNames()).containsExactly("openai-community/gpt2", "gpt2");
    }

    @Test
    void aModelMayBeCalledByItsNameWithAndWithoutOwnerAndRevision() {
        assertThat(HubName.parse("gpt2").names())
                .containsExactly("gpt2", "openai-community/gpt2", "gpt2@main", "openai-community/gpt2@main");
        assertThat(HubName.parse("a/b@v1").names()).containsExactly("b", "a/b", "b@v1", "a/b@v1");
    }
}
