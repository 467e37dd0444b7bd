package io.flinkgpt2.tensor;

import java.lang.management.ManagementFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.helpers.NOPLoggerFactory;

/** Chooses the kernels once, and says once why when they are not the fast ones. */
final class BestKernels {

    private static final String MODULE = "jdk.incubator.vector";

    static final Kernels INSTANCE = choose();

    private BestKernels() {}

    static Kernels with(MatrixProduct product) {
        return INSTANCE instanceof VectorKernels ? new VectorKernels(product) : new ScalarKernels(product);
    }

    static Kernels warmingUp() {
        return INSTANCE instanceof VectorKernels
                ? new WarmingKernels(new ScalarKernels(), INSTANCE, WarmingKernels.WORTHWHILE)
                : INSTANCE;
    }

    private static Kernels choose() {
        if (!fusedMultiplyAdd()) {
            warn("This processor or JVM has no fused multiply-add; generation will be hundreds of times slower. "
                    + "Use a processor with FMA (x86-64-v3, ARMv8) and leave -XX:+UseFMA on.");
        }
        if (ModuleLayer.boot().findModule(MODULE).isEmpty()) {
            warn("The JVM runs without its vector module, so scalar kernels are used, several times slower. "
                    + "Add --add-modules " + MODULE + " to the java command (for Flink: env.java.opts.all).");
            return new ScalarKernels();
        }
        // Only this line links the class that needs the module.
        if (!VectorKernels.supported()) {
            warn("The vector module offers less than 128 bits on this machine, so scalar kernels are used.");
            return new ScalarKernels();
        }
        return new VectorKernels();
    }

    /**
     * Logs a warning, or prints it where nothing is bound to SLF4J: a small program has no logging, and would just be slow. What a
     * log is configured to leave out stays left out.
     */
    private static void warn(String message) {
        Logger log = LoggerFactory.getLogger(Kernels.class);
        if (LoggerFactory.getILoggerFactory() instanceof NOPLoggerFactory) {
            System.err.println("flink-gpt2: WARNING: " + message);
        } else {
            log.warn(message);
        }
    }

    private static boolean fusedMultiplyAdd() {
        var diagnostics = ManagementFactory.getPlatformMXBean(com.sun.management.HotSpotDiagnosticMXBean.class);
        try {
            return diagnostics == null
                    || Boolean.parseBoolean(diagnostics.getVMOption("UseFMA").getValue());
        } catch (IllegalArgumentException e) {
            return true; // a JVM without that option: nothing is known, so nothing is said
        }
    }
}
