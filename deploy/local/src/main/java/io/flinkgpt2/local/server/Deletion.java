package io.flinkgpt2.local.server;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;

/** Deletes directories in which a thread or process that is just ending may still delete files too. */
public final class Deletion extends SimpleFileVisitor<Path> {

    private Deletion() {}

    /**
     * Deletes a directory with all that is in it, bottom up; symbolic links are deleted and not followed. What somebody else
     * was quicker to delete is not an error.
     *
     * @throws IOException if something cannot be deleted; what was deleted before that is gone
     */
    public static void of(Path directory) throws IOException {
        Files.walkFileTree(directory, new Deletion());
    }

    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
        Files.deleteIfExists(file);
        return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
        if (e instanceof NoSuchFileException) {
            return FileVisitResult.CONTINUE;
        }
        throw e;
    }

    @Override
    public FileVisitResult postVisitDirectory(Path directory, IOException e) throws IOException {
        if (e != null) {
            throw e;
        }
        Files.deleteIfExists(directory);
        return FileVisitResult.CONTINUE;
    }
}
