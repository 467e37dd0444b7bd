package io.flinkgpt2.job.kafka;

import org.apache.kafka.common.acl.AclOperation;

/** The message for a permission of Kafka that is missing. */
final class Permissions {

    private Permissions() {}

    /**
     * Returns a failure that names the permission and the command that gives it.
     *
     * @param resource in words, such as {@code topic prompts}
     * @param option of {@code kafka-acls.sh} that names the resource
     * @param cause null where the brokers were asked what is allowed
     */
    static KafkaAccessException missing(
            String servers, String resource, AclOperation operation, String option, Throwable cause) {
        String name = operation == AclOperation.READ ? "Read" : "Write";
        return new KafkaAccessException(
                resource + " at " + servers + ": found no permission for this user, expected the ACL " + name
                        + "; give it by kafka-acls.sh --add --allow-principal User:NAME --operation " + name + " "
                        + option + " (docs/security.md lists all that are needed)",
                cause);
    }
}
