package io.flinkgpt2.local.server;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;

/** Rules and checks of TCP ports. */
public final class Ports {

    /** The only host that anything here listens on. */
    public static final String HOST = "localhost";

    private static final int MAX_PORT = 65_535;

    private Ports() {}

    /**
     * Refuses a number that is not a port.
     *
     * @param what names the port at the beginning of the message
     * @throws IllegalArgumentException when the port is outside 0..65535
     */
    public static void check(int port, String what) {
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
    public static void requireFree(int port, String what) throws IOException {
        try (ServerSocket socket = new ServerSocket()) {
            bind(socket, port, what);
        }
    }

    /**
     * Makes sure that ports are free, and chooses one where 0 is given, for servers that are told theirs before they start; all
     * are held until the last is found, so that they differ.
     *
     * @throws IOException if a port is taken; the message names it
     */
    public static List<Integer> choose(int... wanted) throws IOException {
        List<ServerSocket> held = new ArrayList<>();
        try {
            // Named ones first, for one that is chosen might be just that.
            Integer[] ports = new Integer[wanted.length];
            for (boolean named : new boolean[] {true, false}) {
                for (int i = 0; i < wanted.length; i++) {
                    if (wanted[i] != 0 == named) {
                        ServerSocket socket = new ServerSocket();
                        held.add(socket);
                        bind(socket, wanted[i], "Port");
                        ports[i] = socket.getLocalPort();
                    }
                }
            }
            return List.of(ports);
        } finally {
            for (ServerSocket socket : held) {
                socket.close();
            }
        }
    }

    private static void bind(ServerSocket socket, int port, String what) throws IOException {
        try {
            socket.bind(new InetSocketAddress(InetAddress.getByName(HOST), port));
        } catch (IOException e) {
            throw unusable(port, what, e);
        }
    }

    /** Returns the error for a port that cannot be listened on. */
    public static IOException unusable(int port, String what, IOException cause) {
        return new IOException(
                what + " " + port + " on " + HOST + " cannot be listened on: " + cause.getMessage()
                        + ". Stop the process that holds the port, or choose another (0 takes any that is free).",
                cause);
    }
}
