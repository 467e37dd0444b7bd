package io.flinkgpt2.deploy;

/**
 * The work that a fault meets, which it could lose or do twice.
 *
 * @param prompts sent and not answered yet
 * @param sequences with generated tokens that have not ended
 * @param transactions open in the broker under the job's name
 */
record Observation(int prompts, long sequences, int transactions) {

    /** Whether one of the three is missing, so that the fault would show less than it should. */
    boolean lacksWork() {
        return prompts == 0 || sequences == 0 || transactions == 0;
    }

    @Override
    public String toString() {
        return prompts + " prompts, " + sequences + " generations, " + transactions + " open transactions";
    }
}
