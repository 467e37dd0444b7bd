package io.flinkgpt2.weights;

import static io.flinkgpt2.weights.TorchFixtures.dict;
import static org.assertj.core.api.Assertions.assertThat;

import io.flinkgpt2.weights.TorchFixtures.Floats;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The older form of a checkpoint, cut off, of another kind, or with storages that do not fit. */
class TorchOlderFormHostileTest {
    @TempDir
    Path directory;

    @Test
    void refusesAnOlderCheckpointThatIsTruncatedAnywhere() throws IOException {
        byte[] whole = TorchFixtures.older(TorchFixtures.stateDict(), TorchFixtures.storages());
        for (int length = 0; length < whole.length; length++) {
            TorchFixtures.refusal(directory, Arrays.copyOf(whole, length));
        }
    }

    private InvalidModelException refusalOfOlder(Object magic, Object version, Object system) throws IOException {
        byte[] state = PickleWriter.pickle(TorchFixtures.stateDict(), true);
        return TorchFixtures.refusal(
                directory, TorchFixtures.older(magic, version, system, state, List.of(), new byte[0]));
    }

    @Test
    void refusesAnOlderCheckpointOfAnotherKind() throws IOException {
        var system = TorchFixtures.system();
        var magic = TorchFixtures.MAGIC_NUMBER;
        assertThat(refusalOfOlder(42, 1001, system).subject()).isEqualTo("magic number");
        assertThat(refusalOfOlder(magic, 1002, system).subject()).isEqualTo("protocol version");
        assertThat(refusalOfOlder(magic, 1001, dict("little_endian", false)).found())
                .isEqualTo("the value false");
        assertThat(refusalOfOlder(magic, 1001, dict()).subject()).isEqualTo("system pickle, little_endian");
        assertThat(refusalOfOlder(magic, 1001, null).subject()).isEqualTo("system pickle, little_endian");
    }

    private InvalidModelException refusalOfKeys(Object keys, byte[] data) throws IOException {
        byte[] state = PickleWriter.pickle(TorchFixtures.stateDict(), true);
        return TorchFixtures.refusal(
                directory,
                TorchFixtures.older(TorchFixtures.MAGIC_NUMBER, 1001, TorchFixtures.system(), state, keys, data));
    }

    @Test
    void refusesKeysOfStoragesThatDoNotFit() throws IOException {
        Floats w = TorchFixtures.storages()[0];
        ByteArrayOutputStream data = new ByteArrayOutputStream();
        for (int i = 0; i < 2; i++) {
            data.writeBytes(TorchFixtures.int64(6));
            data.writeBytes(w.bytes());
        }
        assertThat(refusalOfKeys(List.of("0", "0"), data.toByteArray()).found()).isEqualTo("'0' twice");
        assertThat(refusalOfKeys(List.of("0", "9"), data.toByteArray()).found()).isEqualTo("the string '9'");
        assertThat(refusalOfKeys(List.of(0), data.toByteArray()).found()).isEqualTo("the value 0");
        assertThat(refusalOfKeys("0", data.toByteArray()).subject()).isEqualTo("pickle of storage keys");
        assertThat(refusalOfKeys(List.of("0"), data.toByteArray()).found())
                .isEqualTo("32 bytes after the last storage");
        assertThat(refusalOfKeys(List.of("0"), Arrays.copyOf(data.toByteArray(), 32))
                        .subject())
                .isEqualTo("tensor 'b', storage '1'");
    }

    @Test
    void refusesANumelBeforeTheDataThatLies() throws IOException {
        for (long numel : new long[] {0, 5, 7, -6, Long.MAX_VALUE}) {
            ByteArrayOutputStream data = new ByteArrayOutputStream();
            data.writeBytes(TorchFixtures.int64(numel));
            data.writeBytes(new byte[24]);
            InvalidModelException e = refusalOfKeys(List.of("0"), data.toByteArray());
            assertThat(e.subject()).isEqualTo("storage '0', numel");
            assertThat(e.found()).isEqualTo(Long.toString(numel));
        }
    }

    @Test
    void refusesWhatIsNeitherForm() throws IOException {
        for (byte[] content :
                List.of(new byte[0], new byte[100], "version https://git-lfs".getBytes(StandardCharsets.UTF_8))) {
            assertThat(TorchFixtures.refusal(directory, content).subject()).isEqualTo("start of the file");
        }
        Path file = Files.write(
                directory.resolve("pointer.bin"), "version https://git-lfs".getBytes(StandardCharsets.UTF_8));
        assertThat(WeightsFixtures.refusal(file, () -> WeightsFiles.open(file).close())
                        .advice())
                .contains("git lfs pull");
    }
}
