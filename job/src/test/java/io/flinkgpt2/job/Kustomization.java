package io.flinkgpt2.job;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.yaml.snakeyaml.Yaml;

/**
 * The part of kustomize that {@code deploy/kubernetes} uses: resources, components, generated ConfigMaps and JSON patches with
 * the operation {@code add} (RFC 6902). Whatever else a file asks for fails, and so does a patch that finds no place. Generated
 * names get no hash.
 */
final class Kustomization {

    private static final Set<String> FIELDS =
            Set.of("apiVersion", "kind", "resources", "components", "configMapGenerator", "configurations", "patches");

    private static final ObjectMapper JSON = new ObjectMapper();

    private final Map<String, ObjectNode> objects = new LinkedHashMap<>();

    private Kustomization() {}

    /** Returns the objects of an overlay, to which components are added, by kind and name with a slash between them. */
    static Map<String, ObjectNode> render(Path overlay, Path... components) throws IOException {
        Kustomization rendered = new Kustomization();
        rendered.add(overlay);
        for (Path component : components) {
            rendered.add(component);
        }
        return rendered.objects;
    }

    /** Returns the documents of a file. */
    static List<JsonNode> documents(Path file) throws IOException {
        List<JsonNode> documents = new ArrayList<>();
        new Yaml().loadAll(Files.readString(file)).forEach(document -> documents.add(JSON.valueToTree(document)));
        return documents;
    }

    private void add(Path directory) throws IOException {
        Path path = directory.resolve("kustomization.yaml");
        JsonNode file = documents(path).get(0);
        assertOnly(file, FIELDS, path);
        for (JsonNode resource : file.path("resources")) {
            Path named = directory.resolve(resource.textValue());
            if (Files.isDirectory(named)) {
                add(named);
            } else {
                documents(named).forEach(this::put);
            }
        }
        for (JsonNode component : file.path("components")) {
            add(directory.resolve(component.textValue()));
        }
        for (JsonNode generator : file.path("configMapGenerator")) {
            generate(generator, path);
        }
        for (JsonNode configuration : file.path("configurations")) {
            assertThat(directory.resolve(configuration.textValue())).isRegularFile();
        }
        for (JsonNode patch : file.path("patches")) {
            assertOnly(patch, Set.of("path", "target"), path);
            ObjectNode target = objects.get(patch.at("/target/kind").textValue() + "/"
                    + patch.at("/target/name").textValue());
            assertThat(target).as("target of " + patch).isNotNull();
            Path operations = directory.resolve(patch.path("path").textValue());
            for (JsonNode operation : documents(operations).get(0)) {
                add(operation, target);
            }
        }
    }

    private void put(JsonNode object) {
        String name = object.path("kind").textValue() + "/"
                + object.at("/metadata/name").textValue();
        assertThat(objects.put(name, (ObjectNode) object)).as(name + " before").isNull();
    }

    private void generate(JsonNode generator, Path file) {
        assertOnly(generator, Set.of("name", "behavior", "literals"), file);
        String name = generator.path("name").textValue();
        if (!generator.has("behavior")) {
            ObjectNode map = JSON.createObjectNode().put("apiVersion", "v1").put("kind", "ConfigMap");
            map.putObject("metadata").put("name", name);
            map.putObject("data");
            put(map);
        } else {
            assertThat(generator.path("behavior").textValue()).isEqualTo("merge");
        }
        ObjectNode map = objects.get("ConfigMap/" + name);
        assertThat(map).as("ConfigMap " + name).isNotNull();
        for (JsonNode literal : generator.path("literals")) {
            String[] pair = literal.textValue().split("=", 2);
            ((ObjectNode) map.path("data")).put(pair[0], pair[1]);
        }
    }

    private static void add(JsonNode operation, ObjectNode target) {
        assertOnly(operation, Set.of("op", "path", "value"), operation);
        assertThat(operation.path("op").textValue()).isEqualTo("add");
        JsonPointer pointer = JsonPointer.compile(operation.path("path").textValue());
        JsonNode parent = target.at(pointer.head());
        String last = pointer.last().getMatchingProperty();
        JsonNode value = operation.path("value").deepCopy();
        if (parent instanceof ArrayNode list) {
            assertThat(last).as(operation.toString()).isEqualTo("-");
            list.add(value);
        } else {
            assertThat(parent).as("place of " + operation).isInstanceOf(ObjectNode.class);
            assertThat(parent.has(last))
                    .as(last + " is there before " + operation)
                    .isFalse();
            ((ObjectNode) parent).set(last, value);
        }
    }

    private static void assertOnly(JsonNode object, Set<String> fields, Object place) {
        List<String> names = new ArrayList<>();
        object.fieldNames().forEachRemaining(names::add);
        assertThat(names).as(place.toString()).isSubsetOf(fields);
    }
}
