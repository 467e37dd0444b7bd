package io.flinkgpt2.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.ClassVisitor;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;
import org.objectweb.asm.commons.CodeSizeEvaluator;

/**
 * What HotSpot inlines depends on the bytes of a method's code, and a vector that crosses a call that is not inlined is an
 * object on the heap. It shows in few processes only, so the sizes are held here.
 */
class VectorCodeSizeTest {

    /** {@code MaxInlineSize}: up to it a method is inlined however seldom it is called. */
    private static final int ALWAYS_INLINED = 35;
    /** {@code FreqInlineSize}: above it a method is never inlined, and is compiled alone. */
    private static final int NEVER_INLINED = 325;

    private static final Pattern VECTOR = Pattern.compile("Ljdk/incubator/vector/(Float|Int|Short|Byte)Vector;");

    private static final List<Class<?>> CLASSES = List.of(
            VectorKernels.class,
            VectorMath.class,
            VectorProduct.class,
            VectorReductions.class,
            VectorScores.class,
            VectorValues.class,
            OpenStripe.class,
            Tiles.class,
            WeightVectors.class,
            Float32Tiles.class,
            BFloat16Tiles.class,
            Int8Tiles.class);

    @Test
    void aMethodThatTakesOrReturnsAVectorIsAlwaysInlined() throws IOException {
        for (Class<?> type : CLASSES) {
            assertThat(sizes(type))
                    .as("%s", type.getSimpleName())
                    .allSatisfy(
                            (method, size) -> assertThat(VECTOR.matcher(method).find() && size > ALWAYS_INLINED)
                                    .as("%s has %s bytes of code and a vector crosses it", method, size)
                                    .isFalse());
        }
    }

    @Test
    void aLoopThatOthersCallIsCompiledAlone() throws IOException {
        assertThat(sizes(VectorMath.class).get("exponentials([FI[FIIFF)V")).isGreaterThan(NEVER_INLINED);
        assertThat(sizes(VectorReductions.class).get("sum([FII)F")).isGreaterThan(NEVER_INLINED);
        assertThat(sizes(VectorReductions.class).get("sumOfSquares([FIIF)F")).isGreaterThan(NEVER_INLINED);
    }

    /** The least bytes of code of each method, by name and descriptor. */
    private static Map<String, Integer> sizes(Class<?> type) throws IOException {
        Map<String, Integer> sizes = new HashMap<>();
        try (InputStream in = type.getResourceAsStream(type.getSimpleName() + ".class")) {
            new ClassReader(in).accept(new Sizes(sizes), 0);
        }
        return sizes;
    }

    private static final class Sizes extends ClassVisitor {
        private final Map<String, Integer> sizes;

        Sizes(Map<String, Integer> sizes) {
            super(Opcodes.ASM9);
            this.sizes = sizes;
        }

        @Override
        public MethodVisitor visitMethod(
                int access, String name, String descriptor, String signature, String[] exceptions) {
            return new CodeSizeEvaluator(null) {
                @Override
                public void visitEnd() {
                    sizes.put(name + descriptor, getMinSize());
                }
            };
        }
    }
}
