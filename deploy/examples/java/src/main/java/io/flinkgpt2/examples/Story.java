package io.flinkgpt2.examples;

import io.flinkgpt2.pretrained.Pretrained;
import java.io.IOException;
import java.nio.file.Path;

/** Completes one prompt with the model in the directory that is named. */
public final class Story {

    private Story() {}

    public static void main(String[] args) throws IOException {
        Pretrained model = Pretrained.open(Path.of(args[0]));
        System.out.println(
                "Once upon a time" + model.complete("Once upon a time").text());
    }
}
