package io.flinkgpt2.job;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/**
 * Keys with certificates of a small authority, made by the JDK's keytool: those of a broker on {@code localhost} and of a
 * client; and those of a stranger, who has signed himself.
 */
final class Certificates {

    /** The password of every keystore. */
    static final String PASSWORD = "keystore-secret-2718";

    private final Path directory;

    private Certificates(Path directory) {
        this.directory = directory;
    }

    /**
     * Makes {@code authority.pem} and {@code stranger.pem}, and with key and chain {@code broker.p12}, {@code client.p12} and
     * {@code stranger.p12}.
     *
     * @param client name in the client's and the stranger's certificates
     */
    static Certificates make(Path directory, String client) throws Exception {
        Certificates certificates = new Certificates(directory);
        certificates.keytool("authority", "CN=authority", "-ext", "bc:critical=ca:true");
        certificates.keytool("broker", "CN=broker", "-signer", "authority", "-ext", "san=dns:localhost");
        certificates.keytool("client", "CN=" + client, "-signer", "authority");
        certificates.keytool("stranger", "CN=" + client, "-ext", "bc:critical=ca:true");
        certificates.takeApart();
        return certificates;
    }

    Path file(String name) {
        return directory.resolve(name);
    }

    private void keytool(String alias, String name, String... further) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-J-XX:TieredStopAtLevel=1",
                "-genkeypair",
                "-alias",
                alias,
                "-dname",
                name,
                "-keyalg",
                "EC",
                "-validity",
                "2",
                "-keystore",
                file("all.p12").toString(),
                "-storepass",
                PASSWORD));
        command.addAll(List.of(further));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException(String.join(" ", command) + ": " + output);
        }
    }

    private void takeApart() throws IOException, GeneralSecurityException {
        char[] password = PASSWORD.toCharArray();
        KeyStore all = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(file("all.p12"))) {
            all.load(in, password);
        }
        for (String alias : List.of("broker", "client", "stranger")) {
            KeyStore alone = KeyStore.getInstance("PKCS12");
            alone.load(null, null);
            alone.setKeyEntry(alias, all.getKey(alias, password), password, all.getCertificateChain(alias));
            try (OutputStream out = Files.newOutputStream(file(alias + ".p12"))) {
                alone.store(out, password);
            }
        }
        for (String alias : List.of("authority", "stranger")) {
            Files.writeString(file(alias + ".pem"), pem(all.getCertificate(alias)));
        }
    }

    private static String pem(Certificate certificate) throws GeneralSecurityException {
        return "-----BEGIN CERTIFICATE-----\n"
                + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(certificate.getEncoded())
                + "\n-----END CERTIFICATE-----\n";
    }
}
