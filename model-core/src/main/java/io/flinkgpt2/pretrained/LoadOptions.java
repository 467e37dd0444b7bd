package io.flinkgpt2.pretrained;

import io.flinkgpt2.tensor.Activation;
import io.flinkgpt2.tensor.Kernels;
import io.flinkgpt2.tensor.Precision;
import java.util.Objects;
import java.util.Optional;

/**
 * Choices made when a model is loaded, beyond its files.
 *
 * @param kernels the kernels that run the model's operations
 * @param precision how the weight matrices are kept in memory, whatever type they have in the file
 * @param activation replaces the config's {@code activation_function}; empty: as the model says
 */
public record LoadOptions(Kernels kernels, Precision precision, Optional<Activation> activation) {

    public LoadOptions {
        Objects.requireNonNull(kernels, "kernels");
        Objects.requireNonNull(precision, "precision");
        Objects.requireNonNull(activation, "activation");
    }

    /** Returns the best kernels of this machine, float32, the model's own activation. */
    public static LoadOptions defaults() {
        return new LoadOptions(Kernels.best(), Precision.F32, Optional.empty());
    }

    public LoadOptions withKernels(Kernels other) {
        return new LoadOptions(other, precision, activation);
    }

    public LoadOptions withPrecision(Precision other) {
        return new LoadOptions(kernels, other, activation);
    }

    public LoadOptions withActivation(Activation other) {
        return new LoadOptions(kernels, precision, Optional.of(other));
    }
}
