package io.flinkgpt2.weights;

import static io.flinkgpt2.weights.InvalidModelException.quoted;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Finds where the entries of a zip file lie that holds nothing compressed, as {@code torch.save} writes it, so that they can
 * be read in place.
 *
 * <p>Zip readers differ on archives that contradict themselves. This one reads only those on which all agree: one central
 * directory at the file's end, without a comment; entries that follow each other from byte 0 without overlap, and with
 * nothing between them but a data descriptor; local headers that say what the directory says. Checksums are not looked at:
 * they would have to be computed over tensors that are read in pieces, and {@code torch.save} can be told to leave them out.
 *
 * @see <a href="https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT">APPNOTE.TXT, the format</a>
 */
final class StoredZip {
    /** Most entries; a GPT-2 of 48 layers has about 700. */
    static final int MAX_ENTRIES = 16_384;

    /** Largest central directory that is read, in bytes. */
    static final int MAX_DIRECTORY_BYTES = 4 << 20;

    /** The first bytes of a zip file that has an entry. */
    static final int LOCAL_SIGNATURE = 0x04034b50;

    private static final int END_SIGNATURE = 0x06054b50;
    private static final int END_BYTES = 22;
    private static final int ZIP64_LOCATOR_SIGNATURE = 0x07064b50;
    private static final int ZIP64_LOCATOR_BYTES = 20;
    private static final int ZIP64_END_SIGNATURE = 0x06064b50;
    private static final int ZIP64_END_BYTES = 56;

    /** Signature, CRC-32 and two sizes of 8 bytes. */
    private static final int LONGEST_DESCRIPTOR = 24;

    private static final String SUBJECT = "end of the central directory";
    private static final String ADVICE =
            "the file is damaged, or was zipped anew: download it again, or convert the model to safetensors";

    private final FileChannel channel;
    private final Path file;

    private StoredZip(FileChannel channel, Path file) {
        this.channel = channel;
        this.file = file;
    }

    /**
     * An entry's bytes in the file.
     *
     * @param position of the first byte
     * @param size in bytes
     */
    record Entry(String name, long position, long size) {}

    /** Where the central directory lies and how many entries it has. */
    private record Directory(long position, int size, int entryCount) {}

    /**
     * Returns the entries by name, in the order in which they lie in the file.
     *
     * @throws InvalidModelException if the archive is not as described above, an entry is compressed or encrypted, a name
     *     comes twice or is no plain relative path, or there are too many entries
     */
    static Map<String, Entry> entries(FileChannel channel, Path file) throws IOException {
        return new StoredZip(channel, file).entries();
    }

    private Map<String, Entry> entries() throws IOException {
        Directory directory = directory();
        List<ZipHeader> headers = headers(directory);
        headers.sort(Comparator.comparingLong(ZipHeader::position));
        Map<String, Entry> entries = new LinkedHashMap<>();
        long covered = 0;
        for (ZipHeader header : headers) {
            long gap = header.position() - covered;
            // The first entry has nothing before it, the others the descriptor of the one before.
            if (gap < 0 || gap > (entries.isEmpty() ? 0 : LONGEST_DESCRIPTOR)) {
                throw invalid(
                        "entry " + quoted(header.name()) + ", offset",
                        header.position() + (gap < 0 ? ", within another entry" : ", after bytes of no entry"),
                        "the entry to begin at byte " + covered + ", where the one before ends");
            }
            Entry entry = locate(header, directory.position());
            covered = entry.position() + entry.size();
            entries.put(entry.name(), entry);
        }
        if (directory.position() - covered > LONGEST_DESCRIPTOR) {
            throw invalid(
                    "central directory",
                    (directory.position() - covered) + " bytes of no entry before it",
                    "it after the last entry, at byte " + covered);
        }
        return Collections.unmodifiableMap(entries);
    }

    private Directory directory() throws IOException {
        long fileBytes = ModelFiles.size(channel, file);
        int length = (int) Math.min(fileBytes, END_BYTES + ZIP64_LOCATOR_BYTES + ZIP64_END_BYTES);
        ByteBuffer tail = read(SUBJECT, fileBytes - length, length);
        int end = length - END_BYTES;
        if (end < 0 || tail.getInt(end) != END_SIGNATURE || tail.getShort(end + 20) != 0) {
            throw invalid(SUBJECT, "none in the file's last " + END_BYTES + " bytes", "one, without a comment");
        }
        long[] fields = {
            Short.toUnsignedLong(tail.getShort(end + 4)),
            Short.toUnsignedLong(tail.getShort(end + 6)),
            Short.toUnsignedLong(tail.getShort(end + 8)),
            Short.toUnsignedLong(tail.getShort(end + 10)),
            Integer.toUnsignedLong(tail.getInt(end + 12)),
            Integer.toUnsignedLong(tail.getInt(end + 16))
        };
        long limit = fileBytes - END_BYTES;
        int locator = end - ZIP64_LOCATOR_BYTES;
        if (locator >= 0 && tail.getInt(locator) == ZIP64_LOCATOR_SIGNATURE) {
            limit -= ZIP64_LOCATOR_BYTES + ZIP64_END_BYTES;
            fields = zip64Fields(tail, limit, fields);
        }
        return checked(fields, limit);
    }

