package io.flinkgpt2.model;

import io.flinkgpt2.tensor.Activation;
import java.util.List;
import java.util.Optional;

/** The names of the activation functions, those of {@code activation_function} in the transformers library's configs. */
public final class ActivationNames {

    private static final List<String> ALL =
            List.of("gelu", "gelu_python", "gelu_new", "gelu_pytorch_tanh", "gelu_fast", "gelu_accurate", "relu");

    private ActivationNames() {}

    /** Returns all names that are supported. */
    public static List<String> all() {
        return ALL;
    }

    /** Returns the function of a name, if it is supported; upper and lower case differ. */
    public static Optional<Activation> find(String name) {
        return switch (name) {
            case "gelu", "gelu_python" -> Optional.of(Activation.GELU);
            case "gelu_new", "gelu_pytorch_tanh", "gelu_fast", "gelu_accurate" -> Optional.of(Activation.GELU_TANH);
            case "relu" -> Optional.of(Activation.RELU);
            default -> Optional.empty();
        };
    }

    /** Returns the name of a function; of several the one that GPT-2's configs have. */
    public static String nameOf(Activation activation) {
        return switch (activation) {
            case GELU -> "gelu";
            case GELU_TANH -> "gelu_new";
            case RELU -> "relu";
        };
    }
}
