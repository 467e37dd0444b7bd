package io.flinkgpt2.cli.common;

import io.flinkgpt2.json.NearestName;
import io.flinkgpt2.model.ActivationNames;
import io.flinkgpt2.pretrained.LoadOptions;
import io.flinkgpt2.tensor.Precision;
import java.util.ArrayList;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** How a command loads its model. */
public final class LoadArguments {

    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Option(
            names = "--precision",
            paramLabel = "P",
            defaultValue = "f32",
            description = "How the weight matrices are kept in memory: f32, bf16 or int8 (default: f32).")
    private Precision precision;

    @Option(
            names = "--activation",
            paramLabel = "NAME",
            completionCandidates = Activations.class,
            description = "One of ${COMPLETION-CANDIDATES} in place of the model's activation function (default: the"
                    + " model's own).")
    private String activation;

    static final class Activations extends ArrayList<String> {
        private static final long serialVersionUID = 1L;

        Activations() {
            super(ActivationNames.all());
        }
    }

    /** @throws ParameterException if there is no such activation function */
    public LoadOptions options() {
        LoadOptions options = LoadOptions.defaults().withPrecision(precision);
        if (activation == null) {
            return options;
        }
        return options.withActivation(ActivationNames.find(activation)
                .orElseThrow(() -> new ParameterException(
                        spec.commandLine(),
                        "--activation: found '" + activation + "', expected one of " + ActivationNames.all()
                                + NearestName.hint(activation, ActivationNames.all()))));
    }
}
