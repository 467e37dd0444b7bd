package io.flinkgpt2.constraint;

import java.math.BigInteger;
import java.util.List;

/** The JSON values that a schema allows. */
sealed interface Shape {
    Shape NONE = new OneOf(List.of());
    Shape ANY_NUMBER = new AnyNumber();
    Shape ANY_STRING = new Strings(null, 0, RegexNode.UNBOUNDED);
    Shape ANY_OBJECT = new Free(Nfa.ANY_OBJECT);
    Shape ANY_ARRAY = new Free(Nfa.ANY_ARRAY);
    Shape NULL = new Texts(List.of("null"));
    Shape BOOLEAN = new Texts(List.of("false", "true"));
    Shape ANY_SCALAR = new OneOf(List.of(ANY_STRING, ANY_NUMBER, BOOLEAN, NULL));
    Shape ANY = new OneOf(List.of(ANY_SCALAR, ANY_OBJECT, ANY_ARRAY));

    /** Values given one by one, in their spelling. */
    record Texts(List<String> texts) implements Shape {}

    /** Numbers with or without fraction and exponent. */
    record AnyNumber() implements Shape {}

    /**
     * Integers, both bounds included.
     *
     * @param min null if there is none
     * @param max null if there is none
     */
    record Integers(BigInteger min, BigInteger max) implements Shape {}

    /**
     * Strings.
     *
     * @param pattern null if there is none
     * @param min the fewest characters
     * @param max the most characters, or {@link RegexNode#UNBOUNDED}
     */
    record Strings(RegexNode pattern, int min, int max) implements Shape {}

    /** @param max the most items, or {@link RegexNode#UNBOUNDED} */
    record Arrays(Shape item, int min, int max) implements Shape {}

    /** Objects with these names in this order. */
    record Objects(List<Property> properties) implements Shape {}

    record Property(String name, boolean required, Shape value) {}

    /** Any object or any array, by its label. */
    record Free(int label) implements Shape {}

    /** A value of any of several shapes. */
    record OneOf(List<Shape> shapes) implements Shape {}
}
