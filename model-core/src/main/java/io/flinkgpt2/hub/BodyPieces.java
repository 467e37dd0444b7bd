package io.flinkgpt2.hub;

import java.io.IOException;
import java.net.ProtocolException;
import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow.Subscription;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * The body of an answer, piece by piece, with a limit on the wait for each: the timeout of the JDK's requests covers either
 * the headers alone or the whole body, depending on its version. One piece is asked for at a time, so the sender is held back
 * when the receiver is slow.
 */
final class BodyPieces implements BodySubscriber<BodyPieces>, AutoCloseable {

    private sealed interface Event permits Piece, End, Failure {}

    private record Piece(List<ByteBuffer> buffers) implements Event {}

    private record End() implements Event {}

    private record Failure(Throwable cause) implements Event {}

    private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();
    private Subscription subscription;
    private boolean closed;

    @Override
    public CompletionStage<BodyPieces> getBody() {
        return CompletableFuture.completedFuture(this);
    }

    @Override
    public synchronized void onSubscribe(Subscription newSubscription) {
        if (closed || subscription != null) {
            newSubscription.cancel();
            return;
        }
        subscription = newSubscription;
        subscription.request(1);
    }

    @Override
    public void onNext(List<ByteBuffer> buffers) {
        events.add(new Piece(buffers));
    }

    @Override
    public void onError(Throwable cause) {
        events.add(new Failure(cause));
    }

    @Override
    public void onComplete() {
        events.add(new End());
    }

    /**
     * Returns the next bytes, or null at the end of the body.
     *
     * @throws TransientException if none come in time, or the connection breaks
     * @throws ProtocolException if what comes is not HTTP
     */
    List<ByteBuffer> next(Duration patience) throws IOException, InterruptedException {
        Event event = events.poll(patience.toMillis(), TimeUnit.MILLISECONDS);
        if (event == null) {
            throw new TransientException("no data for " + patience.toMillis() + " ms", (Throwable) null);
        }
        if (event instanceof Failure failure && failure.cause() instanceof ProtocolException cause) {
            throw cause;
        }
        if (event instanceof Failure failure) {
            throw new TransientException("a broken connection (" + failure.cause() + ")", failure.cause());
        }
        if (event instanceof Piece piece) {
            synchronized (this) {
                subscription.request(1);
            }
            return piece.buffers();
        }
        return null;
    }

    /** Gives up what is left of the body, and its connection. */
    @Override
    public synchronized void close() {
        closed = true;
        if (subscription != null) {
            subscription.cancel();
        }
    }
}
