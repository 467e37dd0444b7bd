package io.flinkgpt2.local.web;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.Map;
import java.util.ServiceLoader;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.io.network.netty.InboundChannelHandlerFactory;
import org.apache.flink.shaded.netty4.io.netty.channel.embedded.EmbeddedChannel;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpServerCodec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The jar is looked at through a class loader that has Flink, and of this project nothing else. */
class WebGateJarTest {

    @TempDir
    private Path directory;

    /** Has all classes but this project's. */
    private static final class FlinkOnly extends ClassLoader {
        FlinkOnly() {
            super(WebGateJarTest.class.getClassLoader());
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            if (name.startsWith("io.flinkgpt2.")) {
                throw new ClassNotFoundException(name);
            }
            return super.loadClass(name, resolve);
        }

        @Override
        public java.util.Enumeration<URL> getResources(String name) throws java.io.IOException {
            return name.startsWith("META-INF/services/")
                    ? java.util.Collections.emptyEnumeration()
                    : super.getResources(name);
        }
    }

    @Test
    void theJarHasAllThatTheGateNeedsAndIsInertUnlessItIsSet() throws Exception {
        Path jar = directory.resolve("web-gate.jar");
        WebGateJar.write(jar);
        try (URLClassLoader loader = new URLClassLoader(new URL[] {jar.toUri().toURL()}, new FlinkOnly())) {
            InboundChannelHandlerFactory factory = ServiceLoader.load(InboundChannelHandlerFactory.class, loader)
                    .findFirst()
                    .orElseThrow();
            assertThat(factory.getClass().getClassLoader()).isSameAs(loader);
            assertThat(factory.createHandler(new Configuration(), Map.of())).isEmpty();

            Configuration guarded = Configuration.fromMap(Map.of("flink-gpt2.web-access", "OWN_PAGES"));
            EmbeddedChannel channel = new EmbeddedChannel(
                    new HttpServerCodec(),
                    factory.createHandler(guarded, Map.of()).orElseThrow());
            assertThat(channel.pipeline().last().getClass().getName()).isEqualTo(WebGate.class.getName());
            Class<?> rules = loader.loadClass(WebRules.class.getName());
            assertThat(rules.getDeclaredClasses())
                    .isNotEmpty()
                    .allSatisfy(nested -> assertThat(nested.getClassLoader()).isSameAs(loader));
        }
    }

    @Test
    void aPipelineWithoutHttpIsClosedRatherThanLeftOpen() {
        EmbeddedChannel channel = new EmbeddedChannel();
        channel.pipeline().addLast(new WebGatePlacer(WebAccess.READ_ONLY));

        assertThat(channel.isOpen()).isFalse();
    }
}
