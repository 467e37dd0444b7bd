package io.flinkgpt2.parquet;

import com.fasterxml.jackson.databind.JsonNode;
import io.flinkgpt2.job.files.AnswerFields;
import io.flinkgpt2.job.files.AnswerTable;
import io.flinkgpt2.job.files.AnswerWriter;
import io.flinkgpt2.job.files.FileRecord;
import io.flinkgpt2.job.files.TableColumn;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;
import org.apache.parquet.schema.Types;

/** Answers as a file of Parquet, see {@link AnswerTable}: columns as they were, with their types, all of them optional. */
final class ParquetAnswers implements AnswerWriter {
    /** A row group is in memory until it is written. */
    private static final long ROW_GROUP_BYTES = 16 << 20;

    private final AnswerTable table;
    private final MessageType schema;
    private final ParquetWriter<Group> writer;

    ParquetAnswers(OutputStream out, AnswerTable table) throws IOException {
        this.table = table;
        List<Type> fields = new ArrayList<>();
        for (TableColumn column : table.carried()) {
            fields.add(ColumnTypes.type(column));
        }
        List<String> added = table.names().subList(fields.size(), table.names().size());
        fields.add(ColumnTypes.text(added.get(0)));
        fields.add(ColumnTypes.text(added.get(1)));
        fields.add(Types.optional(PrimitiveTypeName.INT32).named(added.get(2)));
        schema = new MessageType("answers", fields);
        writer = ExampleParquetWriter.builder(new ParquetOutput(out))
                .withConf(new PlainParquetConfiguration())
                .withCodecFactory(new PageCodecs())
                .withCompressionCodec(CompressionCodecName.SNAPPY)
                .withRowGroupSize(ROW_GROUP_BYTES)
                .withType(schema)
                .build();
    }

    @Override
    public void answered(FileRecord record, byte[] answer) throws IOException {
        AnswerFields fields = AnswerFields.read(answer);
        List<JsonNode> carried = table.values(record, fields);
        for (AnswerFields.Choice choice : fields.choices()) {
            Group row = new SimpleGroup(schema);
            int field = 0;
            for (JsonNode value : carried) {
                RowGroups.add(row, field++, value);
            }
            row.add(field++, choice.text());
            if (choice.finishReason() != null) {
                row.add(field, choice.finishReason());
            }
            row.add(field + 1, choice.index());
            writer.write(row);
        }
    }

    @Override
    public void refused(FileRecord record) {
        // It stands in the file of errors.
    }

    @Override
    public void close() throws IOException {
        writer.close();
    }
}
