package io.flinkgpt2.job.record;

import io.flinkgpt2.generation.Generator;
import io.flinkgpt2.generation.RequestGroup;
import java.util.concurrent.CancellationException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Completes requests one at a time, with one answer each. For one thread. */
public final class RequestCompleter {

    private static final Logger LOG = LoggerFactory.getLogger(RequestCompleter.class);

    private final Generator generator;
    private final CompletionRecords records;
    private final boolean withTokenIds;

    /** @param withTokenIds whether answers hold the generated ids */
    public RequestCompleter(Generator generator, CompletionRecords records, boolean withTokenIds) {
        this.generator = generator;
        this.records = records;
        this.withTokenIds = withTokenIds;
    }

    /**
     * Returns the answer; where the generation fails, one with an {@code error}.
     *
     * @throws CancellationException if the thread was interrupted: the request has not failed and may be done again
     */
    public CompletionRecord complete(PromptRequest request) {
        long start = System.currentTimeMillis();
        try {
            RequestGroup ended = generator.generate(request.prompts, request.parameters);
            return ended.failure() == null
                    ? records.completed(request, ended.completions(), start, withTokenIds)
                    : failed(request, ended.failure(), start);
        } catch (CancellationException e) {
            throw e;
        } catch (RuntimeException e) {
            return failed(request, e, start);
        }
    }

    private CompletionRecord failed(PromptRequest request, RuntimeException cause, long start) {
        RequestLog.failed(LOG, request.customId, cause);
        return records.failed(request, cause, start);
    }
}
