package io.flinkgpt2.cli.batch;

import io.flinkgpt2.job.InvalidOptionException;
import io.flinkgpt2.job.files.Compression;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Where a run writes.
 *
 * @param out file of the answers, or with unordered answers a directory; absolute
 * @param errors file of the errors; absolute
 */
record BatchPaths(Path out, Path errors, boolean unordered) {

    /**
     * Checks the paths.
     *
     * @param errors null for the name that follows from {@code out}
     * @throws InvalidOptionException if something is there that may not be replaced, or the place cannot be written to
     */
    static BatchPaths of(Path out, Path errors, boolean unordered, boolean overwrite) throws IOException {
        Path absoluteOut = absolute("-o", out);
        Path absoluteErrors = absolute("--errors", errors == null ? defaultErrors(out) : errors);
        if (absoluteOut.equals(absoluteErrors)) {
            throw new InvalidOptionException("-o and --errors", "'" + out + "' for both", "two different files");
        }
        require("-o", absoluteOut, overwrite, unordered);
        require("--errors", absoluteErrors, overwrite, false);
        return new BatchPaths(absoluteOut, absoluteErrors, unordered);
    }

    private static Path absolute(String option, Path path) {
        Path absolute = path.toAbsolutePath().normalize();
        if (path.toString().equals("-")) {
            throw new InvalidOptionException(option, "'-'", "the name of a file, which is made when all is answered");
        }
        if (absolute.getFileName() == null) {
            throw new InvalidOptionException(option, "'" + path + "'", "the name of a file");
        }
        return absolute;
    }

    private static Path defaultErrors(Path out) {
        Path name = out.getFileName();
        if (name == null) {
            return out;
        }
        String text = Compression.nameWithout(name.toString());
        int dot = text.lastIndexOf('.');
        return out.resolveSibling((dot > 0 ? text.substring(0, dot) : text) + ".errors.jsonl");
    }

    private static void require(String option, Path path, boolean overwrite, boolean directory) {
        Path parent = path.getParent();
        if (!Files.isDirectory(parent)) {
            throw new InvalidOptionException(
                    option, "'" + path + "', whose directory is not there", "a directory; make it");
        }
        if (!Files.isWritable(parent)) {
            throw new InvalidOptionException(
                    option, "'" + path + "', whose directory cannot be written to", "one that can");
        }
        if (!Files.exists(path)) {
            return;
        }
        if (!overwrite) {
            throw new InvalidOptionException(
                    option, "'" + path + "', which is there", "nothing there, or --overwrite to replace it");
        }
        if (Files.isDirectory(path) != directory) {
            throw new InvalidOptionException(
                    option,
                    "'" + path + "', which is " + (directory ? "no directory" : "a directory"),
                    directory ? "a directory, for --unordered writes several files" : "a file");
        }
    }
}
