package io.flinkgpt2.local.embedded;

import io.flinkgpt2.local.server.Ports;
import java.io.Closeable;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.kafka.server.ServerSocketFactory;

/**
 * Sockets that listen on the loopback interface before the broker exists, and are handed to it by listener name when it starts.
 *
 * <p>A KRaft node must be told its controller's port in its own configuration. Asking the system for a free port and closing
 * the socket again would leave a gap in which another process may take the port; a socket that stays open leaves none.
 */
final class ListenerSockets implements ServerSocketFactory, Closeable {

    /** Connections that wait to be accepted, at most; Kafka's {@code socket.listen.backlog.size}. */
    private static final int BACKLOG = 50;

    private final Map<String, ServerSocketChannel> waiting = new LinkedHashMap<>();

    /**
     * Starts to listen for a listener.
     *
     * @param port the port, or 0 for any that is free
     * @return the port listened on
     * @throws IOException when the port is taken or may not be used; the message names it and says what to do
     */
    synchronized int listen(String listener, int port) throws IOException {
        ServerSocketChannel channel = ServerSocketChannel.open();
        try {
            channel.configureBlocking(false);
            channel.bind(new InetSocketAddress(InetAddress.getByName(Ports.HOST), port), BACKLOG);
        } catch (IOException e) {
            channel.close();
            throw Ports.unusable(port, "The embedded Kafka broker's port", e);
        }
        waiting.put(listener, channel);
        return channel.socket().getLocalPort();
    }

    @Override
    public synchronized ServerSocketChannel openServerSocket(
            String listener, InetSocketAddress address, int backlog, int receiveBufferSize) throws IOException {
        ServerSocketChannel channel = waiting.remove(listener);
        if (channel == null) {
            throw new IOException("Kafka asked for a socket for listener " + listener + " at " + address
                    + ", expected one of " + waiting.keySet() + ", each once");
        }
        return channel;
    }

    /** Closes the sockets that nobody asked for; the others belong to the broker. */
    @Override
    public synchronized void close() throws IOException {
        for (ServerSocketChannel channel : waiting.values()) {
            channel.close();
        }
        waiting.clear();
    }
}
