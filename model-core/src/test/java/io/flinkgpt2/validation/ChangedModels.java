package io.flinkgpt2.validation;

import io.flinkgpt2.model.GoldenModel;
import io.flinkgpt2.weights.SafeTensorsWriter;
import io.flinkgpt2.weights.TensorInfo;
import io.flinkgpt2.weights.WeightsFile;
import io.flinkgpt2.weights.WeightsFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Golden models with one weight changed. */
final class ChangedModels {

    private ChangedModels() {}

    /** A copy of the model in {@code to}, in which the first element of one tensor is more by {@code change}. */
    static Path write(String folder, String tensorName, float change, Path to) throws IOException {
        Path from = GoldenModel.directory(folder);
        Files.copy(from.resolve("config.json"), to.resolve("config.json"));
        try (WeightsFile file = WeightsFiles.open(from)) {
            List<TensorInfo> tensors = List.copyOf(file.tensors().values());
            try (SafeTensorsWriter writer = SafeTensorsWriter.create(to.resolve("model.safetensors"), tensors)) {
                for (TensorInfo tensor : tensors) {
                    float more = tensor.name().equals(tensorName) ? change : 0;
                    file.read(tensor.name(), (values, length, start) -> {
                        values[0] += start == 0 ? more : 0;
                        write(writer, tensor, values, length);
                    });
                }
                writer.finish();
            }
        }
        return to;
    }

    private static void write(SafeTensorsWriter writer, TensorInfo tensor, float[] values, int length) {
        try {
            writer.write(tensor.name(), values, 0, length);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
