package io.flinkgpt2.weights;

import static io.flinkgpt2.weights.InvalidModelException.quoted;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * An entry of the central directory of a {@link StoredZip}.
 *
 * @param name a relative path of plain components
 * @param nameBytes its length in the file
 * @param position of the local header in the file, 0 or more
 * @param size of the entry's data in bytes, 0 or more
 */
record ZipHeader(String name, int nameBytes, long position, long size) {
    /** Bytes of a local header before the name. */
    static final int LOCAL_BYTES = 30;

    private static final int CENTRAL_SIGNATURE = 0x02014b50;
    private static final int CENTRAL_BYTES = 46;
    private static final int ZIP64_EXTRA = 1;
    private static final int SEE_ZIP64 = -1;

    /** Encrypted, patched, strongly encrypted, header values masked. */
    private static final int REFUSED_FLAGS = 1 | 1 << 5 | 1 << 6 | 1 << 13;

    /** Sizes follow the data. */
    private static final int DESCRIPTOR_FLAG = 1 << 3;

    private static final String ADVICE =
            "the file is damaged, or was zipped anew: download it again, or convert the model to safetensors";

    /**
     * Parses the header at the buffer's position and moves past it.
     *
     * @throws InvalidModelException if there is none, the entry is not stored as it is, or its name is no plain relative path
     */
    static ZipHeader parseCentral(Path file, ByteBuffer directory) throws InvalidModelException {
        int start = directory.position();
        int left = directory.remaining();
        if (left < CENTRAL_BYTES || directory.getInt(start) != CENTRAL_SIGNATURE) {
            throw invalid(file, "central directory", "no entry at its byte " + start, "as many as its end says");
        }
        int nameBytes = Short.toUnsignedInt(directory.getShort(start + 28));
        int extraBytes = Short.toUnsignedInt(directory.getShort(start + 30));
        int commentBytes = Short.toUnsignedInt(directory.getShort(start + 32));
        if (left - CENTRAL_BYTES < nameBytes + extraBytes + commentBytes) {
            throw invalid(
                    file, "central directory", "an entry at its byte " + start + " that exceeds it", "whole ones");
        }
        String name = name(file, directory.slice(start + CENTRAL_BYTES, nameBytes));
        String subject = "entry " + quoted(name);
        checkStored(file, subject, directory.getShort(start + 8), directory.getShort(start + 10));

        ByteBuffer zip64 = zip64(directory.slice(start + CENTRAL_BYTES + nameBytes, extraBytes));
        // The order is the format's: a field is in the extra block only if the short one refers to it.
        long size = field(file, subject, directory.getInt(start + 24), zip64);
        long storedSize = field(file, subject, directory.getInt(start + 20), zip64);
        long position = field(file, subject, directory.getInt(start + 42), zip64);
        if (storedSize != size) {
            throw invalid(file, subject + ", size", size + " bytes, stored in " + storedSize, "the same number");
        }
        if (directory.getShort(start + 34) != 0) {
            throw invalid(file, subject, "it on another disk", "an archive of a single file");
        }
        directory.position(start + CENTRAL_BYTES + nameBytes + extraBytes + commentBytes);
        return new ZipHeader(name, nameBytes, position, size);
    }

