package io.flinkgpt2.hub;

import static io.flinkgpt2.hub.ModelHubException.quoted;

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
 */
public record HubName(String repository, String revision) {

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

    /**
     * Both parts become parts of addresses and of paths, so nothing but plain names passes.
     *
     * @throws IllegalArgumentException if a part is no plain name
     */
    public HubName {
        if (!REPOSITORY.matcher(repository).matches() || repository.contains("..")) {
            throw new IllegalArgumentException("model name: found " + quoted(repository) + ", expected one of "
                    + published() + ", or owner/name[@revision]");
        }
        if (!REVISION.matcher(revision).matches() || revision.contains("..") || revision.contains("//")) {
            throw new IllegalArgumentException("revision of " + repository + ": found " + quoted(revision)
                    + ", expected a branch, a tag or a commit");
        }
    }

    /**
     * Reads {@code gpt2}, {@code gpt2@revision}, {@code owner/name} or {@code owner/name@revision}.
     *
     * @throws IllegalArgumentException if it is none of these; says what would be
     */
    public static HubName parse(String text) {
        int at = text.indexOf('@');
        String name = at < 0 ? text : text.substring(0, at);
        return new HubName(PUBLISHED.getOrDefault(name, name), at < 0 ? DEFAULT_REVISION : text.substring(at + 1));
    }

    /** The names that need no owner. */
    public static List<String> published() {
        return List.copyOf(PUBLISHED.keySet());
    }

    /** Whether the text is the full name of a commit, which never means other files; a branch or a tag may. */
    static boolean isCommit(String text) {
        return COMMIT.matcher(text).matches();
    }

    /** Whether the revision is a commit. */
    public boolean isCommit() {
        return isCommit(revision);
    }

    /** The same model at another revision. */
    public HubName at(String otherRevision) {
        return new HubName(repository, otherRevision);
    }

    /** What completions call the model: the repository without its owner. */
    public String modelName() {
        return repository.substring(repository.indexOf('/') + 1);
    }

    /**
     * What the model may be called: with or without its owner, each with or without the revision. The first is
     * {@link #modelName()}.
     */
    public List<String> names() {
        return List.of(modelName(), repository, modelName() + "@" + revision, repository + "@" + revision);
    }

    /** What the hub may call the repository; the first that it knows is taken. Mirrors can lag behind the owner. */
    List<String> remoteNames() {
        return publishedName().map(name -> List.of(repository, name)).orElse(List.of(repository));
    }

    private Optional<String> publishedName() {
        return repository.equals(PUBLISHED.get(modelName())) ? Optional.of(modelName()) : Optional.empty();
    }

    /** The shortest text that {@link #parse} reads as this name. */
    @Override
    public String toString() {
        String name = publishedName().orElse(repository);
        return revision.equals(DEFAULT_REVISION) ? name : name + "@" + revision;
    }
}
