package io.flinkgpt2.hub;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The commit that a branch stands for, and the model of a commit. */
class ModelHubCommitTest extends HubTestCase {

    private static final String FIRST = "0123456789abcdef".repeat(3).substring(0, 40);
    private static final String SECOND = "f".repeat(40);

    private void serve(String commit, String content) {
        server.serveCommit(HubServer.REPOSITORY, "main", commit, Map.of("model.gguf", content.getBytes(UTF_8)));
    }

    @Test
    void aBranchIsTheCommitThatTheHubSays() throws IOException {
        serve(FIRST, "one");

        assertThat(hub().atCommit(NAME)).hasToString("someone/tiny@" + FIRST);
        assertThat(server.requests()).hasSize(1);
        assertThat(hub().atCommit(NAME.at(SECOND))).isEqualTo(NAME.at(SECOND));
        assertThat(server.requests()).hasSize(1);
    }

    @Test
    void whatIsCachedIsOfTheCommitThatItWasFetchedAt() throws IOException {
        serve(FIRST, "one");
        Path main = fetch();
        serve(SECOND, "two");
        int before = server.requests().size();

        assertThat(hub().atCommit(NAME)).isEqualTo(NAME.at(FIRST));
        assertThat(hub(settings().withOffline(true), LIMITS).atCommit(NAME)).isEqualTo(NAME.at(FIRST));
        assertThat(hub(settings().withOffline(true), LIMITS).resolve(NAME.at(FIRST), FetchProgress.NONE))
                .isEqualTo(main);
        assertThat(server.requests()).hasSize(before);

        Path second = hub().resolve(NAME.at(SECOND), FetchProgress.NONE);
        assertThat(second).isNotEqualTo(main).isEqualTo(new ModelDirectory(home, NAME.at(SECOND)).path());
        assertThat(second.resolve("model.gguf")).hasContent("two");
        assertThat(main.resolve("model.gguf")).hasContent("one");
    }

    @Test
    void anIncompleteModelIsOfNoCommit() throws IOException {
        serve(FIRST, "one");
        Files.delete(fetch().resolve("model.gguf"));

        assertThatThrownBy(() -> hub(settings().withOffline(true), LIMITS).resolve(NAME.at(FIRST), FetchProgress.NONE))
                .isInstanceOf(ModelHubException.class);
        assertThatThrownBy(() -> hub(settings().withOffline(true), LIMITS).atCommit(NAME))
                .isInstanceOf(ModelHubException.class)
                .hasMessageContainingAll("commit of model someone/tiny", "offline", "someone/tiny@COMMIT");
    }

    @Test
    void aMirrorMayHaveThePublishedNameWithoutItsOwner() throws IOException {
        server.serveCommit("gpt2", "main", FIRST, Map.of("model.gguf", new byte[] {1}));

        assertThat(hub().atCommit(HubName.parse("gpt2"))).hasToString("gpt2@" + FIRST);
    }

    @Test
    void aHubThatTellsNoCommitIsNamed() throws IOException {
        server.serveNames("model.gguf");
        assertThatThrownBy(() -> hub().atCommit(NAME))
                .isInstanceOf(ModelHubException.class)
                .hasMessageContainingAll("someone/tiny", "404");
        for (String answer : new String[] {"[]", "{\"sha\": \"main\"}", "<html>"}) {
            server.next("/revision/main", (exchange, content) -> HubServer.sendAll(exchange, answer.getBytes(UTF_8)));
            assertThatThrownBy(() -> hub().atCommit(NAME))
                    .isInstanceOf(ModelHubException.class)
                    .hasMessageContainingAll("the commit of model someone/tiny", "someone/tiny@COMMIT");
        }
        // What is in the cache is all that there is to say of it.
        fetch();
        assertThat(hub().atCommit(NAME)).isEqualTo(NAME);
    }
}
