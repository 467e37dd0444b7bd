package io.flinkgpt2.weights;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Writes zip files of stored entries as PyTorch does, and such as lie in any field. */
final class ZipWriter {
    /** What to write of an entry; the defaults are true. */
    static final class Entry {
        final byte[] data;
        String name;
        String localName;
        int flags;
        int method;
        long size;
        long storedSize;
        long localSize;
        /** Found by {@link #bytes} if it is -1. */
        long offset = -1;
        /** Bytes after the data, as a descriptor has them. */
        int gap;

        byte[] localExtra = new byte[5];
        boolean zip64;

        private Entry(String name, byte[] data) {
            this.name = name;
            this.localName = name;
            this.data = data;
            this.size = data.length;
            this.storedSize = data.length;
            this.localSize = data.length;
        }
    }

    final List<Entry> entries = new ArrayList<>();
    boolean zip64End;
    int entryCountError;
    int directorySizeError;
    int directoryOffsetError;
    int diskNumber;
    byte[] beforeDirectory = new byte[0];
    byte[] comment = new byte[0];

    Entry add(String name, byte[] data) {
        Entry entry = new Entry(name, data);
        entries.add(entry);
        return entry;
    }

    Entry add(String name, String data) {
        return add(name, data.getBytes(StandardCharsets.US_ASCII));
    }

    Entry get(String name) {
        return entries.stream().filter(e -> e.name.equals(name)).findFirst().orElseThrow();
    }

    byte[] bytes() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream directory = new ByteArrayOutputStream();
        for (Entry entry : entries) {
            long offset = entry.offset >= 0 ? entry.offset : out.size();
            out.writeBytes(local(entry));
            out.writeBytes(entry.data);
            out.writeBytes(new byte[entry.gap]);
            directory.writeBytes(central(entry, offset));
        }
        out.writeBytes(beforeDirectory);
        long position = out.size();
        out.writeBytes(directory.toByteArray());
        out.writeBytes(end(position, directory.size()));
        out.writeBytes(comment);
        return out.toByteArray();
    }

    private static byte[] local(Entry entry) {
        byte[] name = entry.localName.getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(30 + name.length + entry.localExtra.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(0x04034b50)
                .putShort((short) 0)
                .putShort((short) entry.flags)
                .putShort((short) entry.method)
                .putLong(0)
                .putInt((int) entry.localSize)
                .putInt((int) entry.localSize)
                .putShort((short) name.length)
                .putShort((short) entry.localExtra.length)
                .put(name)
                .put(entry.localExtra)
                .array();
    }

    private static byte[] central(Entry entry, long offset) {
        byte[] name = entry.name.getBytes(StandardCharsets.UTF_8);
        int extra = entry.zip64 ? 4 + 24 : 0;
        ByteBuffer header = ByteBuffer.allocate(46 + name.length + extra)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(0x02014b50)
                .putInt(0)
                .putShort((short) entry.flags)
                .putShort((short) entry.method)
                .putLong(0)
                .putInt(entry.zip64 ? -1 : (int) entry.storedSize)
                .putInt(entry.zip64 ? -1 : (int) entry.size)
                .putShort((short) name.length)
                .putShort((short) extra)
                .putLong(0)
                .putShort((short) 0)
                .putInt(entry.zip64 ? -1 : (int) offset)
                .put(name);
        if (entry.zip64) {
            header.putShort((short) 1).putShort((short) 24);
            header.putLong(entry.size).putLong(entry.storedSize).putLong(offset);
        }
        return header.array();
    }

    private byte[] end(long position, int size) {
        int count = entries.size() + entryCountError;
        ByteBuffer end = ByteBuffer.allocate(zip64End ? 98 : 22).order(ByteOrder.LITTLE_ENDIAN);
        if (zip64End) {
            end.putInt(0x06064b50).putLong(44).putInt(0).putInt(diskNumber).putInt(0);
            end.putLong(count).putLong(count).putLong(size + directorySizeError);
            end.putLong(position + directoryOffsetError);
            end.putInt(0x07064b50).putInt(0).putLong(position + size).putInt(1);
        }
        end.putInt(0x06054b50).putShort((short) diskNumber).putShort((short) 0);
        end.putShort((short) (zip64End ? -1 : count)).putShort((short) (zip64End ? -1 : count));
        end.putInt(zip64End ? -1 : size + directorySizeError);
        end.putInt(zip64End ? -1 : (int) position + directoryOffsetError);
        return end.putShort((short) comment.length).array();
    }
}
