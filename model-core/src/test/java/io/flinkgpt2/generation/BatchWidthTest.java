package io.flinkgpt2.generation;

import static org.assertj.core.api.Assertions.assertThat;

import io.flinkgpt2.pretrained.Pretrained;
import io.flinkgpt2.sampling.GenerationParameters;
import io.flinkgpt2.sampling.GenerationParametersBuilder;
import io.flinkgpt2.tensor.Kernels;
import io.flinkgpt2.tensor.Workers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What comes out of a batch does not depend on the vector width, nor on the number of threads: shown in JVMs of their own,
 * for the width is fixed when a JVM starts.
 */
class BatchWidthTest {

    private static final int REQUESTS = 40;

    @TempDir
    Path directory;

    @ParameterizedTest
    @ValueSource(ints = {16, 32, 64})
    void rule4_4_aBatchGivesTheSameTokensAndLogitsOnEveryVectorWidth(int maxVectorBytes) throws Exception {
        Path errors = directory.resolve("errors");
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--add-modules=jdk.incubator.vector",
                        "-XX:MaxVectorSize=" + maxVectorBytes,
                        "-cp",
                        System.getProperty("java.class.path"),
                        BatchWidthTest.class.getName(),
                        directory.resolve("model").toString())
                .redirectError(errors.toFile())
                .start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(Files.readString(errors)).isZero();
        assertThat(out).startsWith("vector-");
        assertThat(out.substring(out.indexOf(' ')).strip())
                .isEqualTo(digest(directory.resolve("scalar"), Kernels.reference(), 1));
    }

    /** Prints the name of the best kernels of this JVM and the digest of what a batch made with them. */
    public static void main(String[] args) {
        Kernels kernels = Kernels.best();
        System.out.println(kernels.name() + " " + digest(Path.of(args[0]), kernels, 2));
    }

    /** Of the logits at all steps, and the ids and texts of all completions, of a batch that requests join at random. */
    private static String digest(Path directory, Kernels kernels, int threads) {
        RecordingKernels recording = new RecordingKernels(kernels);
        Pretrained pretrained = ToyModel.open(directory, recording);
        SplittableRandom random = new SplittableRandom(5);
        StringBuilder digest = new StringBuilder();
        try (Workers workers = new Workers(threads)) {
            ContinuousBatch batch = new ContinuousBatch(
                    pretrained.model(),
                    pretrained.tokenizer(),
                    BatchOptions.roomy(pretrained.config(), ToyModel.CONTEXT, 7, 13),
                    workers);
            int submitted = 0;
            while (submitted < REQUESTS || !batch.isIdle()) {
                if (submitted < REQUESTS && random.nextInt(3) == 0) {
                    int[] prompt = random.ints(1 + random.nextInt(90), 1, ToyModel.VOCABULARY)
                            .toArray();
                    GenerationParametersBuilder parameters = GenerationParameters.builder()
                            .setMaxTokens(1 + random.nextInt(20))
                            .setTemperature(0)
                            .setSeed(submitted);
                    if (submitted++ % 2 == 1) {
                        parameters.setTemperature(0.9).setTopK(30).setTopP(0.95);
                    }
                    batch.submit(prompt, parameters.build(), 0);
                }
                batch.step();
                for (RequestGroup ended = batch.poll(); ended != null; ended = batch.poll()) {
                    Completion completion = ended.completions().get(0);
                    digest.append(Arrays.toString(completion.tokenIds())).append(completion.text());
                }
            }
        }
        List<Long> logits = List.copyOf(recording.take());
        return Integer.toHexString(digest.toString().hashCode()) + " " + Integer.toHexString(logits.hashCode()) + " of "
                + logits.size();
    }
}
