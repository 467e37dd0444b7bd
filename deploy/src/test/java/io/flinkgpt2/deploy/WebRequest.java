package io.flinkgpt2.deploy;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;

/** A request without a body, with any header, which HTTP clients do not allow. */
record WebRequest(String method, String path) {

    /**
     * Sends it to a port of this machine and returns the status of the answer.
     *
     * @param host what the header {@code Host} says
     * @param headers more of them, as lines
     */
    int status(int port, String host, String... headers) throws IOException {
        try (Socket socket = new Socket(InetAddress.getByName("localhost"), port)) {
            socket.setSoTimeout((int) Running.PATIENCE.toMillis());
            StringBuilder request = new StringBuilder(method + " " + path + " HTTP/1.1\r\nHost: " + host + "\r\n");
            for (String header : headers) {
                request.append(header).append("\r\n");
            }
            request.append("Content-Length: 0\r\nConnection: close\r\n\r\n");
            socket.getOutputStream().write(request.toString().getBytes(US_ASCII));
            String answer = new String(socket.getInputStream().readAllBytes(), US_ASCII);
            return Integer.parseInt(answer.split(" ", 3)[1]);
        }
    }
}
