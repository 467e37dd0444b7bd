package io.flinkgpt2.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/** Measures what a refusal costs. */
public final class Allocation {
    /** What opening or refusing any file may allocate. */
    public static final long LIMIT = 64_000_000;

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private Allocation() {}

    /** Bytes that this thread has allocated so far. */
    public static long soFar() {
        return THREADS.getCurrentThreadAllocatedBytes();
    }

    /** What an action throws, which is of a type and has one clear message, and for which it allocates little. */
    public static <T extends Throwable> T refusal(Class<T> type, ThrowingCallable action) {
        long before = soFar();
        Throwable thrown = catchThrowable(action);
        long allocated = soFar() - before;
        assertThat(thrown).isInstanceOf(type);
        assertThat(thrown.getMessage()).hasSizeLessThan(4_000);
        assertThat(allocated).as("bytes allocated").isLessThan(LIMIT);
        return type.cast(thrown);
    }
}
