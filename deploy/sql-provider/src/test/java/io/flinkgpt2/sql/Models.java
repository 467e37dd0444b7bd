package io.flinkgpt2.sql;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.Schema;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.catalog.CatalogModel;
import org.apache.flink.table.catalog.Column;
import org.apache.flink.table.catalog.ObjectIdentifier;
import org.apache.flink.table.catalog.ResolvedCatalogModel;
import org.apache.flink.table.catalog.ResolvedSchema;
import org.apache.flink.table.factories.FactoryUtil;
import org.apache.flink.table.types.DataType;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/** Models as {@code CREATE MODEL} declares them, without a statement. */
final class Models {

    static final Path BUNDLED =
            Path.of("..", "models", "fairytales").toAbsolutePath().normalize();

    static final Column PROMPT = Column.physical("prompt", DataTypes.STRING());
    static final Column TEXT = Column.physical("text", DataTypes.STRING());
    static final Column ERROR = Column.physical("error", DataTypes.STRING());

    private Models() {}

    static Column column(String name, DataType type) {
        return Column.physical(name, type);
    }

    /** Makes the provider by the way that Flink takes: it is found by its name. */
    static Gpt2ModelProvider provider(
            List<Column> input, List<Column> output, Map<String, String> options, Map<String, String> session) {
        Map<String, String> all = new HashMap<>(options);
        all.put("provider", "gpt2");
        ResolvedSchema in = ResolvedSchema.of(input);
        ResolvedSchema out = ResolvedSchema.of(output);
        CatalogModel model = CatalogModel.of(
                Schema.newBuilder().fromResolvedSchema(in).build(),
                Schema.newBuilder().fromResolvedSchema(out).build(),
                all,
                null);
        return (Gpt2ModelProvider) FactoryUtil.createModelProvider(
                null,
                ObjectIdentifier.of("catalog", "database", "m"),
                ResolvedCatalogModel.of(model, in, out),
                Configuration.fromMap(session),
                Models.class.getClassLoader(),
                true);
    }

    /** Makes the settings of a model with a prompt in, and text and error out. */
    static ProviderSettings settings(Map<String, String> options) {
        Map<String, String> all = new HashMap<>(options);
        all.putIfAbsent("model", BUNDLED.toString());
        return provider(List.of(PROMPT), List.of(TEXT, ERROR), all, Map.of()).settings();
    }

    /** Checks that Flink tells what the factory refuses. */
    static void assertRefused(ThrowingCallable making, String message) {
        assertThatThrownBy(making)
                .isInstanceOf(ValidationException.class)
                .cause()
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }
}
