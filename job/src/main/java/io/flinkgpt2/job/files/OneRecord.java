package io.flinkgpt2.job.files;

/** A file, or a range of one, with one record or none. */
final class OneRecord implements RecordReader {
    private FileRecord record;
    private final long position;

    /** @param position of the end */
    OneRecord(FileRecord record, long position) {
        this.record = record;
        this.position = position;
    }

    static OneRecord none(long position) {
        return new OneRecord(null, position);
    }

    @Override
    public FileRecord next() {
        FileRecord next = record;
        record = null;
        return next;
    }

    @Override
    public long position() {
        return position;
    }

    @Override
    public void close() {}
}
