package io.flinkgpt2.job.local;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;

/** What is true of every TCP port here. */
final class Ports {

    /** The only host that anything here listens on. */
    static final String HOST = "localhost";

    private static final int MAX_PORT = 65_535;

    private Ports() {}

    /**
     * Refuses a number that is no port.
     *
     * @param what names the port at the beginning of the message
     * @throws IllegalArgumentException when the port is outside 0..65535
     */
    static void check(int port, String what) {
        if (port < 0 || port > MAX_PORT) {
            throw new IllegalArgumentException(
                    what + " is " + port + ", expected 1.." + MAX_PORT + ", or 0 for any that is free");
        }
    }

    /**
     * Refuses a port that somebody listens on.
     *
     * @param port the port on {@code localhost}; 0 is always free
     * @param what names the port at the beginning of the message
     * @throws IOException when the port is taken or may not be used; the message says what to do
     */
    static void requireFree(int port, String what) throws IOException {
        try (ServerSocket socket = new ServerSocket()) {
            socket.bind(new InetSocketAddress(InetAddress.getByName(HOST), port));
        } catch (IOException e) {
            throw unusable(port, what, e);
        }
    }

    /** The error for a port that cannot be listened on. */
    static IOException unusable(int port, String what, IOException cause) {
        return new IOException(
                what + " " + port + " on " + HOST + " cannot be listened on: " + cause.getMessage()
                        + ". Stop the process that holds the port, or choose another (0 takes any that is free).",
                cause);
    }
}
