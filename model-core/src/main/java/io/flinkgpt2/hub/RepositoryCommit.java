package io.flinkgpt2.hub;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;

/**
 * The commit that a branch or tag stands for: the field {@code sha} of {@code GET /api/models/REPOSITORY/revision/REVISION}.
 *
 * @see <a href="https://huggingface.co/docs/hub/api">Hub API endpoints</a>
 */
final class RepositoryCommit {

    private static final int MOST_BYTES = 16 << 20;
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final HubName name;
    private final HubClient client;
    private final HubSettings settings;
    private final String subject;

    private RepositoryCommit(HubName name, HubClient client, HubSettings settings) {
        this.name = name;
        this.client = client;
        this.settings = settings;
        this.subject = "the commit of model " + name;
    }

    /**
     * Asks the hub.
     *
     * @return 40 hexadecimal digits
     * @throws ModelHubException if there is no such model, it may not be read, or the hub does not tell its commit
     */
    static String of(HubName name, HubClient client, HubSettings settings) throws IOException {
        return new RepositoryCommit(name, client, settings).find();
    }

    private String find() throws IOException {
        ModelHubException refused = null;
        for (String repository : name.remoteNames()) {
            try {
                return new Retries(client, subject).run(() -> ask(repository));
            } catch (ModelHubException e) {
                refused = refused == null ? e : refused;
            }
        }
        throw refused;
    }

    private String ask(String repository) throws IOException {
        URI address = URI.create(settings.baseAddress() + "/api/models/" + repository + "/revision/"
                + URLEncoder.encode(name.revision(), StandardCharsets.UTF_8));
        try (HubAnswer answer = client.get(subject, address, 0)) {
            if (answer.status() != HubAnswer.OK) {
                throw Refusals.of(answer, name, client, settings);
            }
            byte[] json = answer.bytes(MOST_BYTES);
            String commit = json == null ? "" : JSON.readTree(json).path("sha").asText();
            if (!HubName.isCommit(commit)) {
                throw unknown("no field sha with a commit");
            }
            return commit;
        } catch (JsonProcessingException e) {
            // The cause would repeat the hub's answer, which is not fit for a terminal.
            throw unknown("something that is not JSON, at character "
                    + e.getLocation().getCharOffset());
        }
    }

    private ModelHubException unknown(String found) {
        return new ModelHubException(subject, found, "40 hexadecimal digits", "name the commit: " + name.at("COMMIT"));
    }
}
