package io.flinkgpt2.cli.sql;

/** Text of SQL statements as messages show it. */
final class Statements {

    private static final int LONGEST_SHOWN = 100;

    private Statements() {}

    /** Returns a statement on one line, without comments and the semicolon. */
    static String withoutComments(String statement) {
        StringBuilder text = new StringBuilder();
        char quote = 0;
        for (int i = 0; i < statement.length(); i++) {
            char c = statement.charAt(i);
            if (quote != 0) {
                quote = c == quote ? 0 : quote;
            } else if (c == '\'' || c == '"' || c == '`') {
                quote = c;
            } else if (statement.startsWith("--", i)) {
                i = end(statement, "\n", i);
                c = ' ';
            } else if (statement.startsWith("/*", i)) {
                i = end(statement, "*/", i);
                c = ' ';
            }
            text.append(c);
        }
        return text.toString().strip().replaceAll("\\s*;$", "").replaceAll("\\s+", " ");
    }

    /** Returns the index of the last character of a comment. */
    private static int end(String statement, String mark, int start) {
        int found = statement.indexOf(mark, start);
        return found < 0 ? statement.length() : found + mark.length() - 1;
    }

    /** Returns the beginning of a statement. */
    static String shortened(String statement) {
        return statement.length() <= LONGEST_SHOWN ? statement : statement.substring(0, LONGEST_SHOWN) + "…";
    }
}
