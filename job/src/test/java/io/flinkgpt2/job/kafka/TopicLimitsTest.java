package io.flinkgpt2.job.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.common.errors.ClusterAuthorizationException;
import org.junit.jupiter.api.Test;

class TopicLimitsTest {

    @Test
    void aTransactionIsAllowedWhatEveryBrokerAllows() {
        assertThat(TopicLimits.maxTransactionTimeout(() -> List.of(broker("3600000"), broker("600000"))))
                .isEqualTo(Duration.ofMinutes(10));
    }

    @Test
    void whereTheBrokersMayNotBeAskedItIsKafkasDefault() {
        assertThat(TopicLimits.maxTransactionTimeout(() -> {
                    throw new ExecutionException(new ClusterAuthorizationException("not allowed"));
                }))
                .isEqualTo(Duration.ofMinutes(15));
    }

    private static Config broker(String maxTimeout) {
        return new Config(List.of(new ConfigEntry("transaction.max.timeout.ms", maxTimeout)));
    }
}
