package io.flinkgpt2.weights;

import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import net.razorvine.pickle.PickleException;

/**
 * The classes and functions that a checkpoint of plain tensors names: the whole of what its pickle can refer to. None does
 * more than put its arguments into a record of this package.
 *
 * @see <a href="https://github.com/pytorch/pytorch/blob/main/torch/_weights_only_unpickler.py">PyTorch's own such list</a>
 */
final class TorchGlobals {
    private static final Map<String, Global> ALLOWED = allowed();

    private TorchGlobals() {}

    /** A name that a pickle may refer to. */
    sealed interface Global permits StorageType, Function {}

    /** A class such as {@code torch.FloatStorage}, which only occurs within the persistent id of a storage. */
    record StorageType(DType dtype) implements Global {}

    /** A class or function that a pickle may call. */
    @FunctionalInterface
    non-sealed interface Function extends Global {

        /**
         * @throws PickleException if there are too few or too many arguments, or of the wrong types
         */
        Object call(Object[] arguments);
    }

    /** Returns the global of a qualified name such as {@code torch.FloatStorage}; null if it is not allowed. */
    static Global get(String qualifiedName) {
        return ALLOWED.get(qualifiedName);
    }

    private static Map<String, Global> allowed() {
        Map<String, Global> globals = new HashMap<>();
        globals.put("torch.DoubleStorage", new StorageType(DType.F64));
        globals.put("torch.FloatStorage", new StorageType(DType.F32));
        globals.put("torch.HalfStorage", new StorageType(DType.F16));
        globals.put("torch.BFloat16Storage", new StorageType(DType.BF16));
        globals.put("torch.ComplexFloatStorage", new StorageType(DType.C64));
        globals.put("torch.LongStorage", new StorageType(DType.I64));
        globals.put("torch.IntStorage", new StorageType(DType.I32));
        globals.put("torch.ShortStorage", new StorageType(DType.I16));
        globals.put("torch.CharStorage", new StorageType(DType.I8));
        globals.put("torch.ByteStorage", new StorageType(DType.U8));
        globals.put("torch.BoolStorage", new StorageType(DType.BOOL));
        globals.put("collections.OrderedDict", (Function) TorchGlobals::orderedDict);
        globals.put("torch.Size", (Function) TorchGlobals::size);
        globals.put("torch._utils._rebuild_tensor", (Function) arguments -> tensor(arguments, 4, 4));
        globals.put("torch._utils._rebuild_tensor_v2", (Function) arguments -> tensor(arguments, 6, 7));
        globals.put("torch._utils._rebuild_parameter", (Function) TorchGlobals::parameter);
        return Collections.unmodifiableMap(globals);
    }

    /** Without arguments, or with a list of pairs, as Python 2 wrote it. */
    private static PickledDict orderedDict(Object[] arguments) {
        PickledDict dict = new PickledDict();
        if (arguments.length == 0) {
            return dict;
        }
        if (arguments.length != 1 || !(arguments[0] instanceof List<?> pairs)) {
            throw new PickleException("OrderedDict of something that is not a list of pairs");
        }
        for (Object pair : pairs) {
            Object[] items =
                    pair instanceof Object[] tuple ? tuple : pair instanceof List<?> list ? list.toArray() : null;
            if (items == null || items.length != 2) {
                throw new PickleException("OrderedDict of something that is not a list of pairs");
            }
            dict.put(items[0], items[1]);
        }
        return dict;
    }

    private static Object[] size(Object[] arguments) {
        if (arguments.length != 1 || !(arguments[0] instanceof Object[] size)) {
            throw new PickleException("torch.Size of something that is not a tuple");
        }
        return size;
    }

    private static RebuiltTensor tensor(Object[] arguments, int fewest, int most) {
        if (arguments.length < fewest || arguments.length > most) {
            throw new PickleException("a tensor of " + arguments.length + " arguments");
        }
        return new RebuiltTensor(Collections.unmodifiableList(Arrays.asList(arguments)));
    }

    /** Returns the tensor of a parameter, which has marks for training beside it. */
    private static RebuiltTensor parameter(Object[] arguments) {
        if (arguments.length != 3 || !(arguments[0] instanceof RebuiltTensor tensor)) {
            throw new PickleException("a parameter of something that is not a tensor");
        }
        return tensor;
    }
}
