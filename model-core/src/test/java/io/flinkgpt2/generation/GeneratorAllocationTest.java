package io.flinkgpt2.generation;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.flinkgpt2.model.DelegatingKernels;
import io.flinkgpt2.model.GoldenModel;
import io.flinkgpt2.pretrained.Pretrained;
import io.flinkgpt2.sampling.GenerationParameters;
import io.flinkgpt2.tensor.Kernels;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A decode step allocates nothing: what a longer completion allocates more is its ids and its text. What goes on inside a
 * vector kernel is left out of the account, for there it is the compiler that decides what is an object, and when.
 */
class GeneratorAllocationTest {

    private static final int SHORT = 20;
    private static final int LONG = 80;
    /** 8 for two copies of an id, 72 for its text and decoding that. One small object for each step would exceed it. */
    private static final long BYTES_PER_TOKEN = 90;

    static List<Kernels> kernels() {
        return List.of(Kernels.reference(), Kernels.best());
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void moreTokensAllocateOnlyTheirIdsAndTheirText(Kernels kernels) throws IOException {
        Account account = new Account(kernels);
        Generator generator = generator(Pretrained.open(GoldenModel.directory("untied-erf"), account));
        // The first one fills the cache with blocks and loads classes.
        account.of(generator, LONG);
        long more = account.of(generator, LONG) - account.of(generator, SHORT);
        assertThat(more / (LONG - SHORT)).as("bytes per token").isLessThan(BYTES_PER_TOKEN);
    }

    private static Generator generator(Pretrained pretrained) {
        return new Generator(pretrained.model(), pretrained.tokenizer(), 96, 16);
    }

    /** Bytes that this thread allocates, but for those inside of kernels. */
    private static final class Account extends DelegatingKernels {
        private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        private long bytes;

        Account(Kernels kernels) {
            super(kernels);
        }

        @Override
        protected void enter() {
            bytes += threads.getCurrentThreadAllocatedBytes();
        }

        @Override
        protected void leave() {
            bytes -= threads.getCurrentThreadAllocatedBytes();
        }

        /** What generating that many tokens allocates. */
        long of(Generator generator, int maxTokens) {
            GenerationParameters parameters = GenerationParameters.builder()
                    .setMaxTokens(maxTokens)
                    .setTemperature(0.9)
                    .setTopK(100)
                    .setTopP(0.95)
                    .setSeed(1)
                    .build();
            bytes = 0;
            leave();
            Completion completion = generator.complete(new int[] {7}, parameters);
            enter();
            assertThat(completion.tokenIds()).hasSize(maxTokens);
            return bytes;
        }
    }
}
