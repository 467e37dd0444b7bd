package io.flinkgpt2.hub;

import java.nio.file.Path;

/**
 * Where a model was found.
 *
 * @param path directory or file of the model
 * @param name what completions call it: the last part of the path as given, or the repository's name without its owner
 */
public record ModelLocation(Path path, String name) {}
