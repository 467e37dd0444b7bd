package io.flinkgpt2.deploy;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.apache.flink.shaded.asm9.org.objectweb.asm.ClassReader;
import org.apache.flink.shaded.asm9.org.objectweb.asm.ClassVisitor;
import org.apache.flink.shaded.asm9.org.objectweb.asm.ClassWriter;
import org.apache.flink.shaded.asm9.org.objectweb.asm.Label;
import org.apache.flink.shaded.asm9.org.objectweb.asm.MethodVisitor;
import org.apache.flink.shaded.asm9.org.objectweb.asm.Opcodes;

/**
 * A mistake in a copy of the job's jar: its committer drops one commit, as {@link DroppedCommit} says, and Flink takes it for
 * done. The product itself has no such hook; the class in the copy is rewritten.
 */
final class PlantedFault {

    private static final String COMMITTER = "org/apache/flink/connector/kafka/sink/internal/KafkaCommitter.class";
    private static final String MISTAKE = DroppedCommit.class.getName().replace('.', '/');

    private PlantedFault() {}

    /** Copies a jar and plants the mistake in the copy, which it returns. */
    static Path plant(Path original, Path jar) throws IOException {
        Files.copy(original, jar);
        try (FileSystem classes = FileSystems.newFileSystem(URI.create("jar:" + jar.toUri()), Map.of())) {
            Path committer = classes.getPath(COMMITTER);
            Files.write(committer, rewritten(Files.readAllBytes(committer)));
            Path mistake = classes.getPath(MISTAKE + ".class");
            Files.createDirectories(mistake.getParent());
            try (InputStream bytes = DroppedCommit.class.getResourceAsStream("DroppedCommit.class")) {
                Files.copy(bytes, mistake);
            }
        }
        return jar;
    }

    private static byte[] rewritten(byte[] committer) {
        ClassReader reader = new ClassReader(committer);
        ClassWriter writer = new ClassWriter(reader, ClassWriter.COMPUTE_MAXS);
        ReturningEarly rewriting = new ReturningEarly(writer);
        reader.accept(rewriting, 0);
        if (!rewriting.planted) {
            throw new IllegalStateException(COMMITTER + " has no method commit(Collection)");
        }
        return writer.toByteArray();
    }

    /** Puts {@code if (DroppedCommit.drops(requests)) return;} at the beginning of the method that commits. */
    private static final class ReturningEarly extends ClassVisitor {

        private boolean planted;

        ReturningEarly(ClassVisitor next) {
            super(Opcodes.ASM9, next);
        }

        @Override
        public MethodVisitor visitMethod(
                int access, String name, String descriptor, String signature, String[] exceptions) {
            MethodVisitor method = super.visitMethod(access, name, descriptor, signature, exceptions);
            if (!name.equals("commit") || !descriptor.equals("(Ljava/util/Collection;)V")) {
                return method;
            }
            planted = true;
            return new MethodVisitor(Opcodes.ASM9, method) {
                @Override
                public void visitCode() {
                    super.visitCode();
                    Label goOn = new Label();
                    visitVarInsn(Opcodes.ALOAD, 1);
                    visitMethodInsn(Opcodes.INVOKESTATIC, MISTAKE, "drops", "(Ljava/util/Collection;)Z", false);
                    visitJumpInsn(Opcodes.IFEQ, goOn);
                    visitInsn(Opcodes.RETURN);
                    visitLabel(goOn);
                    visitFrame(Opcodes.F_SAME, 0, null, 0, null);
                }
            };
        }
    }
}
