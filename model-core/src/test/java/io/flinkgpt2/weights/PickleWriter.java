package io.flinkgpt2.weights;

import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/** Writes pickles of protocol 2 as PyTorch does, and, by {@link Raw}, as nobody should. */
final class PickleWriter {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final boolean olderForm;

    private PickleWriter(boolean olderForm) {
        this.olderForm = olderForm;
    }

    /** Opcodes with their arguments, which leave one value on the stack. */
    record Raw(String latin1) {
        static Raw of(String latin1) {
            return new Raw(latin1);
        }

        byte[] opcodes() {
            return latin1.getBytes(StandardCharsets.ISO_8859_1);
        }
    }

    /** A storage's persistent id; in the place of each item may stand what does not belong there. */
    record Storage(String type, Object key, Object numel) {}

    /** A call of {@code _rebuild_tensor_v2}; in the place of each item may stand what does not belong there. */
    record Tensor(Object storage, Object offset, Object size, Object stride) {
        /** A tensor that is the whole of its storage. */
        static Tensor whole(String type, String key, int... shape) {
            int numel = 1;
            List<Object> size = new ArrayList<>();
            List<Object> stride = new ArrayList<>();
            for (int d = shape.length - 1; d >= 0; d--) {
                size.add(shape[d]);
                stride.add(numel);
                numel *= shape[d];
            }
            Collections.reverse(size);
            Collections.reverse(stride);
            return new Tensor(new Storage(type, key, numel), 0, size.toArray(), stride.toArray());
        }
    }

    /** A call of a global. */
    record Call(String module, String name, List<Object> arguments) {
        static Call of(String module, String name, Object... arguments) {
            return new Call(module, name, Arrays.asList(arguments));
        }
    }

    /** The pickle of a value: null, Boolean, Integer, Long, BigInteger, String, Object[], List, Map or one of the above. */
    static byte[] pickle(Object value) {
        return pickle(value, false);
    }

    /** As {@link #pickle(Object)}, with persistent ids as before PyTorch 1.6. */
    static byte[] pickle(Object value, boolean olderForm) {
        PickleWriter writer = new PickleWriter(olderForm);
        writer.raw("\u0080\u0002").value(value).raw(".");
        return writer.out.toByteArray();
    }

    private PickleWriter value(Object value) {
        if (value == null) {
            raw("N");
        } else if (value instanceof Raw raw) {
            out.writeBytes(raw.opcodes());
        } else if (value instanceof Boolean bool) {
            raw(bool ? "\u0088" : "\u0089");
        } else if (value instanceof Integer integer) {
            raw("J").number(integer, 4);
        } else if (value instanceof Long integer) {
            raw("\u008a\u0008").number(integer, 8);
        } else if (value instanceof BigInteger integer) {
            byte[] bigEndian = integer.toByteArray();
            raw("\u008a").number(bigEndian.length, 1);
            for (int i = bigEndian.length - 1; i >= 0; i--) {
                out.write(bigEndian[i]);
            }
        } else if (value instanceof String text) {
            byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
            raw("X").number(utf8.length, 4).out.writeBytes(utf8);
        } else if (value instanceof Object[] tuple) {
            raw("(");
            for (Object item : tuple) {
                value(item);
            }
            raw("t");
        } else {
            object(value);
        }
        return this;
    }

    private void object(Object value) {
        if (value instanceof List<?> list) {
            raw("](");
            list.forEach(this::value);
            raw("e");
        } else if (value instanceof Map<?, ?> map) {
            global("collections", "OrderedDict").raw(")R(");
            map.forEach((key, item) -> {
                value(key);
                value(item);
            });
            raw("u");
        } else if (value instanceof Storage storage) {
            raw("(").value("storage");
            global("torch", storage.type()).value(storage.key());
            value("cuda:0");
            value(storage.numel());
            raw(olderForm ? "NtQ" : "tQ");
        } else if (value instanceof Tensor tensor) {
            global("torch._utils", "_rebuild_tensor_v2");
            value(new Object[] {tensor.storage(), tensor.offset(), tensor.size(), tensor.stride(), false, Map.of()});
            raw("R");
        } else if (value instanceof Call call) {
            global(call.module(), call.name()).value(call.arguments().toArray());
            raw("R");
        } else {
            throw new IllegalArgumentException("cannot pickle " + value.getClass());
        }
    }

    private PickleWriter global(String module, String name) {
        return raw("c" + module + "\n" + name + "\n");
    }

    private PickleWriter raw(String latin1) {
        out.writeBytes(latin1.getBytes(StandardCharsets.ISO_8859_1));
        return this;
    }

    private PickleWriter number(long value, int bytes) {
        byte[] all = ByteBuffer.allocate(Long.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(value)
                .array();
        out.write(all, 0, bytes);
        return this;
    }
}
