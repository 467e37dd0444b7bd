package io.flinkgpt2.cli.common;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.flinkgpt2.generation.PromptTruncation;
import io.flinkgpt2.job.record.RequestField;
import io.flinkgpt2.job.record.RequestFields;
import java.util.HashMap;
import java.util.Map;
import picocli.CommandLine.IModelTransformer;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** The options of a command that set fields of a request: those that the table of fields names. */
public final class RequestOptions implements IModelTransformer {

    private static final ObjectMapper MAPPER = new ObjectMapper();

    @Override
    public CommandSpec transform(CommandSpec command) {
        for (RequestField field : RequestFields.supported()) {
            field.option().ifPresent(option -> command.addOption(optionOf(field, option)));
        }
        return command;
    }

    private static OptionSpec optionOf(RequestField field, RequestField.Option option) {
        OptionSpec.Builder spec =
                OptionSpec.builder(field.optionName()).type(option.type()).description(option.description());
        return option.label() == null
                ? spec.arity("0").build()
                : spec.arity("1").paramLabel(option.label()).build();
    }

    /** Returns the options that were given, as JSON values by the names of the fields. */
    public static Map<String, String> given(CommandSpec command) {
        Map<String, String> values = new HashMap<>();
        for (RequestField field : RequestFields.supported()) {
            Object value = field.option().isPresent()
                    ? command.findOption(field.optionName()).getValue()
                    : null;
            if (value != null) {
                // A number that JSON does not have, such as NaN, comes out as a string, which the parser refuses by
                // name.
                Object plain = value instanceof PromptTruncation truncation ? truncation.wireName() : value;
                values.put(field.name(), MAPPER.valueToTree(plain).toString());
            }
        }
        return values;
    }
}
