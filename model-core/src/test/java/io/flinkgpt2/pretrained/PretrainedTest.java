package io.flinkgpt2.pretrained;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flinkgpt2.model.GoldenModel;
import io.flinkgpt2.tensor.Kernels;
import io.flinkgpt2.tensor.Precision;
import io.flinkgpt2.tokenizer.InvalidVocabularyException;
import io.flinkgpt2.tokenizer.Tokenizer;
import io.flinkgpt2.weights.InvalidModelException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PretrainedTest {

    @TempDir
    Path temporary;

    /** A whole model, to be changed or spoilt. */
    private Path directory;

    @BeforeEach
    void copyAModel() throws IOException {
        directory = ModelDirectories.copy("tied-tanh", temporary.resolve("model"));
    }

    @Test
    void rule2_1_aModelWithoutATokenizerHasGpt2sOnlyIfItHasAsManyIds() throws IOException {
        Tokenizer none = Pretrained.open(directory).tokenizer();
        assertThat(none.refusalOfText())
                .hasValueSatisfying(why -> assertThat(why)
                        .contains(directory + " has no tokenizer", "50257 tokens", "this model has 1003"));
        assertThatThrownBy(() -> none.encode("Hello"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("token ids only");
        assertThat(none.decode(1, 2, 1002)).isEmpty();
        assertThat(ModelTokenizer.gpt2OrNone(50_257, "model")).isSameAs(Tokenizer.gpt2());
        assertThat(ModelTokenizer.gpt2OrNone(50_304, "model").refusalOfText()).isPresent();
    }

    @Test
    void aDirectoryOpensWithItsConfigAndTheBestKernels() throws IOException {
        Pretrained pretrained = Pretrained.open(directory);
        assertThat(pretrained.config()).isEqualTo(GoldenModel.open("tied-tanh").config());
        assertThat(pretrained.weights().isTied()).isTrue();
        assertThat(pretrained.model().kernels()).isSameAs(Kernels.best());
        Kernels scalar = Kernels.reference();
        assertThat(Pretrained.open(directory, scalar).model().kernels()).isSameAs(scalar);
    }

    @Test
    void rule2_1_aModelsOwnVocabularyIsUsed() throws IOException {
        ModelDirectories.addToyVocabulary(directory, id -> id);
        Tokenizer tokenizer = Pretrained.open(directory).tokenizer();
        assertThat(tokenizer.vocabularySize()).isEqualTo(306);
        assertThat(tokenizer.encode("zzz<|endoftext|>", true)).containsExactly(89, 89, 89, 305);
    }

    private AbstractThrowableAssert<?, ? extends Throwable> assertRefused(Path path) {
        return assertThatThrownBy(() -> Pretrained.open(path))
                .isInstanceOf(InvalidModelException.class)
                .hasMessageStartingWith(path + ": ");
    }

    @Test
    void whatIsNoModelIsNamed() {
        assertRefused(temporary.resolve("elsewhere"))
                .hasMessageContaining("model: found nothing, expected a directory");
        assertRefused(directory.resolve("config.json")).hasMessageContaining("weight_map: found no such field");
    }

    @ParameterizedTest
    @ValueSource(strings = {"tied-tanh", "tied-tanh/model.safetensors", "gguf/model-Q8_0.gguf", "scaled-sharded-bf16"})
    void theConfigAloneIsThatOfTheModel(String model) throws IOException {
        Path path = GoldenModel.directory(model);
        assertThat(Pretrained.openConfig(path)).isEqualTo(Pretrained.open(path).config());
    }

    @Test
    void thePrecisionIsTheOneThatWasChosen() throws IOException {
        assertThat(Pretrained.open(directory).precision()).isEqualTo(Precision.F32);
        assertThat(Pretrained.open(directory, LoadOptions.defaults().withPrecision(Precision.BF16))
                        .precision())
                .isEqualTo(Precision.BF16);
    }

    @Test
    void aMissingConfigIsNamed() throws IOException {
        Files.delete(directory.resolve("config.json"));
        assertRefused(directory).hasMessageContaining("config.json: found nothing, expected the model's config");
        assertThatThrownBy(() -> Pretrained.openConfig(directory))
                .hasMessageContaining("config.json: found nothing, expected the model's config");
    }

    @Test
    void missingWeightsAreNamed() throws IOException {
        for (String weights : List.of("model.safetensors", "pytorch_model.bin", "pytorch_model-legacy.bin")) {
            Files.deleteIfExists(directory.resolve(weights));
        }
        assertRefused(directory).hasMessageContaining("expected model.safetensors or");
    }

    @Test
    void weightsOfAnotherConfigAreRefused() throws IOException {
        ModelDirectories.configure(directory, "vocab_size", 1004);
        assertRefused(directory)
                .hasMessageContaining("'wte.weight': found shape [1003, 48], expected shape [1004, 48] by the config");
    }

    @ParameterizedTest
    @ValueSource(strings = {"vocab_size", "n_positions", "n_embd", "n_layer", "n_head", "n_inner", "hidden_size"})
    void sizesTooLargeForAnythingNameTheirFile(String field) throws IOException {
        String json = Files.readString(directory.resolve("config.json"));
        for (String size :
                List.of("2147483647", "2147483616", "9223372036854775808", "1e999", "1" + "0".repeat(1_500))) {
            String without = json.replaceAll("\"" + field + "\"\\s*:[^,}]*,?", "");
            String config = without.replaceFirst("\\{", "{\"" + field + "\": " + size + ",");
            Files.writeString(directory.resolve("config.json"), config);
            assertThatThrownBy(() -> Pretrained.open(directory))
                    .isInstanceOf(InvalidModelException.class)
                    .hasMessageStartingWith(directory.toString());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"vocab.json", "merges.txt"})
    void halfAVocabularyIsRefusedAndTheMissingHalfNamed(String missing) throws IOException {
        ModelDirectories.addToyVocabulary(directory, id -> id);
        Files.delete(directory.resolve(missing));
        assertRefused(directory)
                .hasMessageContaining(missing + ": found nothing, expected vocab.json and merges.txt, both or neither");
        Files.createDirectory(directory.resolve(missing));
        assertRefused(directory).hasMessageContaining(missing + ": found something that is not a file");
    }

    @Test
    void linksThatLeadNowhereDoNotMeanGpt2sVocabulary() throws IOException {
        Files.createSymbolicLink(directory.resolve("vocab.json"), Path.of("blobs", "1"));
        Files.createSymbolicLink(directory.resolve("merges.txt"), Path.of("blobs", "2"));
        assertRefused(directory).hasMessageContaining("vocab.json: found nothing");
    }

    @Test
    void aVocabularyThatIsNotValidIsRefusedByName() throws IOException {
        ModelDirectories.addToyVocabulary(directory, id -> id);
        Path vocabulary = directory.resolve("vocab.json");
        Files.writeString(vocabulary, "{\"a\": -1}");
        assertThatThrownBy(() -> Pretrained.open(directory))
                .isInstanceOf(InvalidVocabularyException.class)
                .hasMessageContaining(vocabulary.toString());
    }

    private String revision() throws IOException {
        return Pretrained.open(directory).revision();
    }

    @Test
    void theRevisionIsSixteenHexadecimalDigitsAndPinned() throws IOException {
        assertThat(revision())
                .matches("[0-9a-f]{16}")
                .isEqualTo(Pretrained.open(GoldenModel.directory("tied-tanh")).revision())
                .isEqualTo("81056b2741cf6210");
    }

    @Test
    void theRevisionDoesNotChangeWithNameOrSharding() throws IOException {
        String revision = revision();
        directory = Files.move(directory, temporary.resolve("renamed"));
        assertThat(revision()).isEqualTo(revision);
        ModelDirectories.shard(directory, "", 0);
        assertThat(directory.resolve("model.safetensors")).doesNotExist();
        assertThat(revision()).isEqualTo(revision);
    }

    @ParameterizedTest
    @ValueSource(strings = {"wte.weight", "h.2.mlp.c_proj.bias", "ln_f.bias"})
    void theRevisionChangesWithOneValueOfTheWeights(String tensor) throws IOException {
        String revision = revision();
        ModelDirectories.shard(directory, tensor, 1);
        assertThat(revision()).isNotEqualTo(revision);
    }

    @Test
    void theRevisionChangesWithTheConfig() throws IOException {
        String revision = revision();
        ModelDirectories.configure(directory, "eos_token_id", 1);
        assertThat(revision()).isNotEqualTo(revision);
    }

    @Test
    void theRevisionChangesWithTheTokenizer() throws IOException {
        String revision = revision();
        ModelDirectories.addToyVocabulary(directory, id -> id);
        String withToy = revision();
        assertThat(withToy).isNotEqualTo(revision);
        Files.delete(directory.resolve("vocab.json"));
        Files.delete(directory.resolve("merges.txt"));
        ModelDirectories.addToyVocabulary(directory, id -> id + 1);
        assertThat(revision()).isNotEqualTo(revision).isNotEqualTo(withToy);
    }
}
