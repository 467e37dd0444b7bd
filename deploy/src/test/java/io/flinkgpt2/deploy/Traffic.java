package io.flinkgpt2.deploy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * Prompts that arrive at a steady rate, and the reader of the answers, on a thread of their own: whatever happens to the
 * cluster they go on. Sending pauses while very many prompts are unanswered.
 */
final class Traffic implements AutoCloseable {

    private static final int MOST_UNANSWERED = 24;
    private static final Duration DELIVERY_PATIENCE = Duration.ofMinutes(10);

    private final KafkaProducer<String, String> producer;
    private final Answers answers;
    private final List<String> requests;
    private final List<Future<RecordMetadata>> records = new ArrayList<>();
    private final long nanosBetween;
    private final Thread thread = new Thread(this::run, "traffic");

    private volatile boolean sending = true;
    private volatile boolean reading = true;
    private volatile int sent;
    private volatile int answered;
    private volatile long lastProgress = System.nanoTime();
    private volatile RuntimeException failure;

    /**
     * Starts at once.
     *
     * @param requests to be sent in this order, as many as there is time for
     * @param perSecond at most so many
     */
    Traffic(String bootstrapServers, List<String> requests, double perSecond) {
        this.requests = requests;
        nanosBetween = (long) (1e9 / perSecond);
        producer = new KafkaProducer<>(
                Map.of(
                        ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
                        bootstrapServers,
                        // A broker that is away is waited for; the producer is idempotent, so that nothing is sent
                        // twice.
                        ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG,
                        (int) DELIVERY_PATIENCE.toMillis(),
                        ProducerConfig.MAX_BLOCK_MS_CONFIG,
                        DELIVERY_PATIENCE.toMillis()),
                new StringSerializer(),
                new StringSerializer());
        answers = new Answers(bootstrapServers);
        thread.setDaemon(true);
        thread.start();
    }

    private void run() {
        try {
            int partitions = producer.partitionsFor("prompts").size();
            long next = System.nanoTime();
            while (reading) {
                answers.poll();
                if (answers.answered() > answered) {
                    answered = answers.answered();
                    lastProgress = System.nanoTime();
                }
                next = sendWhatIsDue(partitions, next);
            }
        } catch (RuntimeException e) {
            failure = e;
        }
    }

    /** Returns when the next one is due. */
    private long sendWhatIsDue(int partitions, long firstDue) {
        long due = firstDue;
        synchronized (records) {
            while (sending
                    && System.nanoTime() - due >= 0
                    && sent < requests.size()
                    && unanswered() < MOST_UNANSWERED) {
                records.add(
                        producer.send(new ProducerRecord<>("prompts", sent % partitions, null, requests.get(sent))));
                sent = records.size();
                // After a pause it does not catch up.
                due = Math.max(due + nanosBetween, System.nanoTime() - nanosBetween);
            }
        }
        return due;
    }

    int answered() {
        return answered;
    }

    int unanswered() {
        return sent - answered;
    }

    /** Measures the time without an answer from now on, as after a fault that no answer was to be expected in. */
    void restartPatience() {
        lastProgress = System.nanoTime();
    }

    private Duration standstill() {
        return Duration.ofNanos(System.nanoTime() - lastProgress);
    }

    /** @throws IllegalStateException if the traffic itself has failed, or nothing is answered for too long */
    void requireProgress(Duration patience) {
        if (failure != null) {
            throw new IllegalStateException("the traffic failed", failure);
        }
        if (unanswered() > 0 && standstill().compareTo(patience) > 0) {
            throw new IllegalStateException(
                    "no answer for " + patience.toSeconds() + " s while " + unanswered() + " prompts are unanswered");
        }
    }

    /** Sends no more, waits until the broker has what was sent, and returns it. */
    List<String> stopSending() throws Exception {
        List<Future<RecordMetadata>> all;
        synchronized (records) {
            sending = false;
            all = List.copyOf(records);
        }
        for (Future<RecordMetadata> record : all) {
            record.get();
        }
        return requests.subList(0, all.size());
    }

    /** Ends the thread, reads the answers to the end of the topics, and returns them. */
    Answers finish() throws InterruptedException {
        reading = false;
        thread.join();
        answers.drain();
        return answers;
    }

    @Override
    public void close() throws InterruptedException {
        reading = false;
        sending = false;
        thread.join(Running.PATIENCE.toMillis());
        producer.close(Duration.ZERO);
        answers.close();
    }
}
