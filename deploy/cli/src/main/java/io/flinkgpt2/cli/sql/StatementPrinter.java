package io.flinkgpt2.cli.sql;

import java.io.OutputStream;
import java.util.List;
import org.apache.flink.table.api.ResultKind;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.gateway.api.results.ResultSet;
import org.apache.flink.table.gateway.service.application.Printer;
import org.apache.flink.table.gateway.service.result.ResultFetcher;

/**
 * A listener of Flink's script executor, which tells of each statement, then of its result. The rows of a query are printed;
 * that a job was submitted, or a table created, is not.
 */
final class StatementPrinter extends Printer {

    private final String script;
    private final RowPrinter rows;
    private String statement = "";
    /** Where the statement begins in the script. */
    private int start;

    private int end;

    StatementPrinter(String script, RowPrinter rows) {
        super(OutputStream.nullOutputStream());
        this.script = script;
        this.rows = rows;
    }

    /** Returns the statement that was begun last; empty before the first. */
    String statement() {
        return statement;
    }

    /** Returns the line of the script, from 1, where that statement begins. */
    int line() {
        return 1
                + (int) script.substring(0, start)
                        .chars()
                        .filter(c -> c == '\n')
                        .count();
    }

    @Override
    public void print(String begun) {
        int found = script.indexOf(begun, end);
        // Blank lines and comments before it.
        statement = Statements.withoutComments(begun);
        start = found < 0 ? end : found + begun.indexOf(firstWord(statement));
        end = found < 0 ? end : found + begun.length();
    }

    private static String firstWord(String text) {
        return text.split(" ", 2)[0];
    }

    @Override
    public void print(ResultFetcher result) {
        RowPrinter.Rows printed = null;
        try {
            for (Long token = 0L; token != null; ) {
                ResultSet fetched = result.fetchResults(token, Integer.MAX_VALUE);
                if (fetched.getResultKind() == ResultKind.SUCCESS
                        || (fetched.getJobID() != null && !result.isQueryResult())) {
                    return;
                }
                if (printed == null) {
                    printed = rows.begin(result.getResultSchema());
                }
                List<RowData> data = fetched.getData();
                for (RowData row : data) {
                    printed.print(row, result.getConverter().convert(row));
                }
                token = fetched.getNextToken();
                if (data.isEmpty() && token != null) {
                    Thread.sleep(1);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            result.close();
        }
    }

    /** The executor throws what it tells here. */
    @Override
    public void print(Throwable failure) {}
}
