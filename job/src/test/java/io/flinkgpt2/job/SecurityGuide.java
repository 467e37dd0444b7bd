package io.flinkgpt2.job;

import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.Resource;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;
import org.apache.kafka.common.utils.SecurityUtils;

/** The commands and the options of {@code docs/security.md}, so that tests run what it says. */
final class SecurityGuide {

    static final Path FILE = Path.of("..", "docs", "security.md");

    /** Where the guide keeps certificates and secrets. */
    static final String DIRECTORY = "/etc/flink-gpt2";

    private static final Pattern FENCED = Pattern.compile("(?ms)^```(\\w+)\n(.*?)^```$");

    private final String text;

    private SecurityGuide(String text) {
        this.text = text;
    }

    static SecurityGuide read() throws IOException {
        return new SecurityGuide(Files.readString(FILE));
    }

    String text() {
        return text;
    }

    /** An ACL, as {@code kafka-acls.sh} is told it. */
    record Acl(AclOperation operation, ResourcePattern resource) {

        /** Reads one command's options. */
        static Acl parse(String command) {
            List<String> words = Arrays.asList(command.strip().split(" +"));
            AclOperation operation = SecurityUtils.operation(after(words, "--operation"));
            PatternType pattern = words.contains("--resource-pattern-type")
                    ? PatternType.valueOf(
                            after(words, "--resource-pattern-type").toUpperCase(Locale.ROOT))
                    : PatternType.LITERAL;
            if (words.contains("--cluster")) {
                return new Acl(operation, new ResourcePattern(ResourceType.CLUSTER, Resource.CLUSTER_NAME, pattern));
            }
            for (Map.Entry<String, ResourceType> type : Map.of(
                            "--topic", ResourceType.TOPIC,
                            "--group", ResourceType.GROUP,
                            "--transactional-id", ResourceType.TRANSACTIONAL_ID)
                    .entrySet()) {
                if (words.contains(type.getKey())) {
                    return new Acl(
                            operation, new ResourcePattern(type.getValue(), after(words, type.getKey()), pattern));
                }
            }
            throw new IllegalArgumentException("no resource: " + command);
        }

        private static String after(List<String> words, String option) {
            return words.get(words.indexOf(option) + 1);
        }

        AclBinding of(String user) {
            return new AclBinding(
                    resource, new AccessControlEntry("User:" + user, "*", operation, AclPermissionType.ALLOW));
        }
    }

    /** The ACLs without which the job does not start. */
    List<Acl> requiredAcls() {
        return acls().get(0);
    }

    /** The ACLs that let it read limits. */
    List<Acl> optionalAcls() {
        return acls().get(1);
    }

    private List<List<Acl>> acls() {
        return blocks("sh").stream()
                .map(block -> block.lines()
                        .filter(line -> line.startsWith("$acls "))
                        .map(Acl::parse)
                        .toList())
                .toList();
    }

    /** The job's options for users with passwords. */
    Map<String, String> scramOptions() {
        return properties(blocks("properties").get(0));
    }

    /** The job's options for users with certificates. */
    Map<String, String> tlsOptions() {
        return properties(blocks("properties").get(1));
    }

    private List<String> blocks(String language) {
        return FENCED.matcher(text)
                .results()
                .filter(block -> block.group(1).equals(language))
                .map((MatchResult block) -> block.group(2))
                .toList();
    }

    private static Map<String, String> properties(String block) {
        Properties lines = new Properties();
        try {
            lines.load(new StringReader(block));
        } catch (IOException e) {
            throw new IllegalArgumentException(block, e);
        }
        Map<String, String> properties = new TreeMap<>();
        lines.forEach((name, value) -> properties.put((String) name, (String) value));
        return properties;
    }
}
