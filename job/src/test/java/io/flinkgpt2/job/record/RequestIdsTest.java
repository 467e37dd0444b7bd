package io.flinkgpt2.job.record;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class RequestIdsTest {

    @Test
    void anIdIsAFunctionOfJobAndRequest() {
        // sha256sum of 00 00 00 03 "job" "r-1"
        assertThat(RequestIds.completionId("job", "r-1")).isEqualTo("cmpl-ab9ff74979ae9e11d70654ca");
    }

    @Test
    void whereTheJobEndsMatters() {
        assertThat(RequestIds.completionId("a", "bc")).isNotEqualTo(RequestIds.completionId("ab", "c"));
        assertThat(RequestIds.completionId("a\0", "b")).isNotEqualTo(RequestIds.completionId("a", "\0b"));
        assertThat(RequestIds.completionId("", "ab")).isNotEqualTo(RequestIds.completionId("ab", ""));
    }

    @Test
    void aLogShowsAnIdOnOneLine() {
        assertThat(RequestIds.forLog("\u001b[2J\nline2"))
                .doesNotContain("\u001b", "\n")
                .contains("[2J", "line2");
    }
}
