package io.flinkgpt2.cli.batch;

import io.flinkgpt2.cli.common.Progress;
import java.io.IOException;
import java.util.concurrent.TimeUnit;

/** Shows how far a run is: prompts done of all, errors, tokens a second and the time left. */
final class BatchProgress {

    /** Between two lines where there is no terminal. */
    private static final long LINE_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final Progress progress;
    private final AnswerCount answers;
    private final PromptCount prompts;
    private long start;
    private long doneBefore = -1;
    private long tokensBefore;
    private long lastLine;

    BatchProgress(Progress progress, AnswerCount answers, PromptCount prompts) {
        this.progress = progress;
        this.answers = answers;
        this.prompts = prompts;
    }

    /** Returns whether each prompt has its answer or error, which no checkpoint need have committed yet. */
    boolean allDone() {
        return prompts.isExact() && answers.answered() + answers.refused() >= prompts.total();
    }

    /** Looks at the run, and shows how far it is. */
    void update() throws IOException {
        answers.update();
        long now = System.nanoTime();
        long done = answers.answered() + answers.refused();
        if (doneBefore < 0) {
            doneBefore = done;
            tokensBefore = answers.tokens();
            start = now;
            lastLine = now;
            return;
        }
        boolean line = now - lastLine >= LINE_NANOS;
        if (done > 0 && (progress.isTerminal() || line)) {
            double seconds = (now - start) * 1e-9;
            lastLine = now;
            progress.run(
                    done,
                    Math.max(done, prompts.total()),
                    prompts.isExact(),
                    answers.refused(),
                    (answers.tokens() - tokensBefore) / seconds,
                    (done - doneBefore) / seconds);
        }
    }
}
