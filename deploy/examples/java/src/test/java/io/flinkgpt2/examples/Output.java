package io.flinkgpt2.examples;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** The output of programs that run in this JVM, from the root of the project. */
final class Output {

    static final Path MODEL = Path.of("deploy/models/fairytales");

    private Output() {}

    /** A program. */
    @FunctionalInterface
    interface Program {
        void run() throws Exception;
    }

    static String of(Program program) throws Exception {
        PrintStream out = System.out;
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (PrintStream captured = new PrintStream(bytes, true, StandardCharsets.UTF_8)) {
            System.setOut(captured);
            program.run();
        } finally {
            System.setOut(out);
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }
}
