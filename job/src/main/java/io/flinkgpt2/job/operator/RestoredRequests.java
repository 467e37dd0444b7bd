package io.flinkgpt2.job.operator;

import io.flinkgpt2.job.function.GenerationSettings;
import io.flinkgpt2.job.record.DeadLetter;
import io.flinkgpt2.job.record.InvalidRequestException;
import io.flinkgpt2.job.record.PromptRequest;
import io.flinkgpt2.job.record.RequestParser;
import java.util.Set;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The requests that come out of the state. Those of this generation's identity go on after their tokens; those of another start
 * again from the record as it was received; answers that are held back stay as they are.
 */
final class RestoredRequests {

    private static final Logger LOG = LoggerFactory.getLogger(RestoredRequests.class);

    private final String jobName;
    private final String identity;
    private final RequestParser parser;
    private final Set<String> otherIdentities = new TreeSet<>();
    private int all;
    private int begun;
    private int answered;
    private int restarted;
    private int refused;

    /**
     * @param identity {@link GenerationSettings#identity}
     * @param parser of this generation's model
     */
    RestoredRequests(String jobName, String identity, RequestParser parser) {
        this.jobName = jobName;
        this.identity = identity;
        this.parser = parser;
    }

    /**
     * Makes a request one of this generation.
     *
     * @return null, or the dead letter that it becomes because this generation's model or limits refuse it
     */
    DeadLetter adopt(RequestInFlight request) {
        all++;
        begun += request.hadBegun() ? 1 : 0;
        answered += request.isAnswered() ? 1 : 0;
        boolean goesOn = request.identity.equals(identity);
        if (request.isAnswered() || (goesOn && request.isParsed())) {
            return null;
        }
        PromptRequest received = request.request;
        if (!goesOn) {
            otherIdentities.add(request.identity);
        }
        try {
            PromptRequest parsed = parser.parse(received.record, received.receivedAt);
            if (goesOn) {
                request.parsedAnew(parsed);
            } else {
                request.startAgain(parsed, identity);
                restarted++;
            }
            return null;
        } catch (InvalidRequestException e) {
            refused++;
            return new DeadLetter(received.record, e.error(), jobName, System.currentTimeMillis());
        }
    }

    /** Returns the number of requests that start again. */
    int restarted() {
        return restarted;
    }

    /** Says what became of them: one line, and a second one if some were of another identity. */
    void log() {
        LOG.info(
                "Restored {} requests in flight, {} of them with generated tokens, {} with answers that are held back",
                all,
                begun,
                answered);
        if (!otherIdentities.isEmpty()) {
            LOG.warn(
                    "Model, numeric mode or generation settings differ from those of the state: {} requests in flight start"
                            + " again from the record as it was received, {} became dead letters. State: {}. Now: [{}]",
                    restarted,
                    refused,
                    otherIdentities,
                    identity);
        }
    }
}
