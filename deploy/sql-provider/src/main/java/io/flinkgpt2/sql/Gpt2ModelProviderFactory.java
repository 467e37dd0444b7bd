package io.flinkgpt2.sql;

import io.flinkgpt2.json.NearestName;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.table.factories.FactoryUtil;
import org.apache.flink.table.factories.ModelProviderFactory;
import org.apache.flink.table.ml.ModelProvider;

/**
 * Makes the provider {@code gpt2} of a {@code CREATE MODEL}. Flink asks for it when a statement uses the model, and before
 * anything runs: every option and column is checked here, for what a task finds wrong would restart the job without end.
 */
public final class Gpt2ModelProviderFactory implements ModelProviderFactory {

    /** Value of {@code 'provider'}. */
    public static final String IDENTIFIER = "gpt2";

    @Override
    public String factoryIdentifier() {
        return IDENTIFIER;
    }

    @Override
    public Set<ConfigOption<?>> requiredOptions() {
        return Set.of();
    }

    @Override
    public Set<ConfigOption<?>> optionalOptions() {
        return Gpt2Options.all();
    }

    /**
     * Returns the provider of a model.
     *
     * @throws IllegalArgumentException if an option is unknown or has a value that it cannot have, a column is unknown or of
     *     another type, or the model is here and does not fit
     */
    @Override
    public ModelProvider createModelProvider(Context context) {
        Map<String, String> given = context.getCatalogModel().getOptions();
        given.keySet().forEach(Gpt2ModelProviderFactory::requireKnown);
        ModelColumns columns = ModelColumns.of(context.getCatalogModel());
        String sessionModel = context.getConfiguration().get(Gpt2Options.SESSION_MODEL);
        ProviderSettings settings = SettingsReader.read(Configuration.fromMap(given), sessionModel, columns);
        return new Gpt2ModelProvider(ModelCheck.checked(settings));
    }

    private static void requireKnown(String key) {
        Set<String> known = optionKeys();
        boolean ofFlink = key.equals(FactoryUtil.PROVIDER.key()) || key.equals(FactoryUtil.PROPERTY_VERSION.key());
        if (!ofFlink && !known.contains(key)) {
            throw new IllegalArgumentException("unknown option '" + key + "'" + NearestName.hint(key, known)
                    + " Known options: " + String.join(", ", known));
        }
    }

    private static Set<String> optionKeys() {
        return Gpt2Options.all().stream().map(ConfigOption::key).collect(Collectors.toCollection(TreeSet::new));
    }
}
