package io.flinkgpt2.weights;

import java.io.Closeable;
import java.io.IOException;
import java.util.Map;

/**
 * Named tensors in one file or several, of which only the description is held in memory; the values are streamed.
 *
 * <p>Implementations are safe for use by several threads at once. They read through a {@link java.nio.channels.FileChannel},
 * so a thread that is interrupted while it reads closes the file for all.
 */
public interface WeightsFile extends Closeable {

    /** Returns the tensors by name; unmodifiable; iterates in the order in which their data lie in the file or files. */
    Map<String, TensorInfo> tensors();

    /**
     * Streams the values of a tensor to {@code sink}, converted to float32, in pieces of a few MB.
     *
     * @throws InvalidModelException if there is no such tensor, if its type is not {@link DType#isReadable() readable}, or
     *     if the file has become shorter since it was opened
     * @throws IOException if reading fails; the message names file and tensor
     */
    void read(String tensorName, TensorSink sink) throws IOException;

    /** Short name for messages, such as {@code model.safetensors}. */
    String describe();
}
