package io.flinkgpt2.parquet;

import org.apache.parquet.schema.GroupType;
import org.apache.parquet.schema.LogicalTypeAnnotation.ListLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.MapKeyValueTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.MapLogicalTypeAnnotation;
import org.apache.parquet.schema.Type;
import org.apache.parquet.schema.Type.Repetition;

/** The forms of lists and maps, those of older writers too (LogicalTypes.md of the format, "Nested Types"). */
final class ListType {

    private ListType() {}

    static boolean isList(Type type) {
        return !type.isPrimitive()
                && type.getLogicalTypeAnnotation() instanceof ListLogicalTypeAnnotation
                && hasOneRepeatedField(type.asGroupType());
    }

    /** Returns whether each element of a list lies in a group of its own. */
    static boolean isWrapped(GroupType list) {
        Type repeated = list.getType(0);
        return !repeated.isPrimitive()
                && repeated.asGroupType().getFieldCount() == 1
                && !repeated.asGroupType().getType(0).isRepetition(Repetition.REPEATED)
                && !repeated.getName().equals("array")
                && !repeated.getName().equals(list.getName() + "_tuple");
    }

    /** Returns the type of a list's elements. */
    static Type element(GroupType list) {
        return isWrapped(list) ? list.getType(0).asGroupType().getType(0) : list.getType(0);
    }

    static boolean isMap(Type type) {
        return !type.isPrimitive()
                && (type.getLogicalTypeAnnotation() instanceof MapLogicalTypeAnnotation
                        || type.getLogicalTypeAnnotation() instanceof MapKeyValueTypeAnnotation)
                && hasOneRepeatedField(type.asGroupType())
                && !type.asGroupType().getType(0).isPrimitive()
                && type.asGroupType().getType(0).asGroupType().getType(0).isPrimitive();
    }

    private static boolean hasOneRepeatedField(GroupType group) {
        return group.getFieldCount() == 1 && group.getType(0).isRepetition(Repetition.REPEATED);
    }
}
