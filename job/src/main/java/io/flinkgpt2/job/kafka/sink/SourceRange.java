package io.flinkgpt2.job.kafka.sink;

/**
 * Offsets of one source partition whose records a transaction answers.
 *
 * @param first the lowest offset
 * @param last the highest offset
 * @param count number of records; less than the range holds where answers of other transactions lie between
 */
record SourceRange(String topic, int partition, long first, long last, long count) {

    SourceRange with(long offset) {
        return new SourceRange(topic, partition, Math.min(first, offset), Math.max(last, offset), count + 1);
    }

    @Override
    public String toString() {
        return topic + "-" + partition + " offsets " + first + ".." + last + " (" + count
                + (count == 1 ? " record)" : " records)");
    }
}
