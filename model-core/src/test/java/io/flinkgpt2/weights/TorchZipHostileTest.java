package io.flinkgpt2.weights;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.Consumer;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Archives that lie, each refused with a message that names the place, for little memory. */
class TorchZipHostileTest {
    private static final String W = "model/data/0";

    @TempDir
    Path directory;

    private static ZipWriter zip() {
        return TorchFixtures.zip(TorchFixtures.stateDict());
    }

    private InvalidModelException refusal(Consumer<ZipWriter> change) throws IOException {
        ZipWriter zip = zip();
        change.accept(zip);
        return TorchFixtures.refusal(directory, zip.bytes());
    }

    @Test
    void theArchiveIsReadUnchanged() throws IOException {
        Path file = Files.write(directory.resolve("model.bin"), zip().bytes());
        try (TorchCheckpoint weights = TorchCheckpoint.open(file)) {
            assertThat(weights.tensors()).containsOnlyKeys("w", "b");
        }
    }

    @Test
    void refusesAnArchiveThatIsTruncatedAnywhere() throws IOException {
        byte[] whole = zip().bytes();
        for (int length = 0; length < whole.length; length++) {
            TorchFixtures.refusal(directory, Arrays.copyOf(whole, length));
        }
    }

    @Test
    void rule1_8_refusesAZipBombWhoseDeflatedPickleClaimsGigabytes() throws IOException {
        InvalidModelException e = refusal(zip -> {
            ZipWriter.Entry pickle = zip.get("model/data.pkl");
            pickle.method = 8;
            pickle.size = 0xfffffff0L;
        });
        assertThat(e.subject()).isEqualTo("entry 'model/data.pkl'");
        assertThat(e.found()).isEqualTo("it compressed by method 8");
    }

