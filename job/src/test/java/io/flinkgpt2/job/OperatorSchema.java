package io.flinkgpt2.job;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion.VersionFlag;
import com.networknt.schema.ValidationMessage;
import java.io.IOException;
import java.io.InputStream;
import java.util.Set;
import org.yaml.snakeyaml.Yaml;

/**
 * The schema of a FlinkDeployment, from the operator's own jar, so strict that a field it does not know is a fault; a cluster
 * would drop such a field without a word.
 */
final class OperatorSchema {

    private static final String RESOURCE = "META-INF/fabric8/flinkdeployments.flink.apache.org-v1.yml";

    /**
     * The version of Flink that is missing: 1.10.0 is the newest operator on Maven Central, and its list ends at v1_20. Operator
     * 1.13 has added v2_2, so that is the oldest that takes these files.
     */
    private static final String ADDED_VERSION = "v2_2";

    private static final JsonSchemaFactory SCHEMAS = JsonSchemaFactory.getInstance(VersionFlag.V202012);
    private static final ObjectMapper JSON = new ObjectMapper();

    private final JsonNode definition;
    private final JsonSchema spec;
    private final JsonSchema claim;

    OperatorSchema() throws IOException {
        try (InputStream in = getClass().getClassLoader().getResourceAsStream(RESOURCE)) {
            definition = JSON.valueToTree(new Yaml().load(in));
        }
        JsonNode specSchema = version().at("/schema/openAPIV3Schema/properties/spec");
        ArrayNode versions = (ArrayNode) specSchema.at("/properties/flinkVersion/enum");
        assertThat(versions).noneMatch(version -> version.textValue().equals(ADDED_VERSION));
        versions.add(ADDED_VERSION);
        makeStrict(specSchema);
        spec = SCHEMAS.getSchema(specSchema);
        // Kubernetes' own schema of a claim: a volume of a pod may have one in it.
        JsonNode claimSchema =
                specSchema.at("/properties/podTemplate/properties/spec/properties/volumes/items/properties"
                        + "/ephemeral/properties/volumeClaimTemplate/properties/spec");
        assertThat(claimSchema.has("properties")).isTrue();
        claim = SCHEMAS.getSchema(claimSchema);
    }

    private JsonNode version() {
        return definition.at("/spec/versions/0");
    }

    /** Returns the {@code apiVersion} of a FlinkDeployment. */
    String apiVersion() {
        return definition.at("/spec/group").textValue() + "/"
                + version().path("name").textValue();
    }

    /** Returns what is wrong with the {@code spec} of a FlinkDeployment. */
    Set<ValidationMessage> faults(JsonNode deploymentSpec) {
        return spec.validate(deploymentSpec);
    }

    /** Returns what is wrong with the {@code spec} of a PersistentVolumeClaim. */
    Set<ValidationMessage> faultsOfClaim(JsonNode claimSpec) {
        return claim.validate(claimSpec);
    }

    /** Returns what is wrong with an object by a schema of the test's resources. */
    static Set<ValidationMessage> faults(JsonNode object, String resource) throws IOException {
        try (InputStream in = OperatorSchema.class.getResourceAsStream(resource)) {
            return SCHEMAS.getSchema(JSON.readTree(in)).validate(object);
        }
    }

    /** Forbids every field that an object does not list. */
    private static void makeStrict(JsonNode schema) {
        if (schema instanceof ObjectNode object
                && object.path("properties").isObject()
                && !object.path("x-kubernetes-preserve-unknown-fields").asBoolean()) {
            object.put("additionalProperties", false);
        }
        schema.forEach(OperatorSchema::makeStrict);
    }
}
