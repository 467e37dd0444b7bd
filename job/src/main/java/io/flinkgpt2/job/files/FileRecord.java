package io.flinkgpt2.job.files;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.flinkgpt2.job.record.RecordError;

/**
 * A record of a file.
 *
 * @param offset where it begins: the byte of the decompressed file, from 0; in Parquet the row, from 0
 * @param line the line on which it begins, from 1, counted from where the reader began; in Parquet the row, from 1
 * @param original its bytes without the end of the line, or their head where it is longer than {@link #LONGEST}; of a row in
 *     Parquet the JSON
 * @param length bytes of the whole original
 * @param sha256 hexadecimal digest of the whole original where {@code original} is only its head, else null; null, too, of several
 *     lines together one of which is too long by itself
 * @param request the request that it makes, as JSON in UTF-8; null if there is a refusal
 * @param columns its columns by their names, in the order of the table: texts, or in Parquet what JSON has for them; of plain text
 *     the prompt; null for a request, which has none
 * @param refusal why it makes no request, or null
 */
public record FileRecord(
        long offset,
        long line,
        byte[] original,
        long length,
        String sha256,
        byte[] request,
        ObjectNode columns,
        RecordError refusal) {

    /** The most bytes of a record; those of a longer one are passed over. */
    public static final int LONGEST = 32 << 20;

    /** Bytes that are kept of a longer one. */
    public static final int HEAD = 1 << 20;
}
