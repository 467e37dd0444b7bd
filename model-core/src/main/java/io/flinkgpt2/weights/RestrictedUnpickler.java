package io.flinkgpt2.weights;

import static io.flinkgpt2.weights.InvalidModelException.quoted;
import static net.razorvine.pickle.Opcodes.*;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import net.razorvine.pickle.PickleException;
import net.razorvine.pickle.Unpickler;

/**
 * Reads one pickle of strangers. Builds numbers, strings, tuples, lists, {@link PickledDict}s and what the {@link TorchGlobals}
 * make of them; every other global is refused by name when it is named, before anything is made of it.
 *
 * <p>The library's unpickler would make something of any global, by a registry that all its users share, sets attributes by
 * reflection, and allocates what a length field claims. So its stack, memo and decoding of plain values are used, for those
 * opcodes of the protocols 2 to 5 that {@code torch.save} writes, after a check that their arguments are there; the others
 * are refused or done here. Its work and memory are bounded by limits on opcodes and values. Nothing recurses, however deep
 * the values are nested.
 *
 * @see <a href="https://docs.python.org/3/library/pickletools.html">pickletools, the opcodes</a>
 */
final class RestrictedUnpickler extends Unpickler {
    /** Most bytes of pickles in a file; those of a GPT-2 of 48 layers are 100,000 bytes. */
    static final int MAX_BYTES = 4 << 20;

    /** Most opcodes in a pickle; a GPT-2 of 48 layers has about 20,000. */
    static final int MAX_OPCODES = 1 << 17;

    /** Most values that wait on the stack; Python adds entries to a dict or list by the thousand. */
    static final int MAX_STACK = 1 << 14;

    /** Longest module or name of a global, in bytes. */
    private static final int MAX_NAME = 1_000;

    private static final String ADVICE =
            "the file is damaged or not made by torch.save: download it again, or convert the model to safetensors";

    private final Path file;
    private final String subject;
    private final PickleInput pickle;
    private final Map<String, TorchStorage> storages = new HashMap<>();
    private int opcodes;

    /**
     * @param subject what the pickle is in the file, for messages
     * @param pickle where it begins; afterwards just behind it
     */
    RestrictedUnpickler(Path file, String subject, PickleInput pickle) {
        this.file = file;
        this.subject = subject;
        this.pickle = pickle;
    }

    /**
     * Reads the pickle.
     *
     * @return None as null, a bool as Boolean, an int as Integer, Long or BigInteger, a float as Double, a string as String, a
     *     tuple as Object[], a list as List, a dict as PickledDict, a tensor as RebuiltTensor, a storage as TorchStorage
     * @throws InvalidModelException if it is malformed, exceeds a limit, or refers to a global that is not allowed
     */
    Object load() throws InvalidModelException {
        try {
            return load(pickle);
        } catch (InvalidModelException e) {
            throw e;
        } catch (IOException | RuntimeException e) {
            // The library reports some faults by its own exception, others by what its casts and lists throw.
            String message = e instanceof PickleException ? e.getMessage() : "a malformed pickle: " + e;
            String found = InvalidModelException.printable(message);
            throw new InvalidModelException(
                    file, subject, found + ", before byte " + pickle.position(), "a pickle of tensors", ADVICE, e);
        }
    }

    /** Returns the storages that the pickle referred to, by key. */
    Map<String, TorchStorage> storages() {
        return Collections.unmodifiableMap(storages);
    }

    @Override
    protected Object dispatch(short opcode) throws IOException {
        opcodes++;
        if (opcodes > MAX_OPCODES) {
            throw invalid("more than " + MAX_OPCODES + " opcodes", "at most that many");
        }
        if (stack.size() > MAX_STACK) {
            throw invalid("more than " + MAX_STACK + " values under construction", "at most that many");
        }
        switch (opcode) {
            case GLOBAL -> {
                String module = line();
                stack.add(global(module, line()));
            }
            case INST -> {
                String module = line();
                throw refused(module + "." + line());
            }
            case STACK_GLOBAL -> {
                String name = (String) stack.pop();
                stack.add(global((String) stack.pop(), name));
            }
            case REDUCE, NEWOBJ -> reduce();
            case BUILD -> build();
            case BINPERSID -> stack.add(storage(stack.pop()));
            case EMPTY_DICT -> stack.add(new PickledDict());
            case SETITEM -> {
                Object value = stack.pop();
                Object key = stack.pop();
                ((PickledDict) stack.peek()).put(key, value);
            }
            case SETITEMS -> setItems(stack.pop_all_since_marker());
            case APPENDS -> appends(stack.pop_all_since_marker());
            default -> {
                requireArgument(opcode);
                return super.dispatch(opcode);
            }
        }
        return NO_RETURN_VALUE;
    }

