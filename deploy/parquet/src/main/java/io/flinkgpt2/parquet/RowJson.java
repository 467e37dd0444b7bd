package io.flinkgpt2.parquet;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.schema.GroupType;
import org.apache.parquet.schema.Type;
import org.apache.parquet.schema.Type.Repetition;

/** Rows as JSON: lists as arrays, structs as objects, maps as objects whose names are the keys. {@link RowGroups} is the other
 * direction. */
final class RowJson {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private RowJson() {}

    /** Returns an object with all columns, null ones too. */
    static ObjectNode of(Group row) throws InvalidValueException {
        ObjectNode object = JSON.objectNode();
        GroupType type = row.getType();
        for (int i = 0; i < type.getFieldCount(); i++) {
            object.set(type.getFieldName(i), field(row, i));
        }
        return object;
    }

    private static JsonNode field(Group group, int field) throws InvalidValueException {
        Type type = group.getType().getType(field);
        int count = group.getFieldRepetitionCount(field);
        if (!type.isRepetition(Repetition.REPEATED)) {
            return count == 0 ? NullNode.instance : value(group, field, 0, type);
        }
        ArrayNode array = JSON.arrayNode(count);
        for (int i = 0; i < count; i++) {
            array.add(value(group, field, i, type));
        }
        return array;
    }

    private static JsonNode value(Group group, int field, int index, Type type) throws InvalidValueException {
        if (type.isPrimitive()) {
            return PrimitiveJson.of(group, field, index, type.asPrimitiveType());
        }
        Group value = group.getGroup(field, index);
        if (ListType.isList(type)) {
            return list(value, type.asGroupType());
        }
        return ListType.isMap(type) ? map(value) : of(value);
    }

    private static JsonNode list(Group list, GroupType type) throws InvalidValueException {
        if (!ListType.isWrapped(type)) {
            return field(list, 0);
        }
        int count = list.getFieldRepetitionCount(0);
        ArrayNode array = JSON.arrayNode(count);
        for (int i = 0; i < count; i++) {
            array.add(field(list.getGroup(0, i), 0));
        }
        return array;
    }

    private static JsonNode map(Group map) throws InvalidValueException {
        ObjectNode object = JSON.objectNode();
        int count = map.getFieldRepetitionCount(0);
        for (int i = 0; i < count; i++) {
            Group entry = map.getGroup(0, i);
            JsonNode key = field(entry, 0);
            JsonNode value = entry.getType().getFieldCount() > 1 ? field(entry, 1) : NullNode.instance;
            object.set(key.isTextual() ? key.textValue() : key.toString(), value);
        }
        return object;
    }
}
