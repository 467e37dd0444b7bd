package io.flinkgpt2.job.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import java.security.cert.CertPathBuilderException;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.util.List;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.errors.SaslAuthenticationException;
import org.apache.kafka.common.errors.SslAuthenticationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.UnsupportedSaslMechanismException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ConnectionFailuresTest {

    static List<Arguments> failures() {
        return List.of(
                Arguments.of(new SaslAuthenticationException("invalid credentials"), "password", "sasl.jaas.config"),
                Arguments.of(
                        new UnsupportedSaslMechanismException("'PLAIN' not enabled"), "mechanism", "sasl.mechanism"),
                Arguments.of(
                        tls(new CertificateException("unable", new CertPathBuilderException("no path"))),
                        "no trusted authority",
                        "ssl.truststore.location"),
                Arguments.of(
                        tls(new CertificateException(
                                "path", new CertPathValidatorException(new CertificateExpiredException("NotAfter")))),
                        "not valid now",
                        "renew"),
                Arguments.of(
                        tls(new CertificateException("No name matching broker found")), "this host", "name the broker"),
                Arguments.of(
                        tls(new SSLException("Received fatal alert: bad_certificate")),
                        "refuses the certificate",
                        "ssl.keystore.location"),
                Arguments.of(
                        tls(new SSLException("Unsupported or unrecognized SSL message")),
                        "no TLS",
                        "security.protocol"),
                Arguments.of(
                        new KafkaException(
                                "Failed", new KafkaException("Failed to load SSL keystore a.p12 of type JKS")),
                        "keystore or truststore",
                        "ssl.truststore.location"),
                Arguments.of(
                        new KafkaException("Failed", new ConfigException("Invalid url in bootstrap.servers: a")),
                        "properties of the client",
                        "bootstrap.servers"),
                Arguments.of(new TimeoutException("Timed out"), "no answer", "bootstrap.servers"));
    }

    @ParameterizedTest
    @MethodSource("failures")
    void aFailureIsToldWithThePropertyToLookAt(Throwable failure, String found, String look) {
        assertThat(ConnectionFailures.of("broker:9093", failure))
                .hasMessageStartingWith("Kafka at broker:9093: found ")
                .hasMessageContainingAll(found, ", expected ", "; ", look)
                .hasCause(failure);
    }

    private static SslAuthenticationException tls(Exception reason) {
        SSLHandshakeException handshake = new SSLHandshakeException(reason.getMessage());
        handshake.initCause(reason);
        return new SslAuthenticationException("SSL handshake failed", handshake);
    }
}
