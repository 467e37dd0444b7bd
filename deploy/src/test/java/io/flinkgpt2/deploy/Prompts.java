package io.flinkgpt2.deploy;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.StringSerializer;

/** Topics of requests. */
final class Prompts {

    private Prompts() {}

    /** Makes a topic. */
    static void createTopic(String bootstrapServers, String topic, int partitions) throws Exception {
        try (Admin admin = Admin.create(Map.of(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers))) {
            admin.createTopics(List.of(new NewTopic(topic, partitions, (short) 1)))
                    .all()
                    .get();
        }
    }

    /** Sends requests without keys to the partitions in turn, and returns when the broker has all of them. */
    static void send(String bootstrapServers, String topic, List<String> requests) throws Exception {
        send(bootstrapServers, topic, requests, 0);
    }

    /** Sends requests without keys, those of the first list to the first partition and so on, and returns when the broker has all of them. */
    static void sendTo(String bootstrapServers, String topic, List<List<String>> partitions) throws Exception {
        List<Future<RecordMetadata>> sent = new ArrayList<>();
        try (KafkaProducer<String, String> producer = new KafkaProducer<>(
                Map.of(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers),
                new StringSerializer(),
                new StringSerializer())) {
            for (int partition = 0; partition < partitions.size(); partition++) {
                for (String request : partitions.get(partition)) {
                    sent.add(producer.send(new ProducerRecord<>(topic, partition, null, request)));
                }
            }
            for (Future<RecordMetadata> record : sent) {
                record.get();
            }
        }
    }

    /** @param keys how many keys the requests have in turn; 0: none */
    static void send(String bootstrapServers, String topic, List<String> requests, int keys) throws Exception {
        List<Future<RecordMetadata>> sent = new ArrayList<>();
        try (KafkaProducer<String, String> producer = new KafkaProducer<>(
                Map.of(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers),
                new StringSerializer(),
                new StringSerializer())) {
            int partitions = producer.partitionsFor(topic).size();
            for (String request : requests) {
                String key = keys == 0 ? null : "key " + sent.size() % keys;
                sent.add(producer.send(new ProducerRecord<>(topic, sent.size() % partitions, key, request)));
            }
            for (Future<RecordMetadata> record : sent) {
                record.get();
            }
        }
    }
}
