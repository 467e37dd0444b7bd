package io.flinkgpt2.job;

import io.flinkgpt2.job.kafka.KafkaSettings;
import io.flinkgpt2.job.kafka.source.SourceStart;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.flink.configuration.ConfigOption;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.config.AbstractConfig;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Options that are valid each and cannot be meant together. What merely has no effect is not refused.
 */
final class OptionConflicts {

    /** A provider and what it is asked for, as Kafka's {@code ConfigTransformer} reads it. */
    private static final Pattern REFERENCE = Pattern.compile("\\$\\{([^}:]*):([^}]*)}");

    private OptionConflicts() {}

    /** @throws InvalidOptionException if two options contradict each other; names both */
    static void refuse(JobSettings settings) {
        if (settings.kafka() != null) {
            refuse(settings.kafka());
        }
        Long kvCache = settings.batch().kvCacheBytes();
        Long prefixCache = settings.batch().prefixCacheBytes();
        if (kvCache != null && prefixCache != null && prefixCache > kvCache) {
            throw conflict(
                    JobOptions.PREFIX_CACHE_BYTES,
                    JobOptions.KV_CACHE_BYTES,
                    prefixCache + " and " + kvCache + " bytes",
                    "at most the second for the first, which is a part of it");
        }
    }

    private static void refuse(KafkaSettings kafka) {
        refuseEqualTopics(kafka);
        if (kafka.sourceBounded() && kafka.sourceStart() == SourceStart.LATEST) {
            throw conflict(
                    JobOptions.SOURCE_BOUNDED,
                    JobOptions.SOURCE_START,
                    "true and latest",
                    "another start: the job would end at the offsets where it begins, and read nothing");
        }
        refuseClientProperties(kafka);
    }

    /** A dead letter or an answer that is read as a prompt makes another one, without end. */
    private static void refuseEqualTopics(KafkaSettings kafka) {
        Map<String, ConfigOption<?>> topics = new HashMap<>();
        topics.put(kafka.promptsTopic(), JobOptions.TOPICS_PROMPTS);
        for (Map.Entry<String, ConfigOption<?>> topic : List.<Map.Entry<String, ConfigOption<?>>>of(
                Map.entry(kafka.completionsTopic(), JobOptions.TOPICS_COMPLETIONS),
                Map.entry(kafka.deadLettersTopic(), JobOptions.TOPICS_DEAD_LETTERS))) {
            ConfigOption<?> other = topics.putIfAbsent(topic.getKey(), topic.getValue());
            if (other != null) {
                throw conflict(other, topic.getValue(), "'" + topic.getKey() + "' for both", "two different topics");
            }
        }
    }

    /** Kafka's clients check their properties, alone and together, when they are made: else only in the running tasks. */
    private static void refuseClientProperties(KafkaSettings kafka) {
        Map<String, Object> properties = new HashMap<>(kafka.clientProperties());
        properties.put("bootstrap.servers", kafka.bootstrapServers());
        Map<String, Object> producer = new HashMap<>(properties);
        producer.put(ProducerConfig.KEY_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class);
        producer.put(ProducerConfig.VALUE_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class);
        producer.put(ProducerConfig.TRANSACTIONAL_ID_CONFIG, kafka.name());
        producer.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
        Map<String, Object> consumer = new HashMap<>(properties);
        consumer.put(ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
        consumer.put(ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
        consumer.put(ConsumerConfig.GROUP_ID_CONFIG, kafka.groupId());
        refuseReferencesForNumbers(kafka.clientProperties());
        try {
            ProducerConfig resolved = new ProducerConfig(producer);
            requireResolved(kafka.clientProperties(), resolved);
            requireTimeToDeliver(resolved);
            new ConsumerConfig(consumer);
        } catch (ConfigException e) {
            throw new InvalidOptionException(
                    JobOptions.KAFKA_PREFIX + "*",
                    kafka.clientProperties().keySet().stream().sorted().toList()
                            + " with values that Kafka's clients refuse (" + e.getMessage() + ")",
                    "properties that are valid together",
                    e);
        }
    }

    /** References are resolved by the clients alone. */
    private static void refuseReferencesForNumbers(Map<String, String> properties) {
        for (String number : List.of(
                ProducerConfig.TRANSACTION_TIMEOUT_CONFIG,
                ProducerConfig.MAX_REQUEST_SIZE_CONFIG,
                ProducerConfig.BUFFER_MEMORY_CONFIG)) {
            String value = properties.getOrDefault(number, "");
            if (value.contains("${")) {
                throw new InvalidOptionException(
                        JobOptions.KAFKA_PREFIX + number, "'" + value + "'", "a number: the job itself reads it");
            }
        }
    }

    /** Kafka takes a reference that finds nothing for the value itself, and a broker would then refuse that as a password. */
    private static void requireResolved(Map<String, String> properties, ProducerConfig resolved) {
        List<String> providers = List.of(properties
                .getOrDefault(AbstractConfig.CONFIG_PROVIDERS_CONFIG, "")
                .split(" *, *"));
        properties.keySet().stream().sorted().forEach(property -> {
            Matcher reference =
                    REFERENCE.matcher(String.valueOf(resolved.originals().get(property)));
            while (reference.find()) {
                if (providers.contains(reference.group(1)) || reference.group(2).startsWith("/")) {
                    throw new InvalidOptionException(
                            JobOptions.KAFKA_PREFIX + property,
                            "the reference " + reference.group() + ", which finds nothing",
                            "one by a provider that " + JobOptions.KAFKA_PREFIX
                                    + AbstractConfig.CONFIG_PROVIDERS_CONFIG
                                    + " names, to a key that is there, in a path that it allows");
                }
            }
        });
    }

    /** The one condition that Kafka's producer checks only when it is made; unless given, the time follows the others. */
    private static void requireTimeToDeliver(ProducerConfig producer) {
        String delivery = ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG;
        long least = producer.getLong(ProducerConfig.LINGER_MS_CONFIG)
                + producer.getInt(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG);
        if (producer.originals().containsKey(delivery) && producer.getInt(delivery) < least) {
            throw new ConfigException(delivery + " should be at least linger.ms + request.timeout.ms, " + least);
        }
    }

    private static InvalidOptionException conflict(
            ConfigOption<?> one, ConfigOption<?> other, String found, String expected) {
        return new InvalidOptionException(one.key() + " and " + other.key(), found, expected);
    }
}
