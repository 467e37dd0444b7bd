package io.flinkgpt2.constraint;

import io.flinkgpt2.constraint.RegexNode.Alternatives;
import io.flinkgpt2.constraint.RegexNode.Characters;
import io.flinkgpt2.constraint.RegexNode.Repeat;
import io.flinkgpt2.constraint.RegexNode.Sequence;
import java.util.ArrayList;
import java.util.List;

/** A parsed regex: its alternatives on the outermost level, each with its anchors. */
record Regex(List<Branch> branches) {
    private static final RegexNode ANYTHING = new Repeat(new Characters(CodePoints.ALL), 0, RegexNode.UNBOUNDED);

    /** One alternative, and whether it begins with {@code ^} and ends with {@code $}. */
    record Branch(RegexNode body, boolean atStart, boolean atEnd) {}

    /** Returns what matches as a whole. */
    RegexNode whole() {
        return new Alternatives(branches.stream().map(Branch::body).toList());
    }

    /** Returns the texts in which a match can be found. */
    RegexNode search() {
        List<RegexNode> options = new ArrayList<>();
        for (Branch branch : branches) {
            List<RegexNode> parts = new ArrayList<>();
            if (!branch.atStart) {
                parts.add(ANYTHING);
            }
            parts.add(branch.body);
            if (!branch.atEnd) {
                parts.add(ANYTHING);
            }
            options.add(new Sequence(parts));
        }
        return new Alternatives(options);
    }
}
