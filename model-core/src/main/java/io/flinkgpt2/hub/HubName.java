package io.flinkgpt2.hub;

import static io.flinkgpt2.hub.ModelHubException.quoted;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * The name of a model on the hub.
 *
 * @param repository {@code owner/name}
 * @param revision branch, tag or commit
 * @param gguf the GGUF file that is meant of a repository with several: its name, such as {@code gpt2.Q8_0.gguf}, or its
 *     quantisation, such as {@code Q8_0}; empty: the model as the repository has it
 */
public record HubName(String repository, String revision, Optional<String> gguf) {

    private static final String DEFAULT_REVISION = "main";

    /** The published GPT-2 models, whose names had no owner when they were published, with their owners. */
    private static final Map<String, String> PUBLISHED = new TreeMap<>(Map.of(
            "gpt2", "openai-community/gpt2",
            "gpt2-medium", "openai-community/gpt2-medium",
            "gpt2-large", "openai-community/gpt2-large",
            "gpt2-xl", "openai-community/gpt2-xl",
            "distilgpt2", "distilbert/distilgpt2"));

    private static final String WORD = "[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,94}[A-Za-z0-9_])?";
    private static final Pattern REPOSITORY = Pattern.compile(WORD + "/" + WORD);
    private static final Pattern COMMIT = Pattern.compile("[0-9a-f]{40}");
    private static final Pattern REVISION = Pattern.compile("[A-Za-z0-9_](?:[A-Za-z0-9_./+-]{0,126}[A-Za-z0-9_+-])?");

    private static final Pattern GGUF = Pattern.compile("[A-Za-z0-9_](?:[A-Za-z0-9_.+-]{0,126}[A-Za-z0-9_])?");
    private static final String GGUF_SUFFIX = ".gguf";

    /**
     * All parts become parts of addresses and of paths, so nothing but plain names passes.
     *
     * @throws IllegalArgumentException if a part is not a plain name
     */
    public HubName {
        if (!REPOSITORY.matcher(repository).matches() || repository.contains("..")) {
            throw new IllegalArgumentException(
                    "model name: found " + quoted(repository) + ", expected one of " + published()
                            + ", or owner/name[@revision], or for one of several GGUF files owner/name:Q8_0 or owner/name/FILE.gguf");
        }
        if (!REVISION.matcher(revision).matches() || revision.contains("..") || revision.contains("//")) {
            throw new IllegalArgumentException("revision of " + repository + ": found " + quoted(revision)
                    + ", expected a branch, a tag or a commit");
        }
        if (gguf.isPresent()
                && (!GGUF.matcher(gguf.get()).matches() || gguf.get().contains(".."))) {
            throw new IllegalArgumentException("GGUF file of " + repository + ": found " + quoted(gguf.get())
                    + ", expected a file's name without a folder, or a quantisation, such as Q8_0");
        }
    }

    /** Creates a model as its repository has it. */
    public HubName(String repository, String revision) {
        this(repository, revision, Optional.empty());
    }

    /**
     * Reads {@code gpt2} or {@code owner/name}; then {@code :QUANTISATION} or {@code /FILE.gguf}, or neither; then
     * {@code @revision} or nothing. A quantisation may also come last.
     *
     * @throws IllegalArgumentException if it is none of these; says what would be
     */
    public static HubName parse(String text) {
        int at = text.indexOf('@');
        String name = at < 0 ? text : text.substring(0, at);
        String revision = at < 0 ? DEFAULT_REVISION : text.substring(at + 1);
        Optional<String> gguf = Optional.empty();
        int file = name.indexOf('/', name.indexOf('/') + 1);
        if (name.indexOf(':') >= 0) {
            gguf = Optional.of(name.substring(name.indexOf(':') + 1));
            name = name.substring(0, name.indexOf(':'));
        } else if (revision.indexOf(':') >= 0) {
            gguf = Optional.of(revision.substring(revision.indexOf(':') + 1));
            revision = revision.substring(0, revision.indexOf(':'));
        } else if (file >= 0 && name.indexOf('/') != file && isFile(name)) {
            gguf = Optional.of(name.substring(file + 1));
            name = name.substring(0, file);
        }
        return new HubName(PUBLISHED.getOrDefault(name, name), revision, gguf);
    }

    private static boolean isFile(String gguf) {
        return gguf.endsWith(GGUF_SUFFIX);
    }

    /** Returns this name with the GGUF file that is meant. */
    HubName withGguf(String file) {
        return new HubName(repository, revision, Optional.of(file));
    }

    /** Returns those of a repository's GGUF files that {@link #gguf} means: the file of that name, or all of a quantisation. */
    List<String> meant(List<String> ggufFiles) {
        if (isFile(gguf.orElseThrow())) {
            return ggufFiles.stream().filter(gguf.get()::equals).toList();
        }
        Pattern quantisation = Pattern.compile(
                "(?:.*[._-])?" + Pattern.quote(gguf.get()) + "(?:[._-].*)?\\.gguf", Pattern.CASE_INSENSITIVE);
        Pattern last =
                Pattern.compile("(?:.*[._-])?" + Pattern.quote(gguf.get()) + "\\.gguf", Pattern.CASE_INSENSITIVE);
        List<String> exact = ggufFiles.stream().filter(last.asMatchPredicate()).toList();
        return exact.isEmpty()
                ? ggufFiles.stream().filter(quantisation.asMatchPredicate()).toList()
                : exact;
    }

    /** Returns the names that need no owner. */
    public static List<String> published() {
        return List.copyOf(PUBLISHED.keySet());
    }

    /** Returns whether the text is the full name of a commit, which never means other files; a branch or a tag may. */
    static boolean isCommit(String text) {
        return COMMIT.matcher(text).matches();
    }

    /** Returns whether the revision is a commit. */
    public boolean isCommit() {
        return isCommit(revision);
    }

    /** Returns the same model at another revision. */
    public HubName at(String otherRevision) {
        return new HubName(repository, otherRevision, gguf);
    }

    /** Returns the repository without its owner. */
    public String modelName() {
        return repository.substring(repository.indexOf('/') + 1);
    }

    /**
     * Returns the names of the model: with or without its owner, each with or without the revision, and where a GGUF file was
     * chosen each with it and then without. The first is what completions call it: the name without owner and revision.
     */
    public List<String> names() {
        List<String> names = new ArrayList<>();
        for (String chosen : gguf.isPresent() ? List.of(choice(), "") : List.of("")) {
            names.add(modelName() + chosen);
            names.add(repository + chosen);
            names.add(modelName() + chosen + "@" + revision);
            names.add(repository + chosen + "@" + revision);
        }
        return List.copyOf(names);
    }

    /** Returns the suffix that names the GGUF file; empty if none was chosen. */
    private String choice() {
        return gguf.map(file -> (isFile(file) ? "/" : ":") + file).orElse("");
    }

    /**
     * Returns the names that the hub may have for the repository; the first that it knows is taken. Mirrors can lag behind the
     * owner.
     */
    List<String> remoteNames() {
        return publishedName().map(name -> List.of(repository, name)).orElse(List.of(repository));
    }

    private Optional<String> publishedName() {
        return repository.equals(PUBLISHED.get(modelName())) ? Optional.of(modelName()) : Optional.empty();
    }

    /** Returns the shortest text that {@link #parse} reads as this name. */
    @Override
    public String toString() {
        // A published name before a file would read as an owner.
        boolean file = gguf.filter(HubName::isFile).isPresent();
        String name = file ? repository : publishedName().orElse(repository);
        return name + choice() + (revision.equals(DEFAULT_REVISION) ? "" : "@" + revision);
    }
}
