package io.flinkgpt2.parquet;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.Map;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.schema.GroupType;
import org.apache.parquet.schema.PrimitiveType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;
import org.apache.parquet.schema.Type.Repetition;

/** Values that {@link RowJson} made JSON of, as they were. */
final class RowGroups {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private RowGroups() {}

    /** Adds a value to a field; nothing for null. */
    static void add(Group group, int field, JsonNode value) {
        if (value == null || value.isNull()) {
            return;
        }
        Type type = group.getType().getType(field);
        if (type.isRepetition(Repetition.REPEATED)) {
            value.forEach(one -> addOne(group, field, type, one));
        } else {
            addOne(group, field, type, value);
        }
    }

    private static void addOne(Group group, int field, Type type, JsonNode value) {
        if (type.isPrimitive()) {
            PrimitiveGroups.add(group, field, type.asPrimitiveType(), value);
            return;
        }
        Group to = group.addGroup(field);
        GroupType groupType = type.asGroupType();
        if (ListType.isList(type)) {
            if (ListType.isWrapped(groupType)) {
                value.forEach(element -> add(to.addGroup(0), 0, element));
            } else {
                add(to, 0, value);
            }
        } else if (ListType.isMap(type)) {
            addEntries(to, groupType.getType(0).asGroupType(), value);
        } else {
            for (int i = 0; i < groupType.getFieldCount(); i++) {
                add(to, i, value.get(groupType.getFieldName(i)));
            }
        }
    }

    private static void addEntries(Group map, GroupType entryType, JsonNode value) {
        for (Map.Entry<String, JsonNode> entry : value.properties()) {
            Group to = map.addGroup(0);
            add(to, 0, key(entry.getKey(), entryType.getType(0).asPrimitiveType()));
            if (entryType.getFieldCount() > 1) {
                add(to, 1, entry.getValue());
            }
        }
    }

    /** Returns a key as the value that the name was made of: a number or a boolean, or else a text. */
    private static JsonNode key(String name, PrimitiveType type) {
        PrimitiveTypeName primitive = type.getPrimitiveTypeName();
        boolean text = primitive == PrimitiveTypeName.BINARY
                || primitive == PrimitiveTypeName.FIXED_LEN_BYTE_ARRAY
                || primitive == PrimitiveTypeName.INT96;
        if (!text) {
            try {
                return MAPPER.readTree(name);
            } catch (JsonProcessingException e) {
                return TextNode.valueOf(name); // a date, or a number that is not finite
            }
        }
        return TextNode.valueOf(name);
    }
}
