package io.flinkgpt2.weights;

import static io.flinkgpt2.weights.TorchFixtures.dict;
import static org.assertj.core.api.Assertions.assertThat;

import io.flinkgpt2.weights.PickleWriter.Raw;
import io.flinkgpt2.weights.PickleWriter.Storage;
import io.flinkgpt2.weights.PickleWriter.Tensor;
import io.flinkgpt2.weights.TorchFixtures.Floats;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The arguments and names of nanoGPT's checkpoints, true ones and hostile ones. */
class NanoGptCheckpointTest {
    /** A pickled float. */
    private static final Raw DROPOUT = Raw.of("G?\u00c9\u0099\u0099\u0099\u0099\u0099\u009a");

    @TempDir
    Path directory;

    private static Map<Object, Object> arguments(int rows) {
        return dict(
                "n_layer",
                1,
                "n_head",
                1,
                "n_embd",
                2,
                "block_size",
                4,
                "bias",
                false,
                "vocab_size",
                rows,
                "dropout",
                DROPOUT);
    }

    /** A token embedding of 1, 2 and so on, and a weight of each kind that has a bias. */
    private static Map<Object, Object> model(int rows) {
        return dict(
                "_orig_mod.transformer.wte.weight", Tensor.whole("FloatStorage", "0", rows, 2),
                "_orig_mod.transformer.h.0.ln_1.weight", view(2),
                "_orig_mod.transformer.h.0.attn.c_attn.weight", view(6, 2),
                "_orig_mod.transformer.ln_f.weight", view(2),
                "_orig_mod.lm_head.weight", Tensor.whole("FloatStorage", "0", rows, 2));
    }

    private static Tensor view(int... shape) {
        Tensor whole = Tensor.whole("FloatStorage", "1", shape);
        return new Tensor(new Storage("FloatStorage", "1", 12), 0, whole.size(), whole.stride());
    }

    private Path write(Object arguments, Map<Object, Object> model, int rows) throws IOException {
        Object root = dict(
                "model",
                model,
                "optimizer",
                dict("state", dict(0, dict("exp_avg", view(2)))),
                "model_args",
                arguments,
                "iter_num",
                5,
                "best_val_loss",
                new Tensor(new Storage("FloatStorage", "1", 12), 0, new Object[0], new Object[0]));
        Floats embedding = new Floats(
                "0", IntStream.range(0, 2 * rows).mapToObj(i -> (float) i).toList());
        Floats others = new Floats("1", Collections.nCopies(12, 1f));
        return Files.write(
                directory.resolve("ckpt.pt"),
                TorchFixtures.zipOf(PickleWriter.pickle(root), embedding, others)
                        .bytes());
    }

    private InvalidModelException refusal(Object arguments, Map<Object, Object> model) throws IOException {
        Path file = write(arguments, model, 5);
        return WeightsFixtures.refusal(file, () -> WeightsFiles.open(directory).close());
    }

    private InvalidModelException refusalOfArgument(String key, Object value) throws IOException {
        Map<Object, Object> arguments = arguments(5);
        arguments.put(key, value);
        return refusal(arguments, model(5));
    }

