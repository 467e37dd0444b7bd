package io.flinkgpt2.local.web;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;

/** Requests as they are written, with any header, which HTTP clients do not allow. */
record RawHttp(int status, String response) {

    /**
     * Sends a request on a connection of its own and reads until the server closes it.
     *
     * @param headers lines without their ends
     */
    static RawHttp send(int port, String method, String path, String body, String... headers) throws IOException {
        try (Socket socket = new Socket(InetAddress.getByName("localhost"), port)) {
            socket.setSoTimeout(30_000);
            String request = method + " " + path + " HTTP/1.1\r\nConnection: close\r\nContent-Length: " + body.length()
                    + "\r\n"
                    + String.join(
                            "",
                            java.util.Arrays.stream(headers)
                                    .map(line -> line + "\r\n")
                                    .toList())
                    + "\r\n" + body;
            socket.getOutputStream().write(request.getBytes(ISO_8859_1));
            socket.getOutputStream().flush();
            String response = new String(socket.getInputStream().readAllBytes(), ISO_8859_1);
            return new RawHttp(Integer.parseInt(response.split(" ", 3)[1]), response);
        }
    }
}