    @Test
    void refusesARealZipBomb() throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(out)) {
            zip.putNextEntry(new ZipEntry("model/data.pkl"));
            byte[] zeros = new byte[1 << 16];
            for (int i = 0; i < 2_000; i++) {
                zip.write(zeros);
            }
        }
        assertThat(TorchFixtures.refusal(directory, out.toByteArray()).found()).isEqualTo("it compressed by method 8");
    }

    @Test
    void refusesAnEntryThatOnlyItsLocalHeaderCallsDeflated() throws IOException {
        byte[] bytes = zip().bytes();
        bytes[8] = 8;
        assertThat(TorchFixtures.refusal(directory, bytes).subject()).isEqualTo("entry 'model/data.pkl'");
    }

    @Test
    void refusesAnEncryptedEntry() throws IOException {
        InvalidModelException e = refusal(zip -> zip.get(W).flags = 1);
        assertThat(e.subject()).isEqualTo("entry 'model/data/0'");
        assertThat(e.found()).isEqualTo("it encrypted or patched");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "../data/0",
                "model/../../etc/passwd",
                "/etc/passwd",
                "model//0",
                "model/./0",
                "model/",
                "model\\..\\0",
                "C:/0",
                ".."
            })
    void refusesANameThatEscapes(String name) throws IOException {
        InvalidModelException e = refusal(zip -> zip.add(name, "x"));
        assertThat(e.subject()).isEqualTo("entry " + InvalidModelException.quoted(name));
        assertThat(e.found()).isEqualTo("a name that leaves the archive");
    }

    @Test
    void refusesANameBesideTheArchivesDirectory() throws IOException {
        assertThat(refusal(zip -> zip.add("other/data.pkl", "x")).subject()).isEqualTo("entry 'other/data.pkl'");
        assertThat(refusal(zip -> zip.add("models/data.pkl", "x")).subject()).isEqualTo("entry 'models/data.pkl'");
    }

    @Test
    void refusesANameThatIsNotUtf8() throws IOException {
        byte[] bytes = zip().bytes();
        int central = indexOf(bytes, "PK\1\2");
        bytes[central + 46] = (byte) 0xff;
        assertThat(TorchFixtures.refusal(directory, bytes).found()).isEqualTo("an entry's name that is not UTF-8");
    }

    @Test
    void refusesANameThatComesTwice() throws IOException {
        InvalidModelException e = refusal(zip -> zip.add(W, "x"));
        assertThat(e.subject()).isEqualTo("entry 'model/data/0'");
        assertThat(e.found()).isEqualTo("it twice");
    }

    @Test
    void refusesALocalHeaderOfAnotherName() throws IOException {
        assertThat(refusal(zip -> zip.get(W).localName = "model/data/9").found())
                .startsWith("no local header of this name");
        assertThat(refusal(zip -> zip.get(W).localName = "x").found()).startsWith("no local header of this name");
    }

    @Test
    void refusesALocalHeaderOfAnotherSize() throws IOException {
        InvalidModelException e = refusal(zip -> zip.get(W).localSize = 8);
        assertThat(e.subject()).isEqualTo("entry 'model/data/0', size");
        assertThat(e.found()).isEqualTo("8 bytes in the local header, and 24 in the directory");
    }

    @Test
    void refusesEntriesThatOverlap() throws IOException {
        InvalidModelException e = refusal(zip -> zip.get("model/data.pkl").size += 20);
        assertThat(e.subject()).contains("model/data.pkl");
        InvalidModelException longer = refusal(zip -> {
            ZipWriter.Entry w = zip.get(W);
            w.size = w.storedSize = w.localSize = 30;
        });
        assertThat(longer.subject()).isEqualTo("entry 'model/data/1', offset");
        assertThat(longer.found()).endsWith("within another entry");
    }

    @Test
    void refusesEntriesThatShareTheirBytes() throws IOException {
        InvalidModelException e = refusal(zip -> zip.get(W).offset = 0);
        assertThat(e.found()).endsWith("within another entry");
    }

    @Test
    void refusesAnEntryLargerThanTheFile() throws IOException {
        InvalidModelException e = refusal(zip -> {
            ZipWriter.Entry last = zip.get("model/version");
            last.size = last.storedSize = last.localSize = 1_000_000_000;
        });
        assertThat(e.subject()).isEqualTo("entry 'model/version', size");
        assertThat(e.found()).isEqualTo("1000000000 bytes");
    }

    @Test
    void refusesAZip64SizeBeyondTheFile() throws IOException {
        for (long size : new long[] {1L << 60, Long.MAX_VALUE, -1, Long.MIN_VALUE}) {
            InvalidModelException e = refusal(zip -> {
                ZipWriter.Entry last = zip.get("model/version");
                last.zip64 = true;
                last.size = last.storedSize = size;
                last.localSize = -1;
            });
            assertThat(e.subject()).startsWith("entry 'model/version', ");
        }
    }

    @Test
    void refusesAZip64OffsetBeyondTheFile() throws IOException {
        for (long offset : new long[] {1L << 60, Long.MAX_VALUE}) {
            InvalidModelException e = refusal(zip -> {
                zip.get("model/version").zip64 = true;
                zip.get("model/version").offset = offset;
            });
            assertThat(e.subject()).isEqualTo("entry 'model/version', offset");
        }
    }

    @Test
    void refusesAReferenceToAZip64FieldThatIsMissing() throws IOException {
        InvalidModelException e = refusal(zip -> zip.get(W).size = -1);
        assertThat(e.subject()).isEqualTo("entry 'model/data/0', zip64");
    }

    @Test
    void refusesAZip64FieldThatExceedsItsEntry() throws IOException {
        ZipWriter zip = zip();
        zip.entries.forEach(entry -> entry.zip64 = true);
        byte[] bytes = zip.bytes();
        int extra = indexOf(bytes, "PK\1\2") + 46 + "model/data.pkl".length();
        bytes[extra] = 2;
        bytes[extra + 3] = 100;
        assertThat(TorchFixtures.refusal(directory, bytes).subject()).isEqualTo("entry 'model/data.pkl', zip64");
    }

    @Test
    void refusesStoredAndRealSizesThatDiffer() throws IOException {
        assertThat(refusal(zip -> zip.get(W).storedSize = 23).found()).isEqualTo("24 bytes, stored in 23");
    }

    @Test
    void refusesASecondArchiveBehindTheFirst() throws IOException {
        byte[] one = zip().bytes();
        byte[] two = Arrays.copyOf(one, 2 * one.length);
        System.arraycopy(one, 0, two, one.length, one.length);
        assertThat(TorchFixtures.refusal(directory, two).subject()).isEqualTo("end of the central directory");
    }

    @Test
    void refusesASecondCentralDirectoryBeforeTheFirst() throws IOException {
        byte[] one = zip().bytes();
        byte[] hidden = Arrays.copyOfRange(one, indexOf(one, "PK\1\2"), one.length);
        InvalidModelException e = refusal(zip -> zip.beforeDirectory = hidden);
        assertThat(e.subject()).isEqualTo("central directory");
        assertThat(e.found()).endsWith("bytes of no entry before it");
    }

    @Test
    void refusesASecondEndInTheCommentOfTheFirst() throws IOException {
        byte[] one = zip().bytes();
        byte[] end = Arrays.copyOfRange(one, one.length - 22, one.length);
        assertThat(refusal(zip -> zip.comment = end).subject()).isEqualTo("end of the central directory");
        assertThat(refusal(zip -> zip.comment = new byte[9]).expected()).isEqualTo("one, without a comment");
    }

    @Test
    void refusesBytesThatBelongToNoEntry() throws IOException {
        assertThat(refusal(zip -> zip.get(W).gap = 25).found()).endsWith("after bytes of no entry");
        assertThat(refusal(zip -> zip.entries.get(0).offset = 1).subject()).isEqualTo("entry 'model/data.pkl', offset");
    }

    @Test
    void refusesAnEndThatLies() throws IOException {
        assertThat(refusal(zip -> zip.entryCountError = 1).subject()).isEqualTo("central directory");
        assertThat(refusal(zip -> zip.entryCountError = -1).found()).endsWith("bytes after its 4 entries");
        assertThat(refusal(zip -> zip.entryCountError = -5).found()).isEqualTo("0 entries");
        assertThat(refusal(zip -> zip.entryCountError = 30_000).expected()).isEqualTo("1 to 16384");
        assertThat(refusal(zip -> zip.directorySizeError = 1).subject()).isEqualTo("end of the central directory");
        assertThat(refusal(zip -> zip.directorySizeError = 1 << 30).expected()).isEqualTo("at most 4194304");
        assertThat(refusal(zip -> zip.directoryOffsetError = -1).subject()).isEqualTo("end of the central directory");
        assertThat(refusal(zip -> zip.diskNumber = 1).found()).isEqualTo("an archive of several disks");
    }

    @Test
    void refusesAZip64EndThatLies() throws IOException {
        assertThat(refusal(zip -> {
                            zip.zip64End = true;
                            zip.entryCountError = -1;
                        })
                        .found())
                .endsWith("bytes after its 4 entries");
        byte[] count = zip64(98 - 24);
        assertThat(TorchFixtures.refusal(directory, count).found()).isEqualTo("an archive of several disks");
        byte[] position = zip64(98 - 64);
        assertThat(TorchFixtures.refusal(directory, position).found()).isEqualTo("a zip64 locator without its record");
        byte[] shortField = zip64(12);
        assertThat(TorchFixtures.refusal(directory, shortField).expected()).isEqualTo("them to agree");
    }

    /** An archive with a zip64 end, of which one byte, counted from the file's end, is changed. */
    private static byte[] zip64(int fromEnd) {
        ZipWriter zip = zip();
        zip.zip64End = true;
        byte[] bytes = zip.bytes();
        bytes[bytes.length - fromEnd] ^= 1;
        return bytes;
    }

    @Test
    void refusesVeryManyEntriesForLittleMemory() throws IOException {
        ZipWriter zip = zip();
        for (int i = 0; i < StoredZip.MAX_ENTRIES; i++) {
            zip.add("model/data/x" + i, "");
        }
        assertThat(TorchFixtures.refusal(directory, zip.bytes()).expected()).isEqualTo("1 to 16384");
    }

    @Test
    void refusesEntriesOfEndlessNamesForLittleMemory() throws IOException {
        ZipWriter zip = zip();
        for (int i = 0; i < 60; i++) {
            zip.add("model/" + "a/".repeat(32_000) + i, "");
        }
        zip.add("model/" + "é".repeat(32_000) + "/..", "");
        assertThat(TorchFixtures.refusal(directory, zip.bytes()).found()).isEqualTo("a name that leaves the archive");
    }

    @Test
    void refusesValuesInBigEndianOrder() throws IOException {
        ZipWriter zip = zip();
        zip.entries.remove(zip.get("model/byteorder"));
        zip.add("model/byteorder", "big");
        InvalidModelException e = TorchFixtures.refusal(directory, zip.bytes());
        assertThat(e.subject()).isEqualTo("entry 'model/byteorder'");
        assertThat(e.found()).isEqualTo("'big'");
    }

    @Test
    void refusesAnArchiveWithoutAPickle() throws IOException {
        InvalidModelException e = refusal(zip -> zip.entries.remove(0));
        assertThat(e.subject()).isEqualTo("entry 'model/data.pkl'");
        assertThat(e.found()).isEqualTo("nothing");
    }

    @Test
    void refusesAnEndlessPickleForLittleMemory() throws IOException {
        byte[] pickle = new byte[RestrictedUnpickler.MAX_BYTES + 1];
        InvalidModelException e =
                TorchFixtures.refusal(directory, TorchFixtures.zipOf(pickle).bytes());
        assertThat(e.expected()).isEqualTo("a pickle of at most 4194304 bytes");
    }

    @Test
    void refusesAPickleInsideWithBytesBehindIt() throws IOException {
        byte[] pickle = PickleWriter.pickle(TorchFixtures.stateDict());
        byte[] longer = Arrays.copyOf(pickle, pickle.length + 3);
        InvalidModelException e = TorchFixtures.refusal(
                directory, TorchFixtures.zipOf(longer, TorchFixtures.storages()).bytes());
        assertThat(e.found()).isEqualTo("3 bytes after the pickle's end");
    }

    @Test
    void refusesAStorageThatIsMissing() throws IOException {
        InvalidModelException e = refusal(zip -> zip.entries.remove(zip.get(W)));
        assertThat(e.subject()).isEqualTo("tensor 'w', entry 'model/data/0'");
        assertThat(e.found()).isEqualTo("nothing");
    }

    @Test
    void refusesAStorageOfAnotherSizeThanItsNumel() throws IOException {
        for (int size : new int[] {0, 20, 28}) {
            ZipWriter zip = zip();
            zip.entries.remove(zip.get(W));
            zip.add(W, new byte[size]);
            InvalidModelException e = TorchFixtures.refusal(directory, zip.bytes());
            assertThat(e.subject()).isEqualTo("tensor 'w', entry 'model/data/0'");
            assertThat(e.found()).isEqualTo(size + " bytes");
            assertThat(e.expected()).isEqualTo("24 bytes: 6 elements of F32");
        }
    }

    @Test
    void refusesAnArchiveOfSomethingElse() throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(out)) {
            byte[] text = "hello".getBytes(StandardCharsets.UTF_8);
            CRC32 crc = new CRC32();
            crc.update(text);
            ZipEntry entry = new ZipEntry("hello.txt");
            entry.setMethod(ZipEntry.STORED);
            entry.setSize(text.length);
            entry.setCrc(crc.getValue());
            zip.putNextEntry(entry);
            zip.write(text);
        }
        assertThat(TorchFixtures.refusal(directory, out.toByteArray()).subject())
                .isEqualTo("entry 'hello.txt'");
    }

    private static int indexOf(byte[] bytes, String signature) {
        return new String(bytes, StandardCharsets.ISO_8859_1).indexOf(signature);
    }
}