    @Test
    void rule1_7_readsACheckpointWithZerosForTheBiasesThatItHasNot() throws IOException {
        write(arguments(5), model(5), 5);
        try (TrainingCheckpoint weights = (TrainingCheckpoint) WeightsFiles.open(directory)) {
            assertThat(weights.program()).isEqualTo(TrainingCheckpoint.Program.NANOGPT);
            assertThat(weights.vocabularySize()).isEqualTo(5);
            assertThat(weights.contextLength()).isEqualTo(4);
            assertThat(weights.tensors().keySet())
                    .containsExactlyInAnyOrder(
                            "transformer.wte.weight",
                            "transformer.h.0.ln_1.weight",
                            "transformer.h.0.ln_1.bias",
                            "transformer.h.0.attn.c_attn.weight",
                            "transformer.h.0.attn.c_attn.bias",
                            "transformer.ln_f.weight",
                            "transformer.ln_f.bias",
                            "lm_head.weight");
            assertThat(WeightsFixtures.values(weights, "transformer.h.0.attn.c_attn.bias"))
                    .containsExactly(0, 0, 0, 0, 0, 0);
            assertThat(WeightsFixtures.values(weights, "lm_head.weight")).containsExactly(0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
            assertThat(weights.describe()).isEqualTo("ckpt.pt");
        }
    }

    @Test
    void aModelWithBiasesHasNoOthers() throws IOException {
        Map<Object, Object> arguments = arguments(5);
        arguments.put("bias", true);
        write(arguments, model(5), 5);
        try (WeightsFile weights = WeightsFiles.open(directory)) {
            assertThat(weights.tensors()).hasSize(5);
        }
    }

    @Test
    void leavesOutTheRowsThatPadGpt2sVocabulary() throws IOException {
        for (int rows : new int[] {50256, 50257, 50304, 50305}) {
            write(arguments(rows), model(rows), rows);
            int kept = rows == 50304 ? 50257 : rows;
            try (TrainingCheckpoint weights = (TrainingCheckpoint) WeightsFiles.open(directory)) {
                assertThat(weights.vocabularySize()).isEqualTo(kept);
                assertThat(weights.storedRows()).isEqualTo(rows);
                for (String name : List.of("transformer.wte.weight", "lm_head.weight")) {
                    assertThat(weights.tensors().get(name).shape()).containsExactly((long) kept, 2L);
                    float[] values = WeightsFixtures.values(weights, name);
                    assertThat(values[values.length - 1]).isEqualTo(2 * kept - 1);
                }
            }
        }
    }

    @Test
    void takesOtherArgumentsThatAreOff() throws IOException {
        Map<Object, Object> arguments = arguments(5);
        arguments.putAll(dict("use_rmsnorm", false, "rope_theta", null, "n_experts", 0));
        write(arguments, model(5), 5);
        WeightsFiles.open(directory).close();
    }

    @Test
    void refusesOtherArgumentsByName() throws IOException {
        for (Object on : List.of(true, 1, "rope", List.of(), DROPOUT)) {
            InvalidModelException e = refusalOfArgument("use_rmsnorm", on);
            assertThat(e.subject()).isEqualTo("model_args, 'use_rmsnorm'");
            assertThat(e.expected()).contains("or others that are off");
        }
        assertThat(refusal(dict("dim", 288, "n_layers", 6), model(5)).subject()).isEqualTo("model_args, 'n_layer'");
    }

    @Test
    void refusesSizesThatAreMissingOrWrong() throws IOException {
        for (String key : List.of("n_layer", "n_head", "n_embd", "block_size", "vocab_size")) {
            for (Object bad : new Object[] {0, -1, 1L << 40, "6", null, true, TorchFixtures.MAGIC_NUMBER}) {
                assertThat(refusalOfArgument(key, bad).subject()).isEqualTo("model_args, '" + key + "'");
            }
        }
        assertThat(refusalOfArgument("n_head", 3).subject()).isEqualTo("model_args, 'n_embd'");
        assertThat(refusalOfArgument("bias", 1).subject()).isEqualTo("model_args, 'bias'");
        Map<Object, Object> arguments = arguments(5);
        arguments.remove("bias");
        assertThat(refusal(arguments, model(5)).found()).isEqualTo("nothing");
    }

    @Test
    void refusesWeightsThatContradictTheArguments() throws IOException {
        assertThat(refusal(arguments(6), model(5)).expected()).isEqualTo("as many rows as vocab_size, 6");
        Map<Object, Object> model = model(5);
        model.put("_orig_mod.transformer.h.0.attn.c_attn.bias", view(6));
        assertThat(refusal(arguments(5), model).subject()).isEqualTo("tensor 'transformer.h.0.attn.c_attn.bias'");
        model = model(5);
        model.put("lm_head.weight", model.get("_orig_mod.lm_head.weight"));
        assertThat(refusal(arguments(5), model).subject()).isEqualTo("tensor 'lm_head.weight'");
    }
}
