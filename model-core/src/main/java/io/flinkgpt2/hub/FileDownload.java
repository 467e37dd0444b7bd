package io.flinkgpt2.hub;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.function.LongConsumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Fetches one file. Its bytes go to {@code NAME.CHECKSUM.part}, so that a piece is never continued with another content, and
 * it gets its own name only when size and checksum are right.
 */
final class FileDownload {

    /** So many new bytes make up for the failures before them. */
    private static final long PROGRESS = 1 << 20;

    private static final int BUFFER = 1 << 16;
    private static final int CHECKSUM_DIGITS = 12;
    private static final Pattern CONTENT_RANGE = Pattern.compile("bytes (\\d{1,18})-(\\d{1,18})/(\\d{1,18}|\\*)");

    private final HubClient client;
    private final HubSettings settings;
    private final HubName name;
    private final RemoteFile file;
    private final Path target;
    private final Path part;
    private final LongConsumer progress;

    private MessageDigest digest;
    private long done;
    private boolean rangesWork = true;

    /** @param progress is told how many bytes of the file are there */
    FileDownload(
            HubClient client, HubSettings settings, HubName name, RemoteFile file, Path target, LongConsumer progress) {
        this.client = client;
        this.settings = settings;
        this.name = name;
        this.file = file;
        this.target = target;
        this.part = part(file, target);
        this.progress = progress;
    }

    private static Path part(RemoteFile file, Path target) {
        String start = file.checksum().hex().substring(0, CHECKSUM_DIGITS);
        return target.resolveSibling(file.name() + "." + start + ModelDirectory.PART_SUFFIX);
    }

    /** Returns the number of bytes of a file that are there, whole or in part. */
    static long present(RemoteFile file, Path target) throws IOException {
        if (Files.isRegularFile(target) && Files.size(target) == file.size()) {
            return file.size();
        }
        Path part = part(file, target);
        return Files.isRegularFile(part) ? Math.min(Files.size(part), file.size()) : 0;
    }

