package io.flinkgpt2.hub;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.ProtocolException;
import java.net.URI;
import java.net.http.HttpHeaders;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;

/**
 * An answer that is not a redirect; to be closed.
 *
 * @param uri who answered, after all redirects
 * @param stall the longest wait for a piece of the body
 */
record HubAnswer(String subject, URI uri, int status, HttpHeaders headers, BodyPieces body, Duration stall)
        implements AutoCloseable {

    static final int OK = 200;
    static final int PARTIAL_CONTENT = 206;
    static final int UNAUTHORIZED = 401;
    static final int FORBIDDEN = 403;
    static final int NOT_FOUND = 404;
    static final int RANGE_NOT_SATISFIABLE = 416;

    /** Returns the next piece of the body, or null at its end. */
    List<ByteBuffer> next() throws IOException {
        try {
            return body.next(stall);
        } catch (ProtocolException e) {
            throw HubClient.notHttp(subject, uri, e);
        } catch (InterruptedException e) {
            throw Retries.interrupted(subject, e);
        }
    }

    /** Returns the whole body, or null if it is longer than the limit. */
    byte[] bytes(int limit) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (List<ByteBuffer> piece = next(); piece != null; piece = next()) {
            for (ByteBuffer buffer : piece) {
                if (buffer.remaining() > limit - bytes.size()) {
                    return null;
                }
                byte[] copy = new byte[buffer.remaining()];
                buffer.get(copy);
                bytes.writeBytes(copy);
            }
        }
        return bytes.toByteArray();
    }

    /** Returns a header, or an empty text. */
    String header(String name) {
        return headers.firstValue(name).orElse("");
    }

    @Override
    public void close() {
        body.close();
    }
}
