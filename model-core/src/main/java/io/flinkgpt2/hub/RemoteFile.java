package io.flinkgpt2.hub;

import static io.flinkgpt2.hub.ModelHubException.quoted;

import java.util.regex.Pattern;

/**
 * A file as the hub lists it.
 *
 * @param name plain name: no separators, no leading dot, so that it cannot leave its directory
 * @param size bytes of its content
 * @param checksum of its content
 */
record RemoteFile(String name, long size, Checksum checksum) {

    private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_.+-]{0,199}");

    /** Checks name and size; throws IllegalArgumentException. */
    RemoteFile {
        if (!isPlain(name)) {
            throw new IllegalArgumentException("found the file name " + quoted(name) + ", expected a plain name");
        }
        if (size < 0) {
            throw new IllegalArgumentException("found the size " + size + " of " + name + ", expected 0 or more");
        }
    }

    /** Returns whether a name can neither leave its directory nor hide there. */
    static boolean isPlain(String name) {
        return PLAIN.matcher(name).matches();
    }
}
