package io.flinkgpt2.deploy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A model hub on this machine with one model, {@value #MODEL}, in its branch {@code main}. */
final class LocalHub implements AutoCloseable {

    static final String MODEL = "someone/tales";
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private final HttpServer server;
    private final Map<String, byte[]> answers = new TreeMap<>();

    /** Serves files of a directory. */
    LocalHub(Path directory, List<String> files) throws IOException {
        ArrayNode tree = MAPPER.createArrayNode();
        for (String file : files) {
            byte[] content = Files.readAllBytes(directory.resolve(file));
            answers.put("/" + MODEL + "/resolve/main/" + file, content);
            tree.addObject()
                    .put("type", "file")
                    .put("path", file)
                    .putObject("lfs")
                    .put("size", content.length)
                    .put("oid", sha256(content));
        }
        answers.put("/api/models/" + MODEL + "/tree/main", MAPPER.writeValueAsBytes(tree));
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::answer);
        server.start();
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            byte[] content = answers.get(exchange.getRequestURI().getPath());
            if (content == null) {
                exchange.sendResponseHeaders(404, -1);
                return;
            }
            exchange.sendResponseHeaders(200, content.length);
            try (OutputStream body = exchange.getResponseBody()) {
                body.write(content);
            }
        }
    }

    private static String sha256(byte[] content) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /** The launcher with arguments, for which this is the hub. */
    Command launcher(Path cache, String... arguments) {
        return Command.launcher(arguments)
                .environment(
                        "FLINK_GPT2_HUB",
                        "http://127.0.0.1:" + server.getAddress().getPort())
                .environment("FLINK_GPT2_HOME", cache.toString());
    }

    /** The names of the files that a cache has of the model. */
    static List<String> cached(Path cache) throws IOException {
        List<String> names = new ArrayList<>();
        try (var files = Files.list(cache.resolve("models").resolve(MODEL + "@main"))) {
            files.forEach(file -> names.add(file.getFileName().toString()));
        }
        return names;
    }

    /** From here on nobody answers. */
    void stop() {
        server.stop(0);
    }

    @Override
    public void close() {
        stop();
    }
}
