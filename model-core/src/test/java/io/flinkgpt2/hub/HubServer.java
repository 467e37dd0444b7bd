package io.flinkgpt2.hub;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/** A model hub on this machine: the tree API and the files of its models, by the letter or with the faults it is told to have. */
final class HubServer implements AutoCloseable {

    static final String REPOSITORY = "someone/tiny";
    private static final ObjectMapper JSON = new ObjectMapper();

    /** What came in. */
    record Request(String path, String host, String authorization, String range) {}

    /** Answers in place of the hub. */
    @FunctionalInterface
    interface Fault {
        /** @param content what the hub would send, or null */
        void answer(HttpExchange exchange, byte[] content) throws IOException;
    }

    static {
        // Else each answer waits some 40 ms for the acknowledgement of its headers. Read when the first server starts.
        System.setProperty("sun.net.httpserver.nodelay", "true");
    }

    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final Map<String, Map<String, byte[]>> models = new ConcurrentHashMap<>();
    private final Map<String, String> commits = new ConcurrentHashMap<>();
    private final Map<String, Deque<Fault>> faults = new ConcurrentHashMap<>();
    private final List<Request> requests = new CopyOnWriteArrayList<>();
    private UnaryOperator<ArrayNode> listing = entries -> entries;

    HubServer() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::handle);
        server.setExecutor(threads);
        server.start();
    }

    String address() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    /** The same server by another name of this machine. */
    String otherAddress() {
        return "http://localhost:" + server.getAddress().getPort();
    }

    /** A golden model of the tests' resources, as {@value #REPOSITORY}; returns its files. */
    Map<String, byte[]> serveGolden(String folder) throws IOException {
        Map<String, byte[]> files = new TreeMap<>();
        for (String name : List.of(
                "config.json",
                "model.safetensors",
                "model.safetensors.index.json",
                "model-00001-of-00002.safetensors",
                "model-00002-of-00002.safetensors")) {
            Path file = golden(folder + "/" + name);
            if (file != null) {
                files.put(name, Files.readAllBytes(file));
            }
        }
        serve(REPOSITORY, "main", files);
        return files;
    }

    static Path golden(String name) {
        try {
            var resource = HubServer.class.getResource("/golden/" + name);
            return resource == null ? null : Path.of(resource.toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    void serve(String repository, String revision, Map<String, byte[]> files) {
        models.put(repository + "@" + revision, new TreeMap<>(files));
    }

    /** Serves the model, and what a revision of it stands for: names the commit in answers, and serves it as a revision. */
    void serveCommit(String repository, String revision, String commit, Map<String, byte[]> files) {
        serve(repository, revision, files);
        serve(repository, commit, files);
        commits.put(repository + "@" + revision, commit);
        commits.put(repository + "@" + commit, commit);
    }

    /** Small files with these names, each holding its name, as {@value #REPOSITORY}. */
    void serveNames(String... names) {
        Map<String, byte[]> files = new TreeMap<>();
        for (String name : names) {
            files.put(name, name.getBytes(StandardCharsets.UTF_8));
        }
        serve(REPOSITORY, "main", files);
    }

    /** Changes what the hub lists. */
    void list(UnaryOperator<ArrayNode> change) {
        listing = change;
    }

    /** Changes the entry of one file in what the hub lists. */
    void listFile(String file, Consumer<ObjectNode> change) {
        list(entries -> {
            entries.forEach(entry -> {
                if (entry.path("path").asText().equals(file)) {
                    change.accept((ObjectNode) entry);
                }
            });
            return entries;
        });
    }

    /** The next requests for a path that ends so are answered by these. */
    void next(String pathEnd, Fault... answers) {
        faults.computeIfAbsent(pathEnd, end -> new ConcurrentLinkedDeque<>()).addAll(List.of(answers));
    }

    /** All requests for a path that ends so are answered by this. */
    void always(String pathEnd, Fault answer) {
        faults.put(pathEnd, new ArrayDeque<>() {
            private static final long serialVersionUID = 1L;

            @Override
            public Fault poll() {
                return answer;
            }
        });
    }

    List<Request> requests() {
        return requests;
    }

    List<Request> requests(String pathEnd) {
        return requests.stream()
                .filter(request -> request.path().endsWith(pathEnd))
                .toList();
    }

    private void handle(HttpExchange exchange) throws IOException {
        URI uri = exchange.getRequestURI();
        requests.add(new Request(
                uri.getPath(),
                exchange.getRequestHeaders().getFirst("Host"),
                exchange.getRequestHeaders().getFirst("Authorization"),
                exchange.getRequestHeaders().getFirst("Range")));
        byte[] content = content(uri);
        commits.forEach((name, commit) -> {
            String[] parts = name.split("@", 2);
            if (uri.getPath().startsWith("/" + parts[0] + "/resolve/" + parts[1] + "/")) {
                exchange.getResponseHeaders().set("X-Repo-Commit", commit);
            }
        });
        for (Map.Entry<String, Deque<Fault>> fault : faults.entrySet()) {
            Fault answer =
                    uri.getPath().endsWith(fault.getKey()) ? fault.getValue().poll() : null;
            if (answer != null) {
                try (exchange) {
                    answer.answer(exchange, content);
                }
                return;
            }
        }
        try (exchange) {
            if (content == null) {
                exchange.sendResponseHeaders(404, -1);
            } else {
                send(exchange, content);
            }
        }
    }

    /** The content for an address, or null. */
    private byte[] content(URI uri) throws IOException {
        for (Map.Entry<String, Map<String, byte[]>> model : models.entrySet()) {
            String[] name = model.getKey().split("@", 2);
            String encoded = name[1].replace("/", "%2F");
            String commit = commits.get(model.getKey());
            if (commit != null && uri.getRawPath().equals("/api/models/" + name[0] + "/revision/" + encoded)) {
                return JSON.writeValueAsBytes(
                        JSON.createObjectNode().put("id", name[0]).put("sha", commit));
            }
            if (uri.getRawPath().equals("/api/models/" + name[0] + "/tree/" + encoded)) {
                return JSON.writeValueAsBytes(listing.apply(list(model.getValue())));
            }
            for (String prefix : List.of("/" + name[0] + "/resolve/" + encoded + "/", "/cdn/" + name[0] + "/")) {
                if (uri.getRawPath().startsWith(prefix)) {
                    return model.getValue().get(uri.getRawPath().substring(prefix.length()));
                }
            }
        }
        return null;
    }

    private static ArrayNode list(Map<String, byte[]> files) {
        ArrayNode entries = JSON.createArrayNode();
        entries.addObject()
                .put("type", "directory")
                .put("oid", "0".repeat(40))
                .put("size", 0)
                .put("path", "onnx");
        files.forEach((name, content) -> {
            ObjectNode entry = entries.addObject()
                    .put("type", "file")
                    .put("oid", gitBlob(content))
                    .put("size", content.length)
                    .put("path", name);
            if (name.matches(".*\\.(safetensors|bin|gguf)")) {
                byte[] pointer = ("pointer to " + name).getBytes(StandardCharsets.UTF_8);
                entry.put("oid", gitBlob(pointer))
                        .putObject("lfs")
                        .put("oid", hash("SHA-256", content))
                        .put("size", content.length)
                        .put("pointerSize", pointer.length);
            }
        });
        return entries;
    }

    static String gitBlob(byte[] content) {
        byte[] header = ("blob " + content.length + "\0").getBytes(StandardCharsets.US_ASCII);
        byte[] all = new byte[header.length + content.length];
        System.arraycopy(header, 0, all, 0, header.length);
        System.arraycopy(content, 0, all, header.length, content.length);
        return hash("SHA-1", all);
    }

    private static String hash(String algorithm, byte[] content) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance(algorithm).digest(content));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Sends content, or the rest of it where a range is asked for. */
    static void send(HttpExchange exchange, byte[] content) throws IOException {
        int from = from(exchange);
        if (from >= content.length && from > 0) {
            exchange.getResponseHeaders().set("Content-Range", "bytes */" + content.length);
            exchange.sendResponseHeaders(416, -1);
            return;
        }
        if (from > 0) {
            exchange.getResponseHeaders()
                    .set("Content-Range", "bytes " + from + "-" + (content.length - 1) + "/" + content.length);
        }
        exchange.sendResponseHeaders(from > 0 ? 206 : 200, content.length == 0 ? -1 : content.length - from);
        exchange.getResponseBody().write(content, from, content.length - from);
    }

    private static int from(HttpExchange exchange) {
        String range = exchange.getRequestHeaders().getFirst("Range");
        return range == null ? 0 : Integer.parseInt(range.replaceAll("^bytes=(\\d+)-$", "$1"));
    }

    /** Sends some bytes of what it announces, and closes the connection. */
    static Fault breakAfter(int bytes) {
        return (exchange, content) -> sendStart(exchange, content, bytes);
    }

    /** Sends some bytes of what it announces. */
    static void sendStart(HttpExchange exchange, byte[] content, int bytes) throws IOException {
        int from = from(exchange);
        if (from > 0) {
            exchange.getResponseHeaders()
                    .set("Content-Range", "bytes " + from + "-" + (content.length - 1) + "/" + content.length);
        }
        exchange.sendResponseHeaders(from > 0 ? 206 : 200, content.length - from);
        exchange.getResponseBody().write(content, from, bytes);
        exchange.getResponseBody().flush();
    }

    /** Knows nothing of ranges. */
    static void sendAll(HttpExchange exchange, byte[] content) throws IOException {
        exchange.sendResponseHeaders(200, content.length);
        exchange.getResponseBody().write(content);
    }

    /** An answer without a body; headers are name, value, name, value. */
    static Fault status(int status, String... headers) {
        return (exchange, content) -> {
            for (int i = 0; i < headers.length; i += 2) {
                exchange.getResponseHeaders().add(headers[i], headers[i + 1]);
            }
            exchange.sendResponseHeaders(status, -1);
        };
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }

    /** The regular files below a directory but for the lock, by their names. */
    static Map<String, byte[]> files(Path directory) {
        Map<String, byte[]> files = new TreeMap<>();
        if (Files.notExists(directory)) {
            return files;
        }
        try (var paths = Files.list(directory)) {
            for (Path path : paths.toList()) {
                if (!path.endsWith(".lock")) {
                    files.put(path.getFileName().toString(), Files.readAllBytes(path));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return files;
    }
}
