package io.flinkgpt2.sql;

import io.flinkgpt2.generation.FittedPrompt;
import io.flinkgpt2.generation.PromptLimits;
import io.flinkgpt2.generation.PromptTokens;
import io.flinkgpt2.generation.PromptTooLongException;
import io.flinkgpt2.pretrained.Pretrained;
import io.flinkgpt2.sampling.GenerationParameters;
import io.flinkgpt2.tokenizer.Tokenizer;
import java.util.Arrays;
import org.apache.flink.table.data.RowData;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes requests of the rows that come in. For one thread. */
final class RequestRows {

    private static final Logger LOG = LoggerFactory.getLogger(RequestRows.class);

    /** Longest text, in characters, that is encoded at once; a longer one in memory that does not grow with it. */
    private static final int LONGEST_AT_ONCE = 1 << 20;

    private final ProviderSettings settings;
    private final Tokenizer tokenizer;
    private final PromptLimits limits;
    private final int promptIndex;
    private final int customIdIndex;
    private final int seedIndex;

    /** The seed of all rows, if they have the same one; else null. */
    private final GenerationParameters shared;

    RequestRows(ProviderSettings settings, Pretrained pretrained) {
        this.settings = settings;
        this.tokenizer = pretrained.tokenizer();
        this.limits = new PromptLimits(pretrained.config(), settings.limits().maxContext(pretrained.config()));
        this.promptIndex = settings.columns().input().indexOf(InputColumn.PROMPT);
        this.customIdIndex = settings.columns().input().indexOf(InputColumn.CUSTOM_ID);
        this.seedIndex = settings.columns().input().indexOf(InputColumn.SEED);
        Long seed = settings.generation().seed();
        this.shared = seed == null ? null : settings.parameters(seed);
    }

    /** Returns whether a row has no prompt: then it has no completion either, and that is no error. */
    boolean isNull(RowData row) {
        return row.isNullAt(promptIndex);
    }

    /** @throws RowException if the prompt cannot be completed */
    RowRequest request(RowData row) throws RowException {
        String text = row.getString(promptIndex).toString();
        int maxTokens = settings.generation().maxTokens();
        try {
            FittedPrompt prompt =
                    limits.fit(encoded(text), maxTokens, settings.overflow().truncation());
            if (prompt.droppedTokens() > 0 && settings.overflow().isLogged()) {
                LOG.info(
                        "Cut {} tokens off a prompt of {}, for max-context-size is {} and max-tokens {}",
                        prompt.droppedTokens(),
                        prompt.droppedTokens() + prompt.tokenIds().length,
                        limits.maxContext(),
                        maxTokens);
            }
            return new RowRequest(prompt.tokenIds(), prompt.droppedTokens(), parameters(row, text));
        } catch (PromptTooLongException e) {
            throw RowException.overflow("prompt: " + inWordsOfTheOptions(e), e);
        } catch (IllegalArgumentException e) {
            throw RowException.of("prompt: " + e.getMessage(), e);
        }
    }

    private static String inWordsOfTheOptions(PromptTooLongException e) {
        return e.getMessage().replaceAll("max-context(?!-size)", Gpt2Options.MAX_CONTEXT_SIZE.key())
                + "; or set context-overflow-action to have it cut";
    }

    private PromptTokens encoded(String text) {
        PromptTokens prompt = limits.newPrompt();
        boolean special = settings.generation().allowSpecialTokens();
        if (text.length() <= LONGEST_AT_ONCE) {
            Arrays.stream(tokenizer.encode(text, special)).forEach(prompt::add);
        } else {
            tokenizer.encode(text, special, prompt::add);
        }
        return prompt;
    }

    /**
     * Returns the parameters of a row. Its seed is that of its own column; else of the option; else the seed that the job gives
     * a request whose {@code custom_id} is that of the row, or its prompt.
     */
    private GenerationParameters parameters(RowData row, String prompt) {
        if (seedIndex >= 0 && !row.isNullAt(seedIndex)) {
            return settings.parameters(row.getLong(seedIndex));
        }
        if (shared != null) {
            return shared;
        }
        boolean hasId = customIdIndex >= 0 && !row.isNullAt(customIdIndex);
        String identity = hasId ? row.getString(customIdIndex).toString() : prompt;
        return settings.parameters(GenerationParameters.seedOf(identity));
    }
}