    /**
     * Checks the local header against this one.
     *
     * @param local the header up to the end of the name
     * @return the length of the whole local header, which the data follow
     */
    int checkLocal(Path file, ByteBuffer local) throws InvalidModelException {
        String subject = "entry " + quoted(name);
        boolean agrees = local.getInt(0) == StoredZip.LOCAL_SIGNATURE
                && Short.toUnsignedInt(local.getShort(26)) == nameBytes
                && name.equals(name(file, local.slice(LOCAL_BYTES, nameBytes)));
        if (!agrees) {
            throw invalid(
                    file, subject, "no local header of this name at byte " + position, "one, as the directory says");
        }
        short flags = local.getShort(6);
        checkStored(file, subject, flags, local.getShort(8));
        boolean sizesFollow = (flags & DESCRIPTOR_FLAG) != 0;
        for (int at : new int[] {18, 22}) {
            int claimed = local.getInt(at);
            if (Integer.toUnsignedLong(claimed) != size && claimed != SEE_ZIP64 && !(sizesFollow && claimed == 0)) {
                throw invalid(
                        file,
                        subject + ", size",
                        Integer.toUnsignedString(claimed) + " bytes in the local header, and " + size
                                + " in the directory",
                        "the same number");
            }
        }
        return LOCAL_BYTES + nameBytes + Short.toUnsignedInt(local.getShort(28));
    }

    private static void checkStored(Path file, String subject, short flags, short method) throws InvalidModelException {
        if ((flags & REFUSED_FLAGS) != 0) {
            throw invalid(file, subject, "it encrypted or patched", "plain data");
        }
        if (method != 0) {
            String found = "it compressed by method " + Short.toUnsignedInt(method);
            throw invalid(file, subject, found, "method 0, stored as it is, as torch.save writes it");
        }
    }

    /** Returns the path, which nothing here opens, but which another tool might unpack. */
    private static String name(Path file, ByteBuffer utf8) throws InvalidModelException {
        String name;
        try {
            name = StandardCharsets.UTF_8.newDecoder().decode(utf8).toString();
        } catch (CharacterCodingException e) {
            throw new InvalidModelException(
                    file, "central directory", "an entry's name that is not UTF-8", "names in UTF-8", ADVICE, e);
        }
        if (!isPlain(name)) {
            throw invalid(file, "entry " + quoted(name), "a name that leaves the archive", "a plain relative path");
        }
        return name;
    }

    /**
     * Returns whether no component is empty or dots alone, and no character separates them elsewhere; in place, for names are
     * long.
     */
    private static boolean isPlain(String name) {
        int start = 0;
        for (int i = 0; i <= name.length(); i++) {
            char c = i == name.length() ? '/' : name.charAt(i);
            if (c == '/') {
                int length = i - start;
                boolean dots = length == 1 ? name.charAt(start) == '.' : length == 2 && name.startsWith("..", start);
                if (length == 0 || dots) {
                    return false;
                }
                start = i + 1;
            } else if (c == '\\' || c == ':' || c == '\0') {
                return false;
            }
        }
        return true;
    }

    /** Returns the content of the zip64 block among the extra fields, empty if there is none. */
    private static ByteBuffer zip64(ByteBuffer extra) {
        ByteBuffer fields = extra.order(ByteOrder.LITTLE_ENDIAN);
        while (fields.remaining() >= 4) {
            int id = Short.toUnsignedInt(fields.getShort());
            int claimed = Short.toUnsignedInt(fields.getShort());
            int length = Math.min(claimed, fields.remaining());
            if (id == ZIP64_EXTRA) {
                return fields.slice(fields.position(), length).order(ByteOrder.LITTLE_ENDIAN);
            }
            fields.position(fields.position() + length);
        }
        return ByteBuffer.allocate(0);
    }

    /** Returns a size or offset: the short field, or the next long one of the zip64 block if the short one refers to it. */
    private static long field(Path file, String subject, int field, ByteBuffer zip64) throws InvalidModelException {
        if (field != SEE_ZIP64) {
            return Integer.toUnsignedLong(field);
        }
        if (zip64.remaining() < Long.BYTES) {
            throw invalid(file, subject + ", zip64", "no such field for a size or offset", "one");
        }
        long value = zip64.getLong();
        if (value < 0) {
            throw invalid(file, subject + ", zip64", Long.toUnsignedString(value), "at most 2^63 - 1");
        }
        return value;
    }

    private static InvalidModelException invalid(Path file, String subject, String found, String expected) {
        return new InvalidModelException(file, subject, found, expected, ADVICE);
    }
}
