package io.flinkgpt2.job.files;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** A table of random values, written as CSV or TSV in all the ways that are allowed, and what should be read of it. */
final class RandomTable {
    private static final String[] PIECES = {
        "a", "bc", " ", "", "\"", ",", "\t", "\n", "\r", "\r\n", "é", "日本", "😀", ";", "\\", "#", "'", "\u0000",
        "\uFEFF", "\u2028"
    };

    /**
     * A row.
     *
     * @param values null if the row is not in order
     */
    record Row(long offset, long line, byte[] original, List<String> values) {}

    final char separator;
    final List<String> columns = new ArrayList<>();
    final List<Row> rows = new ArrayList<>();
    private final Random random;
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private long line = 1;
    private boolean afterCr;

    /** @param faults whether some rows are not in order */
    RandomTable(Random random, char separator, boolean faults) {
        this.random = random;
        this.separator = separator;
        int width = 1 + random.nextInt(4);
        for (int i = 0; i < width; i++) {
            columns.add(i == 0 ? "prompt" : value() + i);
        }
        if (random.nextBoolean()) {
            bytes.writeBytes("\uFEFF".getBytes(UTF_8));
        }
        write(row(columns));
        int count = random.nextInt(12);
        endLine(count == 0 && random.nextBoolean());

        for (int i = 0; i < count; i++) {
            while (random.nextInt(6) == 0) {
                endLine(false);
            }
            addRow(faults && random.nextInt(3) == 0);
            endLine(i == count - 1 && random.nextBoolean());
        }
    }

    byte[] bytes() {
        return bytes.toByteArray();
    }

    private void addRow(boolean faulty) {
        List<String> values = new ArrayList<>();
        for (int i = 0; i < columns.size(); i++) {
            values.add(value());
        }
        byte[] original;
        if (!faulty) {
            original = row(values);
        } else {
            original = switch (random.nextInt(4)) {
                case 0 -> row(append(values, value()));
                case 1 -> (new String(row(values), UTF_8) + separator + "\"x\"y").getBytes(UTF_8);
                case 2 -> concat(row(values), new byte[] {(byte) (random.nextBoolean() ? 0xFF : 0xC3), 'a'});
                default -> ("\"\n\"\"\" \"" + separator + new String(row(values), UTF_8)).getBytes(UTF_8);
            };
            values = null;
        }
        rows.add(new Row(bytes.size(), line, original, values));
        write(original);
    }

    private static List<String> append(List<String> values, String value) {
        List<String> more = new ArrayList<>(values);
        more.add(value);
        return more;
    }

    private static byte[] concat(byte[] head, byte[] tail) {
        ByteArrayOutputStream both = new ByteArrayOutputStream();
        both.writeBytes(head);
        both.writeBytes(tail);
        return both.toByteArray();
    }

    private String value() {
        StringBuilder value = new StringBuilder();
        int pieces = random.nextInt(5);
        for (int i = 0; i < pieces; i++) {
            value.append(PIECES[random.nextInt(PIECES.length)]);
        }
        return value.toString();
    }

    private byte[] row(List<String> values) {
        StringBuilder row = new StringBuilder();
        for (int i = 0; i < values.size(); i++) {
            String value = values.get(i);
            boolean needsQuotes = value.startsWith("\"")
                    || value.indexOf(separator) >= 0
                    || value.contains("\n")
                    || value.contains("\r");
            boolean alone = values.size() == 1 && value.isEmpty();
            row.append(i > 0 ? String.valueOf(separator) : "");
            if (needsQuotes || alone || random.nextBoolean()) {
                row.append('"')
                        .append(value.replace("\"", "\"\""))
                        .append('"')
                        .append(random.nextInt(8) == 0 ? "  " : "");
            } else {
                row.append(value);
            }
        }
        return row.toString().getBytes(UTF_8);
    }

    private void write(byte[] row) {
        afterCr = false;
        String text = new String(row, java.nio.charset.StandardCharsets.ISO_8859_1);
        line += text.split("\r\n|\r|\n", -1).length - 1;
        bytes.writeBytes(row);
    }

    private void endLine(boolean never) {
        if (never) {
            return;
        }
        // A line feed after a carriage return would be the end of the same line.
        String end = afterCr ? "\r" : List.of("\n", "\r\n", "\r").get(random.nextInt(3));
        afterCr = end.equals("\r");
        bytes.writeBytes(end.getBytes(UTF_8));
        line++;
    }
}