    /** Returns the six fields of the zip64 end record, which must lie just before its locator and agree with the short ones. */
    private long[] zip64Fields(ByteBuffer tail, long recordPosition, long[] shortFields) throws InvalidModelException {
        int locator = tail.capacity() - END_BYTES - ZIP64_LOCATOR_BYTES;
        int record = locator - ZIP64_END_BYTES;
        boolean found = record >= 0
                && tail.getInt(locator + 4) == 0
                && tail.getLong(locator + 8) == recordPosition
                && tail.getInt(locator + 16) == 1
                && tail.getInt(record) == ZIP64_END_SIGNATURE
                && tail.getLong(record + 4) == ZIP64_END_BYTES - 12;
        if (!found) {
            throw invalid(SUBJECT, "a zip64 locator without its record", "the record just before it");
        }
        long[] fields = {
            Integer.toUnsignedLong(tail.getInt(record + 16)),
            Integer.toUnsignedLong(tail.getInt(record + 20)),
            tail.getLong(record + 24),
            tail.getLong(record + 32),
            tail.getLong(record + 40),
            tail.getLong(record + 48)
        };
        for (int i = 0; i < fields.length; i++) {
            long seeZip64 = i < 4 ? 0xffffL : 0xffff_ffffL;
            if (shortFields[i] != seeZip64 && shortFields[i] != fields[i]) {
                throw invalid(SUBJECT, shortFields[i] + ", and " + fields[i] + " in its zip64 record", "them to agree");
            }
        }
        return fields;
    }

    /**
     * @param fields this disk, the directory's disk, entries on this disk, entries, bytes and offset of the directory
     * @param limit where the directory must end
     */
    private Directory checked(long[] fields, long limit) throws InvalidModelException {
        if (fields[0] != 0 || fields[1] != 0 || fields[2] != fields[3]) {
            throw invalid(SUBJECT, "an archive of several disks", "one of a single file");
        }
        long count = fields[3];
        if (count <= 0 || count > MAX_ENTRIES) {
            throw invalid(SUBJECT, Long.toUnsignedString(count) + " entries", "1 to " + MAX_ENTRIES);
        }
        long size = fields[4];
        if (size < 0 || size > MAX_DIRECTORY_BYTES) {
            throw invalid(
                    SUBJECT,
                    "a central directory of " + Long.toUnsignedString(size) + " bytes",
                    "at most " + MAX_DIRECTORY_BYTES);
        }
        long position = fields[5];
        if (position < 0 || position != limit - size) {
            throw invalid(
                    SUBJECT,
                    "a central directory of " + size + " bytes at byte " + Long.toUnsignedString(position),
                    "one that ends at byte " + limit);
        }
        return new Directory(position, (int) size, (int) count);
    }

    private List<ZipHeader> headers(Directory directory) throws IOException {
        ByteBuffer buffer = read("central directory", directory.position(), directory.size());
        Map<String, ZipHeader> byName = new LinkedHashMap<>();
        for (int i = 0; i < directory.entryCount(); i++) {
            ZipHeader header = ZipHeader.parseCentral(file, buffer);
            if (byName.put(header.name(), header) != null) {
                throw invalid("entry " + quoted(header.name()), "it twice", "each name once");
            }
        }
        if (buffer.hasRemaining()) {
            throw invalid(
                    "central directory",
                    buffer.remaining() + " bytes after its " + directory.entryCount() + " entries",
                    "none");
        }
        return new ArrayList<>(byName.values());
    }

    /** Returns the entry's place, by its local header, which must say what the directory says. */
    private Entry locate(ZipHeader header, long directoryPosition) throws IOException {
        String subject = "entry " + quoted(header.name());
        long room = directoryPosition - header.position();
        if (room < ZipHeader.LOCAL_BYTES + header.nameBytes()) {
            throw invalid(
                    subject + ", offset",
                    Long.toString(header.position()),
                    "one before the central directory at byte " + directoryPosition);
        }
        ByteBuffer local = read(subject, header.position(), ZipHeader.LOCAL_BYTES + header.nameBytes());
        int headerBytes = header.checkLocal(file, local);
        if (headerBytes > room || header.size() > room - headerBytes) {
            throw invalid(
                    subject + ", size",
                    header.size() + " bytes",
                    "at most " + Math.max(0, room - headerBytes) + ", which is where the central directory begins");
        }
        return new Entry(header.name(), header.position() + headerBytes, header.size());
    }

    private ByteBuffer read(String subject, long position, int length) throws IOException {
        return ByteBuffer.wrap(ModelFiles.read(channel, file, subject, position, length))
                .order(ByteOrder.LITTLE_ENDIAN);
    }

    private InvalidModelException invalid(String subject, String found, String expected) {
        return new InvalidModelException(file, subject, found, expected, ADVICE);
    }
}
