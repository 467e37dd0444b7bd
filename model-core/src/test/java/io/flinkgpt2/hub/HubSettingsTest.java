package io.flinkgpt2.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HubSettingsTest {

    @TempDir
    Path user;

    private HubSettings from(Map<String, String> environment) {
        return HubSettings.fromEnvironment(environment, "Linux", user);
    }

    @Test
    void anEmptyEnvironmentMeansThePublicHubAndTheUsersCache() {
        HubSettings settings = from(Map.of());

        assertThat(settings.home()).isEqualTo(user.resolve(".cache/flink-gpt2"));
        assertThat(settings.baseAddress()).isEqualTo(URI.create("https://huggingface.co"));
        assertThat(settings.token()).isEmpty();
        assertThat(settings.offline()).isFalse();
    }

    @Test
    void everySystemHasItsCacheFolder() {
        String caches = user.resolve("caches").toString();
        assertThat(from(Map.of("XDG_CACHE_HOME", caches)).home()).isEqualTo(Path.of(caches, "flink-gpt2"));
        assertThat(from(Map.of("XDG_CACHE_HOME", "relative")).home()).isEqualTo(user.resolve(".cache/flink-gpt2"));
        assertThat(HubSettings.fromEnvironment(Map.of("XDG_CACHE_HOME", caches), "Mac OS X", user)
                        .home())
                .isEqualTo(user.resolve("Library/Caches/flink-gpt2"));
        assertThat(HubSettings.fromEnvironment(Map.of("LOCALAPPDATA", caches), "Windows 11", user)
                        .home())
                .isEqualTo(Path.of(caches, "flink-gpt2"));
        assertThat(HubSettings.fromEnvironment(Map.of(), "Windows 11", user).home())
                .isEqualTo(user.resolve("AppData/Local/flink-gpt2"));
        assertThat(from(Map.of("FLINK_GPT2_HOME", caches, "XDG_CACHE_HOME", "/other"))
                        .home())
                .isEqualTo(Path.of(caches));
    }

    @Test
    void variablesSayTheRest() {
        HubSettings settings = from(Map.of(
                "FLINK_GPT2_HUB", "https://mirror.example:8443/hub/",
                "HF_TOKEN", "shared",
                "FLINK_GPT2_TOKEN", " own\n",
                "FLINK_GPT2_OFFLINE", "1"));

        assertThat(settings.baseAddress()).isEqualTo(URI.create("https://mirror.example:8443/hub"));
        assertThat(settings.token()).contains("own");
        assertThat(settings.offline()).isTrue();
        assertThat(from(Map.of("HF_TOKEN", "shared", "FLINK_GPT2_TOKEN", "")).token())
                .contains("shared");
        assertThat(from(Map.of("FLINK_GPT2_OFFLINE", "0")).offline()).isFalse();
    }

    @Test
    void anUnknownOfflineModeIsNamed() {
        assertThatThrownBy(() -> from(Map.of("FLINK_GPT2_OFFLINE", "maybe")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("FLINK_GPT2_OFFLINE: found 'maybe', expected 1 or 0");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "huggingface.co",
                "ftp://host",
                "file:///models",
                "https://",
                "https://user:secret@host",
                "https://host/?token=secret",
                "https://host/#secret",
                "https://user:secret@ho st",
                "::"
            })
    void anAddressThatIsNoneIsNamedWithoutItsSecrets(String address) {
        assertThatThrownBy(() -> from(Map.of("FLINK_GPT2_HUB", address)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("FLINK_GPT2_HUB: found ")
                .hasMessageContaining("such as https://huggingface.co")
                .hasMessageNotContaining("secret")
                .hasNoCause();
    }

    @ParameterizedTest
    @ValueSource(strings = {"two secrets", "secret\r\nHost: evil", "secrét", "\u0000secret"})
    void aTokenThatIsNoneIsNotShown(String token) {
        assertThatThrownBy(() -> from(Map.of("HF_TOKEN", token)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("HF_TOKEN: found ")
                .hasMessageNotContaining("secr")
                .hasNoCause();
    }

    @Test
    void theTextDoesNotShowTheToken() {
        assertThat(from(Map.of("HF_TOKEN", "secret")).toString())
                .doesNotContain("secret")
                .contains("(not shown)");
        assertThat(from(Map.of()).toString()).contains("token=none");
    }
}