    /** Makes sure that the opcode is one that is left to the library, and its argument within the pickle. */
    private void requireArgument(short opcode) throws InvalidModelException {
        switch (opcode) {
            case MARK, STOP, NONE, NEWTRUE, NEWFALSE, MEMOIZE -> {}
            case EMPTY_TUPLE, TUPLE1, TUPLE2, TUPLE3, TUPLE, EMPTY_LIST, APPEND -> {}
            case PROTO, BININT1, BINGET, BINPUT -> requireBytes(1);
            case BININT2 -> requireBytes(2);
            case BININT, LONG_BINGET, LONG_BINPUT -> requireBytes(4);
            case BINFLOAT, FRAME -> requireBytes(8);
            case LONG1, SHORT_BINSTRING, SHORT_BINUNICODE -> requireCounted(1);
            case BINUNICODE -> requireCounted(4);
            case BINUNICODE8 -> requireCounted(8);
            default ->
                throw invalid(
                        String.format("the opcode 0x%02x at byte %d", opcode, pickle.position() - 1),
                        "those that torch.save writes");
        }
    }

    private void requireBytes(long bytes) throws InvalidModelException {
        if (bytes < 0 || bytes > pickle.remaining()) {
            throw invalid(
                    Long.toUnsignedString(bytes) + " bytes announced at byte " + pickle.position() + ", where "
                            + pickle.remaining() + " are left",
                    "a whole pickle within " + MAX_BYTES + " bytes");
        }
    }

    /** An argument whose length stands before it, in so many bytes. */
    private void requireCounted(int lengthBytes) throws InvalidModelException {
        requireBytes(lengthBytes);
        long length = pickle.peek(lengthBytes);
        requireBytes(length < 0 ? length : lengthBytes + length);
    }

    private String line() throws InvalidModelException {
        String line = pickle.line(MAX_NAME);
        if (line == null) {
            throw invalid("a global whose name does not end", "a line of at most " + MAX_NAME + " bytes");
        }
        return line;
    }

    private TorchGlobals.Global global(String module, String name) throws InvalidModelException {
        String qualified = module + "." + name;
        TorchGlobals.Global global = TorchGlobals.get(qualified);
        if (global == null) {
            throw refused(qualified);
        }
        return global;
    }

    private InvalidModelException refused(String qualified) {
        return new InvalidModelException(
                file,
                subject,
                "the global " + quoted(qualified),
                "only what tensors need, such as torch._utils._rebuild_tensor_v2",
                "PyTorch might run code from this file: do not open it there unless you trust it;"
                        + " a trusted model can be converted to safetensors");
    }

    /** Calls a function, which only builds a value. NEWOBJ makes an object of a class, to the same effect. */
    private void reduce() throws InvalidModelException {
        Object arguments = stack.pop();
        Object callable = stack.pop();
        if (!(callable instanceof TorchGlobals.Function function) || !(arguments instanceof Object[] tuple)) {
            throw invalid(
                    "a call of " + PickledDict.describe(callable) + " with " + PickledDict.describe(arguments),
                    "functions called with tuples");
        }
        stack.add(function.call(tuple));
    }

    /** Passes over the attributes of an OrderedDict: PyTorch gives state dicts a {@code _metadata}. */
    private void build() throws InvalidModelException {
        Object state = stack.pop();
        if (!(stack.peek() instanceof PickledDict) || !(state instanceof PickledDict)) {
            throw invalid(
                    PickledDict.describe(state) + " as the state of " + PickledDict.describe(stack.peek()),
                    "attributes of dicts only");
        }
    }

    private TorchStorage storage(Object persistentId) throws InvalidModelException {
        TorchStorage storage = TorchStorage.of(persistentId);
        TorchStorage other = storages.putIfAbsent(storage.key(), storage);
        if (other != null && !other.equals(storage)) {
            throw invalid(
                    "storage " + quoted(storage.key()) + " with " + other.numel() + " elements of " + other.dtype()
                            + " and with " + storage.numel() + " of " + storage.dtype(),
                    "one description of each storage");
        }
        return storage;
    }

    private void setItems(List<Object> items) throws InvalidModelException {
        PickledDict dict = (PickledDict) stack.peek();
        if (items.size() % 2 != 0) {
            throw invalid("a key without a value", "pairs of them");
        }
        for (int i = 0; i < items.size(); i += 2) {
            dict.put(items.get(i), items.get(i + 1));
        }
    }

    /** The library's own copies the list for each addition, which for many small ones takes quadratic time. */
    @SuppressWarnings("unchecked")
    private void appends(List<Object> items) {
        ((ArrayList<Object>) stack.peek()).addAll(items);
    }

    private InvalidModelException invalid(String found, String expected) {
        return new InvalidModelException(file, subject, found, expected, ADVICE);
    }
}
