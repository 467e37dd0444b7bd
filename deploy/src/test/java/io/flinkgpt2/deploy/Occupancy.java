package io.flinkgpt2.deploy;

import java.io.IOException;
import java.util.Map;
import java.util.Optional;

/** How full the batch of the only slot is while input waits, between the first look after a tenth of it and the last. */
final class Occupancy implements JobRuns.Watch {

    private static final String STEPS = "steps";
    private static final String SEQUENCE_STEPS = "sequenceSteps";
    private static final String REQUESTS = "requests";
    private static final int LEFT_OUT_PART = 10;

    private final int requests;
    private final int batchSize;
    private Optional<Map<String, Double>> first = Optional.empty();
    private Optional<Map<String, Double>> last = Optional.empty();

    Occupancy(int requests, int batchSize) {
        this.requests = requests;
        this.batchSize = batchSize;
    }

    @Override
    public void look(JobMetrics metrics) throws IOException, InterruptedException {
        Optional<Map<String, Double>> seen = metrics.ofSubtask(0, STEPS, SEQUENCE_STEPS, REQUESTS);
        if (seen.isEmpty()) {
            return;
        }
        double taken = seen.get().get(REQUESTS);
        if (taken >= (double) requests / LEFT_OUT_PART && taken < requests) {
            first = first.or(() -> seen);
            last = seen;
        }
    }

    /** Steps between the two looks. */
    double steps() {
        double steps = difference(STEPS);
        if (steps <= 0) {
            throw new IllegalStateException("no two looks at the metrics while input waited; give more rounds");
        }
        return steps;
    }

    /** Sequences in a step, on average, over the places. */
    double mean() {
        return difference(SEQUENCE_STEPS) / steps() / batchSize;
    }

    private double difference(String metric) {
        return last.isEmpty() ? 0 : last.get().get(metric) - first.orElseThrow().get(metric);
    }
}
