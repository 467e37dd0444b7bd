package io.flinkgpt2.local.web;

import java.util.Map;
import java.util.Optional;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.io.network.netty.InboundChannelHandlerFactory;
import org.apache.flink.shaded.netty4.io.netty.channel.ChannelHandler;

/**
 * The service by which Flink's REST endpoint finds the guard of its port. It guards nothing unless {@link WebAccess#OPTION} is
 * set, so that a cluster that happens to have this class is as it would be without.
 */
public final class WebGateFactory implements InboundChannelHandlerFactory {

    @Override
    public int priority() {
        // The guard takes the first place by itself.
        return 0;
    }

    @Override
    public Optional<ChannelHandler> createHandler(Configuration configuration, Map<String, String> responseHeaders) {
        return configuration.getOptional(WebAccess.OPTION).map(WebGatePlacer::new);
    }
}
