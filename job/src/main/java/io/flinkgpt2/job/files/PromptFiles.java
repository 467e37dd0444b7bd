package io.flinkgpt2.job.files;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.Serializable;
import java.nio.file.FileSystems;
import java.nio.file.PathMatcher;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.flink.core.fs.FileStatus;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.Path;

/**
 * The files that a run reads, in its order: that of the inputs as they were given, and within a directory or glob that of the names
 * below it. Files and directories whose names begin with a dot or an underscore are passed over there.
 */
public final class PromptFiles implements Serializable {
    private static final long serialVersionUID = 1L;

    private static final Pattern WILDCARD = Pattern.compile("[*?\\[{]");
    private static final Pattern SCHEME = Pattern.compile("[A-Za-z][A-Za-z0-9+.-]+:/.*");

    /**
     * An input.
     *
     * @param path of the file, or of the directory that names are given below
     * @param isFile whether it is a file itself
     */
    private record Root(String path, boolean isFile) implements Serializable {
        private static final long serialVersionUID = 1L;

        /** Returns the name of a file of this input, or null if it is none. */
        String nameOf(Path file) {
            Path root = new Path(path);
            if (isFile) {
                return root.equals(file) ? file.getName() : null;
            }
            String above = root.getPath().endsWith("/") ? root.getPath() : root.getPath() + "/";
            boolean below = file.getPath().startsWith(above)
                    && String.valueOf(root.toUri().getAuthority())
                            .equals(String.valueOf(file.toUri().getAuthority()));
            return below ? file.getPath().substring(above.length()) : null;
        }
    }

    private final List<Root> roots;
    private final FileFormat format;
    private final transient List<PromptFile> files;

    private PromptFiles(List<Root> roots, FileFormat format, List<PromptFile> files) {
        this.roots = new ArrayList<>(roots);
        this.format = format;
        this.files = files;
    }

    /**
     * Finds the files.
     *
     * @param inputs files, directories and globs, as paths of this machine or URIs of Flink's file systems
     * @param format of all of them, or null: as their names say
     * @throws InvalidInputException if there is nothing, a file twice, or one whose name says no format
     * @throws IOException if a file system fails
     */
    public static PromptFiles find(List<String> inputs, FileFormat format) throws IOException {
        List<Root> roots = new ArrayList<>();
        List<PromptFile> files = new ArrayList<>();
        Set<String> seen = new HashSet<>();
        for (String input : inputs) {
            List<FileStatus> found = new ArrayList<>();
            Root root = find(input, found);
            List<PromptFile> ofRoot = new ArrayList<>();
            for (FileStatus status : found) {
                PromptFile file = file(status, root, roots.size(), format);
                if (!seen.add(file.path())) {
                    throw new InvalidInputException(file.path(), "it twice among the inputs", "each file once");
                }
                ofRoot.add(file);
            }
            ofRoot.sort(Comparator.comparing(PromptFile::name));
            files.addAll(ofRoot);
            roots.add(root);
        }
        return new PromptFiles(roots, format, files);
    }

    private static Root find(String input, List<FileStatus> found) throws IOException {
        Path path = absolute(input);
        FileSystem system = path.getFileSystem();
        FileStatus status = statusOf(system, path);
        if (status != null) {
            if (!status.isDir()) {
                found.add(status);
                return new Root(path.toString(), true);
            }
            list(system, path, found);
            if (found.isEmpty()) {
                throw new InvalidInputException(input, "a directory without files", "files of prompts in it");
            }
            return new Root(path.toString(), false);
        }
        Matcher wildcard = WILDCARD.matcher(input);
        if (!wildcard.find()) {
            throw new InvalidInputException(
                    input, "nothing there", "a file, a directory, or a glob such as 'prompts/*.jsonl'; check the path");
        }
        int slash = input.lastIndexOf('/', wildcard.start());
        Root root = new Root(
                absolute(slash < 0 ? "." : input.substring(0, slash + 1)).toString(), false);
        PathMatcher pattern = FileSystems.getDefault().getPathMatcher("glob:" + input.substring(slash + 1));
        List<FileStatus> below = new ArrayList<>();
        if (statusOf(system, new Path(root.path())) != null) {
            list(system, new Path(root.path()), below);
        }
        below.removeIf(file -> !pattern.matches(java.nio.file.Path.of(root.nameOf(file.getPath()))));
        if (below.isEmpty()) {
            throw new InvalidInputException(
                    input, "no file that it matches", "at least one; ** stands for directories of any depth");
        }
        found.addAll(below);
        return root;
    }

    private static FileStatus statusOf(FileSystem system, Path path) throws IOException {
        try {
            return system.getFileStatus(path);
        } catch (FileNotFoundException e) {
            return null;
        }
    }

    private static void list(FileSystem system, Path directory, List<FileStatus> found) throws IOException {
        FileStatus[] entries = system.listStatus(directory);
        for (FileStatus entry : entries == null ? new FileStatus[0] : entries) {
            String name = entry.getPath().getName();
            if (name.startsWith(".") || name.startsWith("_")) {
                continue;
            }
            if (entry.isDir()) {
                list(system, entry.getPath(), found);
            } else {
                found.add(entry);
            }
        }
    }

    /** Returns a path of a file system; without a scheme it is one of this machine. */
    public static Path absolute(String path) {
        if (SCHEME.matcher(path).matches()) {
            return new Path(path);
        }
        return new Path("file://" + java.nio.file.Path.of(path).toAbsolutePath().normalize());
    }

    private static PromptFile file(FileStatus status, Root root, int index, FileFormat told) {
        String fileName = status.getPath().getName();
        Compression compression = Compression.ofName(fileName);
        FileFormat format = told != null
                ? told
                : FileFormat.ofName(fileName)
                        .orElseThrow(() -> new InvalidInputException(
                                status.getPath().getPath(),
                                "a name that says no format",
                                "one that ends with .jsonl, .txt, .csv, .tsv or .parquet (and .gz or .zst); name the"
                                        + " format, one of " + Arrays.toString(FileFormat.values())));
        if (format == FileFormat.PARQUET && compression != Compression.NONE) {
            throw new InvalidInputException(
                    status.getPath().getPath(),
                    "Parquet that is compressed as a whole",
                    "Parquet, which compresses its own pages; decompress the file");
        }
        return new PromptFile(
                status.getPath().toString(),
                root.nameOf(status.getPath()),
                index,
                status.getLen(),
                status.getModificationTime(),
                format,
                compression);
    }

    /** Returns the files in their order; not to be called on a copy that was sent to another process. */
    public List<PromptFile> list() {
        return files;
    }

    /** Returns the paths that were given, or for globs their part without wildcards. */
    Path[] rootPaths() {
        return roots.stream().map(root -> new Path(root.path())).toArray(Path[]::new);
    }

    /**
     * Returns the file at a path, which was found among the inputs, now or by an earlier run of the job.
     *
     * @throws IllegalStateException if it is below none of them
     */
    PromptFile at(Path path, long length, long modified) {
        for (int i = 0; i < roots.size(); i++) {
            String name = roots.get(i).nameOf(path);
            if (name != null) {
                String fileName = path.getName();
                FileFormat of =
                        format != null ? format : FileFormat.ofName(fileName).orElse(FileFormat.JSONL);
                return new PromptFile(path.toString(), name, i, length, modified, of, Compression.ofName(fileName));
            }
        }
        throw new IllegalStateException("file " + path + ": found in the state, expected below one of " + roots
                + "; start the job with the inputs that it had");
    }
}
