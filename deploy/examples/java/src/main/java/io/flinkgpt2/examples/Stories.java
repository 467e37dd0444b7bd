package io.flinkgpt2.examples;

import io.flinkgpt2.generation.Completion;
import io.flinkgpt2.pretrained.Pretrained;
import io.flinkgpt2.sampling.GenerationParameters;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Completes a batch of prompts with the model in the directory that is named, with parameters of its own. */
public final class Stories {

    private Stories() {}

    public static void main(String[] args) throws IOException {
        Pretrained model = Pretrained.open(Path.of(args[0]));
        System.out.println(model);

        List<String> prompts = List.of("Once upon a time", "The king said", "In the forest");
        GenerationParameters parameters = GenerationParameters.builder()
                .setMaxTokens(40)
                .setTemperature(0.8)
                .setSeed(7)
                .build();
        for (Completion completion : model.completeAll(prompts, parameters)) {
            System.out.println(prompts.get(completion.prompt()) + completion.text());
            System.out.println("---- " + completion);
        }
    }
}
