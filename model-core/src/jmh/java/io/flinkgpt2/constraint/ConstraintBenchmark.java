package io.flinkgpt2.constraint;

import io.flinkgpt2.tokenizer.Tokenizer;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** Masking the logits of GPT-2's vocabulary: inside a free string, where most tokens may follow, and behind it, where few may. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = "--add-modules=jdk.incubator.vector")
@State(Scope.Thread)
public class ConstraintBenchmark {

    private static final int VOCABULARY = 50257;

    @Param({"{\"", "{\"a\":"})
    String text;

    private final float[] logits = new float[VOCABULARY];
    private Constraint kept;
    private Constraint notKept;
    private int state;

    @Setup
    public void setUp() throws InvalidConstraintException {
        kept = new ConstraintCompiler(Tokenizer.gpt2(), VOCABULARY, 1 << 20).compile(ConstraintSource.jsonObject());
        notKept = new ConstraintCompiler(Tokenizer.gpt2(), VOCABULARY, 0).compile(ConstraintSource.jsonObject());
        state = kept.start();
        for (int id : Tokenizer.gpt2().encode(text)) {
            state = kept.next(state, id);
        }
    }

    @Benchmark
    public float keptMask() {
        kept.mask(logits, 0, VOCABULARY, state);
        return logits[0];
    }

    @Benchmark
    public float computedMask() {
        notKept.mask(logits, 0, VOCABULARY, state);
        return logits[0];
    }
}
