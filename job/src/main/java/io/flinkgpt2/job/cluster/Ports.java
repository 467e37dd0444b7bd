package io.flinkgpt2.job.cluster;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;

/** Ports for servers that are told theirs before they start. */
final class Ports {

    private Ports() {}

    /**
     * Makes sure that ports are free, and chooses one where 0 is given; all are held until the last is found, so that they differ.
     *
     * @throws IOException if a port is taken; the message names it
     */
    static List<Integer> choose(int... wanted) throws IOException {
        List<ServerSocket> held = new ArrayList<>();
        try {
            // Named ones first, for one that is chosen might be just that.
            Integer[] ports = new Integer[wanted.length];
            for (boolean named : new boolean[] {true, false}) {
                for (int i = 0; i < wanted.length; i++) {
                    if (wanted[i] != 0 == named) {
                        ports[i] = hold(wanted[i], held);
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

    private static int hold(int port, List<ServerSocket> held) throws IOException {
        ServerSocket socket = new ServerSocket();
        held.add(socket);
        try {
            socket.bind(new InetSocketAddress(InetAddress.getByName("localhost"), port));
        } catch (IOException e) {
            throw new IOException(
                    "Port " + port + " on localhost cannot be listened on: " + e.getMessage()
                            + ". Stop the process that holds it, or choose another (0 takes any that is free).",
                    e);
        }
        return socket.getLocalPort();
    }
}
