package io.flinkgpt2.job.files;

import io.flinkgpt2.job.record.InvalidRequestException;
import io.flinkgpt2.job.record.JsonBytes;
import io.flinkgpt2.job.record.RecordError;

/** Records in place of what cannot be made a request. */
public final class Refusals {
    private static final byte[] NOTHING = {};

    private Refusals() {}

    /** Returns a record with the reason why it makes no request. */
    public static FileRecord of(long offset, long line, byte[] original, RecordError refusal) {
        return new FileRecord(offset, line, original, original.length, null, null, null, refusal);
    }

    /** Returns a refusal with one of the codes of {@link InvalidRequestException}. */
    public static RecordError error(String code, String message) {
        return new RecordError(message, InvalidRequestException.TYPE, null, code);
    }

    /** Returns the record of a line or row that is too long; {@code head} is kept of it. */
    public static FileRecord tooLong(long offset, long line, byte[] head, long length, String sha256) {
        RecordError refusal = error(
                InvalidRequestException.TOO_LARGE,
                "the record: found " + length + " bytes, expected at most " + FileRecord.LONGEST
                        + "; check that each prompt is a line or row of its own");
        return new FileRecord(offset, line, head, length, sha256, null, null, refusal);
    }

    /** Returns the last record of a file that cannot be read further. */
    public static FileRecord damaged(long offset, long line, DamagedFileException cause) {
        return of(
                offset,
                line,
                NOTHING,
                error(
                        InvalidRequestException.INVALID_VALUE,
                        "the file: " + cause.getMessage() + "; nothing after this place was read"));
    }

    /** Returns why a file that begins with these bytes is not read, or null if it is. */
    static RecordError ofEncoding(byte[] head) {
        String encoding = JsonBytes.otherEncoding(head);
        return encoding == null
                ? null
                : error(
                        InvalidRequestException.INVALID_UTF8,
                        "the file is not UTF-8: found " + encoding
                                + ", expected UTF-8; convert it (iconv -f " + encoding
                                + " -t UTF-8). None of it was read");
    }
}
