package io.flinkgpt2.local.web;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.apache.flink.runtime.io.network.netty.InboundChannelHandlerFactory;

/**
 * A jar with nothing but the guard of the web port, for the class path of a JobManager. The job's jar cannot stand there: Flink
 * loads a job's classes from the jar that was submitted, but those of its connectors from the cluster's class path if it can.
 */
public final class WebGateJar {

    private WebGateJar() {}

    /**
     * Writes the jar, over what is there.
     *
     * @throws IOException if it cannot be written
     */
    public static void write(Path jar) throws IOException {
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(jar))) {
            for (Class<?> type : List.of(
                    WebAccess.class,
                    WebGate.class,
                    WebGateFactory.class,
                    WebGatePlacer.class,
                    WebRules.class,
                    WebRules.Refusal.class)) {
                String entry = type.getName().replace('.', '/') + ".class";
                zip.putNextEntry(new ZipEntry(entry));
                try (InputStream in = WebGateJar.class.getClassLoader().getResourceAsStream(entry)) {
                    in.transferTo(zip);
                }
                zip.closeEntry();
            }
            zip.putNextEntry(new ZipEntry("META-INF/services/" + InboundChannelHandlerFactory.class.getName()));
            zip.write(WebGateFactory.class.getName().getBytes(StandardCharsets.UTF_8));
            zip.closeEntry();
        }
    }
}
