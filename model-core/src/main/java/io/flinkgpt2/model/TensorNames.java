package io.flinkgpt2.model;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The names of a weights file's tensors in the transformers library's convention, freed of what wrappers put before them:
 * {@code module.} (data parallelism), {@code _orig_mod.} (a compiled model), {@code model.} and {@code transformer.}, also
 * one after the other. The blocks and embeddings have one prefix; heads have the same, or, as in the library, the same
 * without {@code transformer.} at its end.
 */
final class TensorNames {

    private static final String BASE = "transformer.";
    private static final Pattern TOKEN_EMBEDDING = Pattern.compile(
            "((?:module\\.|_orig_mod\\.|model\\.|transformer\\.)*)" + Pattern.quote(TensorTable.TOKEN_EMBEDDING));

    private final String prefix;
    private final String headPrefix;
    /** Names of the table, and others without their prefix, to names in the file. */
    private final Map<String, String> inFile = new TreeMap<>();
    /** Names in the file that do not have the prefix. */
    private final List<String> outside = new ArrayList<>();

    TensorNames(Set<String> namesInFile) {
        this.prefix = prefix(namesInFile);
        this.headPrefix = prefix.endsWith(BASE) ? prefix.substring(0, prefix.length() - BASE.length()) : prefix;
        for (String name : namesInFile) {
            Optional<String> plain = plain(name);
            if (plain.isEmpty() || inFile.putIfAbsent(plain.get(), name) != null) {
                outside.add(name);
            }
        }
    }

    /** Returns the prefix of the token embedding; the longest where there are several. */
    private static String prefix(Collection<String> namesInFile) {
        String longest = "";
        for (String name : namesInFile) {
            Matcher matcher = TOKEN_EMBEDDING.matcher(name);
            if (matcher.matches() && matcher.group(1).length() > longest.length()) {
                longest = matcher.group(1);
            }
        }
        return longest;
    }

    private Optional<String> plain(String name) {
        if (name.startsWith(prefix)) {
            return Optional.of(name.substring(prefix.length()));
        }
        boolean head = name.startsWith(headPrefix) && TensorTable.isHead(name.substring(headPrefix.length()));
        return head ? Optional.of(name.substring(headPrefix.length())) : Optional.empty();
    }

    /** Returns the name in the file of a tensor, or the name that it would have there. */
    String inFile(String plain) {
        return inFile.getOrDefault(plain, (TensorTable.isHead(plain) ? headPrefix : prefix) + plain);
    }

    /** Returns the names without their prefix, and as they are in the file. */
    Map<String, String> all() {
        return inFile;
    }

    /** Returns the names in the file that lack the prefix, or are the second of one name. */
    List<String> outside() {
        return outside;
    }
}
