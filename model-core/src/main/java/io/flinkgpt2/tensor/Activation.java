package io.flinkgpt2.tensor;

/** The activation functions between the two matrices of the feed-forward network. */
public enum Activation {
    /** {@code 0.5 x (1 + erf(x / sqrt 2))}: the exact form of Hendrycks and Gimpel, 2016. */
    GELU,
    /** {@code 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))}: what the published GPT-2 models were trained with. */
    GELU_TANH,
    /** {@code max(x, 0)}. */
    RELU
}
