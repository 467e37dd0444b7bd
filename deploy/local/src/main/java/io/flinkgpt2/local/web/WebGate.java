package io.flinkgpt2.local.web;

import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.apache.flink.shaded.netty4.io.netty.buffer.Unpooled;
import org.apache.flink.shaded.netty4.io.netty.channel.ChannelDuplexHandler;
import org.apache.flink.shaded.netty4.io.netty.channel.ChannelFutureListener;
import org.apache.flink.shaded.netty4.io.netty.channel.ChannelHandlerContext;
import org.apache.flink.shaded.netty4.io.netty.channel.ChannelPromise;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.DefaultFullHttpResponse;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpHeaderNames;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpHeaderValues;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpHeaders;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpRequest;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpResponse;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpResponseStatus;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpVersion;
import org.apache.flink.shaded.netty4.io.netty.util.ReferenceCountUtil;

/**
 * The first to see what one connection of a web port asks for. A request that the {@link WebRules} refuse is answered with the
 * reason, and its connection closed; nothing of it, its body neither, gets any further.
 */
final class WebGate extends ChannelDuplexHandler {

    private final WebAccess access;
    private boolean refused;

    WebGate(WebAccess access) {
        this.access = access;
    }

    private WebRules rules(ChannelHandlerContext context) {
        return new WebRules(access, ((InetSocketAddress) context.channel().localAddress()).getPort());
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        if (!refused && message instanceof HttpRequest request) {
            Optional<WebRules.Refusal> refusal = rules(context).refusal(request);
            if (refusal.isPresent()) {
                refused = true;
                refuse(context, refusal.get());
            }
        }
        if (refused) {
            ReferenceCountUtil.release(message);
        } else {
            context.fireChannelRead(message);
        }
    }

    private static void refuse(ChannelHandlerContext context, WebRules.Refusal refusal) {
        byte[] body = ("{\"errors\":[\"" + refusal.message() + "\"]}\n").getBytes(StandardCharsets.US_ASCII);
        DefaultFullHttpResponse response =
                new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, refusal.status(), Unpooled.wrappedBuffer(body));
        HttpHeaders headers = response.headers();
        headers.set(HttpHeaderNames.CONTENT_TYPE, "application/json; charset=UTF-8");
        headers.setInt(HttpHeaderNames.CONTENT_LENGTH, body.length);
        headers.set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
        if (refusal.status().equals(HttpResponseStatus.METHOD_NOT_ALLOWED)) {
            headers.set(HttpHeaderNames.ALLOW, "GET, HEAD, OPTIONS");
        }
        context.writeAndFlush(response).addListener(ChannelFutureListener.CLOSE);
    }

    /** Flink allows the pages of all servers to read its answers; here only the web UI's own may. */
    @Override
    public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
        if (message instanceof HttpResponse response) {
            response.headers()
                    .set(
                            HttpHeaderNames.ACCESS_CONTROL_ALLOW_ORIGIN,
                            rules(context).origin());
        }
        context.write(message, promise);
    }
}
