package io.flinkgpt2.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.flinkgpt2.tensor.Activation;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class ActivationNamesTest {

    @ParameterizedTest
    @CsvSource({
        "gelu,GELU",
        "gelu_python,GELU",
        "gelu_fast,GELU_TANH",
        "gelu_accurate,GELU_TANH",
        "gelu_new,GELU_TANH",
        "gelu_pytorch_tanh,GELU_TANH",
        "relu,RELU"
    })
    void aNameStandsForItsFunction(String name, Activation function) {
        assertThat(ActivationNames.find(name)).contains(function);
        assertThat(ActivationNames.all()).contains(name);
    }

    @Test
    void thereAreNoOtherNames() {
        assertThat(ActivationNames.all()).hasSize(7);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "GELU", "gelu ", "gelu_10", "quick_gelu", "silu"})
    void anyOtherNameStandsForNone(String name) {
        assertThat(ActivationNames.find(name)).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void everyFunctionHasANameThatStandsForIt(Activation activation) {
        assertThat(ActivationNames.find(ActivationNames.nameOf(activation))).contains(activation);
    }
}
