package io.flinkgpt2.job.files;

import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * The texts of answers, one a line: within a text, a line feed is written {@code \n}, a carriage return {@code \r}, a backslash
 * {@code \\}. With a separator the texts are as they are, and between any two of them is a line with the separator. A record
 * with an error has an empty text, so that where each prompt has one choice, text k answers prompt k.
 */
final class TextWriter implements AnswerWriter {
    private final Writer out;
    private final String separator;
    private boolean first = true;

    /** @param separator the line between two texts, or null: each is a line */
    TextWriter(OutputStream out, String separator) {
        this.out = new BufferedWriter(new OutputStreamWriter(out, StandardCharsets.UTF_8), 1 << 16);
        this.separator = separator;
    }

    @Override
    public void answered(FileRecord record, byte[] answer) throws IOException {
        List<AnswerFields.Choice> choices = AnswerFields.read(answer).choices();
        for (AnswerFields.Choice choice : choices) {
            write(choice.text());
        }
    }

    @Override
    public void refused(FileRecord record) throws IOException {
        write("");
    }

    private void write(String text) throws IOException {
        if (separator == null) {
            writeLine(text);
        } else {
            if (!first) {
                out.write(separator);
                out.write('\n');
            }
            out.write(text);
        }
        out.write('\n');
        first = false;
    }

    private void writeLine(String text) throws IOException {
        int start = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '\n' || c == '\r' || c == '\\') {
                out.write(text, start, i - start);
                out.write('\\');
                out.write(c == '\n' ? 'n' : c == '\r' ? 'r' : '\\');
                start = i + 1;
            }
        }
        out.write(text, start, text.length() - start);
    }

    @Override
    public void close() throws IOException {
        out.close();
    }
}