    /**
     * Makes sure that the target is there with the right content, which is checked in any case.
     *
     * @param contentPath where its content is below the hub's address
     * @throws ModelHubException if what the hub sends is not what it listed; nothing of it is left
     */
    void run(String contentPath) throws IOException {
        if (isThere()) {
            progress.accept(file.size());
            return;
        }
        removeOtherParts();
        continuePart();
        Retries retries = new Retries(client, subject());
        long furthest = done;
        while (done < file.size() || Files.notExists(part)) {
            try {
                attempt(contentPath);
            } catch (TransientException e) {
                if (done - furthest >= PROGRESS) {
                    retries.progressed();
                    furthest = done;
                }
                retries.failed(e);
            }
        }
        String found = HexFormat.of().formatHex(digest.digest());
        if (!found.equals(file.checksum().hex())) {
            throw mismatch(
                    "the content with the checksum " + found, file.checksum().toString());
        }
        Files.move(part, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /** Returns a whole file without a manifest: of a fetch that ended early, or of another revision of the branch. */
    private boolean isThere() throws IOException {
        if (!Files.isRegularFile(target) || Files.size(target) != file.size()) {
            return false;
        }
        return HexFormat.of()
                .formatHex(digest(target).digest())
                .equals(file.checksum().hex());
    }

    private MessageDigest digest(Path content) throws IOException {
        MessageDigest sum = file.checksum().begin(file.size());
        byte[] buffer = new byte[BUFFER];
        try (InputStream in = Files.newInputStream(content)) {
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                sum.update(buffer, 0, count);
            }
        }
        return sum;
    }

    private void removeOtherParts() throws IOException {
        try (DirectoryStream<Path> others =
                Files.newDirectoryStream(target.getParent(), file.name() + ".*" + ModelDirectory.PART_SUFFIX)) {
            for (Path other : others) {
                if (!other.equals(part)) {
                    Files.delete(other);
                }
            }
        }
    }

    private void continuePart() throws IOException {
        if (Files.isRegularFile(part) && Files.size(part) <= file.size()) {
            done = Files.size(part);
            digest = digest(part);
            progress.accept(done);
        } else {
            startOver();
        }
    }

    private void startOver() throws IOException {
        Files.deleteIfExists(part);
        done = 0;
        digest = file.checksum().begin(file.size());
        progress.accept(0);
    }

    private void attempt(String contentPath) throws IOException {
        if (!rangesWork) {
            startOver();
        }
        try (HubAnswer answer = client.get(subject(), contentPath, done)) {
            switch (answer.status()) {
                case HubAnswer.OK -> {
                    if (done > 0) {
                        rangesWork = false;
                        startOver();
                    }
                }
                case HubAnswer.PARTIAL_CONTENT -> checkRange(answer);
                case HubAnswer.RANGE_NOT_SATISFIABLE -> {
                    rangesWork = false;
                    throw new TransientException("status 416 at byte " + done, (Throwable) null);
                }
                case HubAnswer.NOT_FOUND ->
                    throw new ModelHubException(
                            subject(),
                            "status 404 from " + HubClient.withoutQuery(answer.uri()),
                            "the file, for the hub lists it",
                            "try again; the revision may have changed meanwhile");
                default -> throw Refusals.of(answer, name, client, settings);
            }
            long announced = answer.headers().firstValueAsLong("content-length").orElse(-1);
            if (announced >= 0 && announced != file.size() - done) {
                throw mismatch(done + announced + " bytes", file.size() + " bytes");
            }
            receive(answer, announced);
        }
    }

    private void checkRange(HubAnswer answer) throws IOException {
        String range = answer.header("content-range");
        Matcher matcher = CONTENT_RANGE.matcher(range);
        if (!matcher.matches() || Long.parseLong(matcher.group(1)) != done) {
            rangesWork = false;
            throw new TransientException(
                    "the range " + ModelHubException.quoted(range) + " in place of that from byte " + done,
                    (Throwable) null);
        }
        if (!matcher.group(3).equals("*") && Long.parseLong(matcher.group(3)) != file.size()) {
            throw mismatch(matcher.group(3) + " bytes", file.size() + " bytes");
        }
    }

    private void receive(HubAnswer answer, long announced) throws IOException {
        try (FileChannel channel = FileChannel.open(
                part, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND)) {
            for (List<ByteBuffer> piece = answer.next(); piece != null; piece = answer.next()) {
                for (ByteBuffer bytes : piece) {
                    if (bytes.remaining() > file.size() - done) {
                        throw mismatch("more than " + file.size() + " bytes", "no more");
                    }
                    digest.update(bytes.duplicate());
                    done += bytes.remaining();
                    write(channel, bytes);
                }
                progress.accept(done);
            }
            if (done == file.size()) {
                channel.force(true);
            }
        }
        if (done < file.size()) {
            // In chunks, a body that was cut off is told from one that ended; without any length it is not.
            if (announced < 0 && answer.header("transfer-encoding").isEmpty()) {
                throw new TransientException(
                        "an end after " + done + " of " + file.size() + " bytes", (Throwable) null);
            }
            throw mismatch(done + " bytes", file.size() + " bytes");
        }
    }

    private void write(FileChannel channel, ByteBuffer bytes) throws IOException {
        try {
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
        } catch (ClosedByInterruptException e) {
            throw e;
        } catch (IOException e) {
            throw new IOException(part + ": cannot be written (" + e + "); is the disk full?", e);
        }
    }

    private ModelHubException mismatch(String found, String expected) throws IOException {
        Files.deleteIfExists(part);
        return new ModelHubException(
                subject(),
                found + " from " + settings.baseAddress(),
                expected + ", as the hub lists it",
                "try again, for the revision may have changed meanwhile; if it stays so, do not trust this hub");
    }

    private String subject() {
        return "model " + name + ", file " + file.name();
    }
}
