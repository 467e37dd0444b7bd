package io.flinkgpt2.job.record;

import io.flinkgpt2.tensor.Precision;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Locale;
import java.util.Properties;

/** Names what computed an answer: the engine's version and its numeric mode. */
public final class SystemFingerprint {

    private static final String RESOURCE = "version.properties";

    private SystemFingerprint() {}

    /**
     * Such as {@code flink-gpt2-1.0.0-f32}. The kernels and the machine are no part of it: they change no bit.
     *
     * @param precision of the weights: the numeric mode
     */
    public static String of(Precision precision) {
        return "flink-gpt2-" + version() + "-" + precision.name().toLowerCase(Locale.ROOT);
    }

    /** Version of this build. */
    public static String version() {
        try (InputStream in = SystemFingerprint.class.getResourceAsStream(RESOURCE)) {
            if (in == null) {
                throw new IllegalStateException("the jar lacks " + RESOURCE + "; build it again");
            }
            Properties properties = new Properties();
            properties.load(in);
            return properties.getProperty("version");
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + RESOURCE, e);
        }
    }
}
