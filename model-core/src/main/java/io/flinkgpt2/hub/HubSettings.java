package io.flinkgpt2.hub;

import static io.flinkgpt2.hub.ModelHubException.quoted;

import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/** Where models are kept and where they come from. Immutable; its text does not show the token. */
public final class HubSettings {

    /** Variable with the directory of the cache. */
    public static final String HOME_VARIABLE = "FLINK_GPT2_HOME";

    /** Variable with the base address of the hub. */
    public static final String HUB_VARIABLE = "FLINK_GPT2_HUB";

    /** Variable that, set to 1, keeps this program off the network. */
    public static final String OFFLINE_VARIABLE = "FLINK_GPT2_OFFLINE";

    /** Variable with the token for private models. */
    public static final String TOKEN_VARIABLE = "FLINK_GPT2_TOKEN";

    /** Variable where other programs look for the token; asked after {@link #TOKEN_VARIABLE}. */
    public static final String SHARED_TOKEN_VARIABLE = "HF_TOKEN";

    /** Base address of the public hub. */
    public static final URI PUBLIC_HUB = URI.create("https://huggingface.co");

    /** Characters that can stand in a header; an error of the HTTP library would show the token. */
    private static final Pattern TOKEN = Pattern.compile("[\\x21-\\x7e]{1,4096}");

    private final Path home;
    private final URI baseAddress;
    private final String token;
    private final boolean offline;

    private HubSettings(Path home, URI baseAddress, String token, boolean offline) {
        this.home = home;
        this.baseAddress = baseAddress;
        this.token = token;
        this.offline = offline;
    }

    /** Returns the public hub, online, without a token, and a cache in the given directory, which need not exist. */
    public static HubSettings in(Path home) {
        return new HubSettings(home.toAbsolutePath().normalize(), PUBLIC_HUB, null, false);
    }

    /**
     * From the environment of this process.
     *
     * @throws IllegalArgumentException if a variable has a value that it cannot have; names it
     */
    public static HubSettings fromEnvironment() {
        return fromEnvironment(
                System.getenv(), System.getProperty("os.name"), Path.of(System.getProperty("user.home")));
    }

    static HubSettings fromEnvironment(Map<String, String> environment, String osName, Path userHome) {
        HubSettings settings = in(home(environment, osName, userHome));
        String hub = environment.getOrDefault(HUB_VARIABLE, "");
        if (!hub.isBlank()) {
            settings = settings.withBaseAddress(HUB_VARIABLE, hub);
        }
        for (String variable : new String[] {SHARED_TOKEN_VARIABLE, TOKEN_VARIABLE}) {
            String token = environment.getOrDefault(variable, "");
            if (!token.isBlank()) {
                settings = settings.withToken(variable, token);
            }
        }
        return settings.withOffline(isOffline(environment));
    }

    private static Path home(Map<String, String> environment, String osName, Path userHome) {
        String home = environment.getOrDefault(HOME_VARIABLE, "");
        return home.isBlank() ? userCaches(environment, osName, userHome).resolve("flink-gpt2") : Path.of(home);
    }

    /**
     * Returns where the system keeps what can be fetched again; outside macOS and Windows by the XDG base directory
     * specification.
     */
    private static Path userCaches(Map<String, String> environment, String osName, Path userHome) {
        String os = osName.toLowerCase(Locale.ROOT);
        if (os.startsWith("mac")) {
            return userHome.resolve("Library").resolve("Caches");
        }
        boolean windows = os.startsWith("windows");
        String given = environment.getOrDefault(windows ? "LOCALAPPDATA" : "XDG_CACHE_HOME", "");
        // The specification: a relative path is to be ignored.
        if (!given.isBlank() && Path.of(given).isAbsolute()) {
            return Path.of(given);
        }
        return windows ? userHome.resolve("AppData").resolve("Local") : userHome.resolve(".cache");
    }

    private static boolean isOffline(Map<String, String> environment) {
        String value = environment.getOrDefault(OFFLINE_VARIABLE, "").strip();
        return switch (value.toLowerCase(Locale.ROOT)) {
            case "1", "true", "yes" -> true;
            case "", "0", "false", "no" -> false;
            default ->
                throw new IllegalArgumentException(OFFLINE_VARIABLE + ": found " + quoted(value) + ", expected 1 or 0");
        };
    }

    /**
     * Returns the same with another hub.
     *
     * @param option what gave the address, for messages
     * @param address {@code http://} or {@code https://}, host, optionally port and path
     * @throws IllegalArgumentException if the address is something else
     */
    public HubSettings withBaseAddress(String option, String address) {
        URI uri;
        try {
            uri = new URI(address.strip().replaceAll("/+$", ""));
        } catch (URISyntaxException e) {
            // The parser's message would repeat the address, and with it a password.
            throw invalidAddress(option, "an invalid URL, at character " + e.getIndex());
        }
        boolean http = "http".equalsIgnoreCase(uri.getScheme()) || "https".equalsIgnoreCase(uri.getScheme());
        if (!http || uri.getHost() == null) {
            throw invalidAddress(option, "no scheme http or https, or no host");
        }
        if (uri.getRawUserInfo() != null || uri.getRawQuery() != null || uri.getRawFragment() != null) {
            throw invalidAddress(option, "more than that: a user, a query or a fragment");
        }
        return new HubSettings(home, uri, token, offline);
    }

    private static IllegalArgumentException invalidAddress(String option, String found) {
        return new IllegalArgumentException(
                option + ": found " + found + ", expected the hub's address, such as " + PUBLIC_HUB);
    }

    /**
     * Returns the same with a token for private models; spaces around it are dropped.
     *
     * @param option what gave the token, for messages, which do not show it
     * @throws IllegalArgumentException if it is empty or not of printable ASCII
     */
    public HubSettings withToken(String option, String newToken) {
        String stripped = newToken.strip();
        if (!TOKEN.matcher(stripped).matches()) {
            throw new IllegalArgumentException(
                    option + ": found a text that is empty, longer than 4,096 characters, or has"
                            + " characters that a token cannot have (not shown), expected one word of printable ASCII");
        }
        return new HubSettings(home, baseAddress, stripped, offline);
    }

    /** Returns the same, with or without the network. */
    public HubSettings withOffline(boolean newOffline) {
        return new HubSettings(home, baseAddress, token, newOffline);
    }

    /** Directory of the cache. */
    public Path home() {
        return home;
    }

    /** Address of the hub, without a slash at its end. */
    public URI baseAddress() {
        return baseAddress;
    }

    /** Returns whether the network must not be touched. */
    public boolean offline() {
        return offline;
    }

    Optional<String> token() {
        return Optional.ofNullable(token);
    }

    /** Keeps the token out of what is shown. */
    Redaction redaction() {
        return new Redaction(token);
    }

    @Override
    public String toString() {
        return "HubSettings[home=" + home + ", baseAddress=" + baseAddress + ", token="
                + (token == null ? "none" : "(not shown)") + ", offline=" + offline + "]";
    }
}
