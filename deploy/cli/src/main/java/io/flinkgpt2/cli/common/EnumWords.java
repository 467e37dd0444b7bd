package io.flinkgpt2.cli.common;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import picocli.CommandLine.Model.ArgSpec;

/** The words on a command line that stand for the constants of an enum: small letters, with hyphens. */
public final class EnumWords {

    private EnumWords() {}

    /** Returns the words of an enum, in the order of its constants. */
    public static List<String> of(Class<?> type) {
        return Arrays.stream(type.getEnumConstants())
                .map(constant -> constant.toString().toLowerCase(Locale.ROOT).replace('_', '-'))
                .toList();
    }

    /** Returns the words that an option or parameter takes; empty if its values are of no enum. */
    public static Optional<List<String>> of(ArgSpec arg) {
        return Stream.concat(Stream.of(arg.type()), Arrays.stream(arg.auxiliaryTypes()))
                .filter(Class::isEnum)
                .findFirst()
                .map(EnumWords::of);
    }
}
