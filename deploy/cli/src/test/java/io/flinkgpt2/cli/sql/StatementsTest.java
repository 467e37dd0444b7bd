package io.flinkgpt2.cli.sql;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StatementsTest {

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '^', textBlock = """
            ^SELECT 1;^                                | SELECT 1
            ^SELECT  1\n  ; ^                          | SELECT 1
            ^-- a comment\n/* and; another */ SHOW x^  | SHOW x
            ^a -- b\nc^                                | a c
            ^a/* b */c--d\ne^                           | a c e
            ^SELECT '-- no comment' , "/* nor */"^     | SELECT '-- no comment' , "/* nor */"
            ^SELECT 'it''s -- fine'^                   | SELECT 'it''s -- fine'
            ^a -- until the end^                       | a
            ^a /* until the end^                       | a
            """)
    void aStatementIsOneLineWithoutComments(String statement, String shown) {
        assertThat(Statements.withoutComments(statement)).isEqualTo(shown);
    }

    @Test
    void aCommentAloneIsNothing() {
        assertThat(Statements.withoutComments("-- nothing\n")).isEmpty();
    }

    @Test
    void aLongStatementIsCut() {
        assertThat(Statements.shortened("x".repeat(100))).isEqualTo("x".repeat(100));
        assertThat(Statements.shortened("x".repeat(101))).isEqualTo("x".repeat(100) + "…");
    }
}
