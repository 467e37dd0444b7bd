package io.flinkgpt2.job.kafka;

import java.security.cert.CertPathBuilderException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.IllegalSaslStateException;
import org.apache.kafka.common.errors.InvalidConfigurationException;
import org.apache.kafka.common.errors.SaslAuthenticationException;
import org.apache.kafka.common.errors.SslAuthenticationException;
import org.apache.kafka.common.errors.UnsupportedSaslMechanismException;

/**
 * Why a client cannot talk to Kafka, in words for users. Kafka's own say at times no more than "SSL handshake failed"; the
 * reason is the message of some cause.
 */
public final class ConnectionFailures {

    private ConnectionFailures() {}

    /**
     * Returns the failure with a message that names the property to look at.
     *
     * @param servers as in {@code bootstrap.servers}
     * @param failure what a client has thrown, or a future of it
     */
    public static KafkaAccessException of(String servers, Throwable failure) {
        return new KafkaAccessException("Kafka at " + servers + ": " + describe(failure), failure);
    }

    private static String describe(Throwable failure) {
        if (mentions(failure, "Failed to load SSL keystore")) {
            return "found a keystore or truststore that cannot be read ("
                    + innermost(failure).getMessage()
                    + "), expected the file with its password and type; check ssl.truststore.location,"
                    + " ssl.keystore.location and their .password and .type";
        }
        if (find(failure, UnsupportedSaslMechanismException.class) != null
                || find(failure, IllegalSaslStateException.class) != null) {
            return "found a sasl.mechanism that this listener does not offer (" + words(failure)
                    + "), expected one that it does; set sasl.mechanism, or name the port of another listener";
        }
        if (find(failure, SaslAuthenticationException.class) != null) {
            return "found a user or password that it refuses (" + words(failure)
                    + "), expected those of a user of the cluster; check sasl.jaas.config and sasl.mechanism";
        }
        if (find(failure, SslAuthenticationException.class) != null) {
            return describeTls(failure);
        }
        // The type that refusals of brokers have too, so it is looked for after them.
        Throwable unreadable = find(failure, ConfigException.class);
        if (unreadable == null) {
            unreadable = find(failure, InvalidConfigurationException.class);
        }
        if (unreadable != null) {
            return "found properties of the client that cannot be used (" + unreadable.getMessage() + reason(unreadable)
                    + "), expected valid ones; check the property or the file that is named";
        }
        return "found no answer (" + words(failure)
                + "), expected a broker; check its address (bootstrap.servers), that it runs, and that security.protocol"
                + " is the listener's";
    }

    private static String describeTls(Throwable failure) {
        String reason = innermost(failure).getMessage();
        if (find(failure, CertificateExpiredException.class) != null
                || find(failure, CertificateNotYetValidException.class) != null) {
            return "found a certificate that is not valid now (" + reason
                    + "), expected one that is; renew it, or set this machine's clock";
        }
        if (find(failure, CertPathBuilderException.class) != null || mentions(failure, "PKIX path")) {
            return "found a certificate that no trusted authority has signed (" + reason
                    + "), expected one of an authority in ssl.truststore.location (the JVM's own list unless given);"
                    + " put the authority of the brokers there";
        }
        if (find(failure, CertificateException.class) != null) {
            return "found a certificate that is not valid for this host (" + reason
                    + "), expected the host's name in it; name the broker as its certificate does";
        }
        if (mentions(failure, "Received fatal alert")) {
            return "found that it refuses the certificate of this client, or that there is none (" + reason
                    + "), expected one of an authority that the brokers trust; check ssl.keystore.location";
        }
        return "found no TLS that both sides speak (" + reason
                + "), expected it at this port; check security.protocol, the port and ssl.enabled.protocols";
    }

    /** Kafka's words for a failure of authentication, the name of its type where there are none. */
    private static String words(Throwable failure) {
        Throwable refusal = find(failure, AuthenticationException.class);
        Throwable told = refusal == null ? failure : refusal;
        return told.getMessage() == null ? told.getClass().getSimpleName() : told.getMessage();
    }

    private static String reason(Throwable failure) {
        Throwable innermost = innermost(failure);
        return innermost == failure || innermost.getMessage() == null ? "" : ": " + innermost.getMessage();
    }

    /** Returns the first of a failure and its causes that is of a type, or null. */
    static <T extends Throwable> T find(Throwable failure, Class<T> type) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (type.isInstance(cause)) {
                return type.cast(cause);
            }
        }
        return null;
    }

    private static boolean mentions(Throwable failure, String text) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause.getMessage() != null && cause.getMessage().contains(text)) {
                return true;
            }
        }
        return false;
    }

    private static Throwable innermost(Throwable failure) {
        Throwable cause = failure;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause;
    }
}
