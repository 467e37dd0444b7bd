package io.flinkgpt2.local.web;

import org.apache.flink.shaded.netty4.io.netty.channel.ChannelHandlerAdapter;
import org.apache.flink.shaded.netty4.io.netty.channel.ChannelHandlerContext;
import org.apache.flink.shaded.netty4.io.netty.channel.ChannelPipeline;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpServerCodec;

/** Puts a {@link WebGate} in its place: Flink adds handlers only behind the one that writes uploaded files to the disk. */
final class WebGatePlacer extends ChannelHandlerAdapter {

    private final WebAccess access;

    WebGatePlacer(WebAccess access) {
        this.access = access;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        ChannelPipeline pipeline = context.pipeline();
        ChannelHandlerContext codec = pipeline.context(HttpServerCodec.class);
        if (codec == null) {
            // Rather no web port than one that is open to all.
            context.close();
            throw new IllegalStateException(
                    "No HttpServerCodec in the pipeline of the web port, so its requests cannot be judged; the connection is"
                            + " closed");
        }
        pipeline.addAfter(codec.name(), null, new WebGate(access));
        pipeline.remove(this);
    }
}
