package io.flinkgpt2.generation;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.flinkgpt2.model.DelegatingKernels;
import io.flinkgpt2.pretrained.Pretrained;
import io.flinkgpt2.sampling.GenerationParameters;
import io.flinkgpt2.tensor.Kernels;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Steps in which all sequences decode allocate nothing, whether or not some wait, kernels left out of the account. */
class ContinuousBatchAllocationTest {

    private static final int STEPS = 150;
    private static final int MOST_ROUNDS = 30;

    @TempDir
    Path directory;

    static List<Kernels> kernels() {
        return List.of(Kernels.reference(), Kernels.best());
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void aDecodeStepAllocatesNothing(Kernels kernels) {
        Account account = new Account(kernels);
        Pretrained pretrained = ToyModel.open(directory, account);
        BatchOptions options = BatchOptions.roomy(pretrained.config(), ToyModel.CONTEXT, 8, 16);
        ContinuousBatch batch = new ContinuousBatch(pretrained.model(), pretrained.tokenizer(), options);
        // Rounds differ in what the JVM allocates for itself while it compiles, and early ones fill the pool. A step
        // that allocates always does, and leaves no round at zero.
        long least = Long.MAX_VALUE;
        for (int round = 0; round < MOST_ROUNDS && least > 0; round++) {
            for (int i = 0; i < 12; i++) {
                GenerationParameters parameters = GenerationParameters.builder()
                        .setMaxTokens(STEPS + 20)
                        .setTemperature(0.9)
                        .setTopK(i % 2 * 30)
                        .setTopP(i % 3 == 0 ? 1 : 0.95)
                        .setSeed(i)
                        .build();
                batch.submit(new int[] {7, i + 1}, parameters, 0);
            }
            for (int i = 0; i < 5; i++) {
                batch.step();
            }
            long before = batch.metrics().rows();
            int running = batch.runningCount();
            long allocated = account.of(() -> steps(batch));
            assertThat(batch.metrics().rows() - before).isPositive();
            assertThat(running).isEqualTo(8);
            assertThat(batch.poll()).as("none ended in between").isNull();
            least = Math.min(least, allocated);
            batch.inFlight().forEach(batch::cancel);
            while (batch.poll() != null) {
                // the outcomes of this round
            }
        }
        assertThat(least).as("bytes of %d steps", STEPS).isZero();
    }

    private static void steps(ContinuousBatch batch) {
        for (int i = 0; i < STEPS; i++) {
            batch.step();
        }
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

        /** The end of text, the first id, is never the best: nothing ends before its time. */
        @Override
        public void exponentials(float[] out, float[] x, int offset, int n, float max, float inverseTemperature) {
            super.exponentials(out, x, offset, n, max, inverseTemperature);
            out[ToyModel.END_OF_TEXT] = 0;
        }

        long of(Runnable work) {
            bytes = 0;
            leave();
            work.run();
            enter();
            return bytes;
        }
    }
}
