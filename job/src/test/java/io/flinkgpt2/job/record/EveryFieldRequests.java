package io.flinkgpt2.job.record;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;

/**
 * The requests of {@code records/every-field.jsonl}, which together use every field, for a max-context of {@value #MAX_CONTEXT}
 * and GPT-2's vocabulary; and the generator that writes them. No two have the same identity.
 */
public final class EveryFieldRequests {
    public static final int COUNT = 200;
    public static final int MAX_CONTEXT = 128;

    /** The name that some of the requests call their model: the job's name of it, or an alias. */
    public static final String MODEL = "every-field";

    static final String FILE = "/records/every-field.jsonl";

    private static final long SEED = 2015;

    /** More than a block of the KV cache, so that prompts that begin with it may share that. */
    private static final String STEM =
            "Once upon a time there was a king who had three sons and a daughter. The eldest went"
                    + " into the forest to look for the golden bird, and he met an old woman who asked him for"
                    + " bread. He gave her nothing and went on his way, and when night came he lost himself among"
                    + " the trees, where a grey wolf lived.";

    private static final String SCHEMA =
            "{\"type\":\"object\",\"properties\":{\"name\":{\"type\":\"string\",\"maxLength\":6},"
                    + "\"age\":{\"type\":\"integer\"}},\"required\":[\"name\",\"age\"],\"additionalProperties\":false}";
    private static final String CHOICE = "[\"yes\",\"no\",\"yes and no\",\"perhaps\"]";
    private static final String REGEX = "\"(the|a) [a-z]{2,9}( and [a-z]+)*[.!]\"";

    /** {@code " the", " and", ".", ",", " a", " king"}. */
    private static final String COMMON_WORDS = "[262,290,13,11,257,5822]";

    private final Random random;
    private final Map<String, String> fields = new LinkedHashMap<>();
    private boolean beams;
    private boolean constrained;

    private EveryFieldRequests(Random random) {
        this.random = random;
    }

    /** Returns the lines of the file. */
    public static List<String> lines() {
        try (InputStream in = EveryFieldRequests.class.getResourceAsStream(FILE)) {
            return new String(in.readAllBytes(), UTF_8).lines().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(FILE, e);
        }
    }

    /** Returns the lines as the generator makes them; a function of {@link #SEED}. */
    static List<String> generate() {
        EveryFieldRequests generator = new EveryFieldRequests(new Random(SEED));
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < COUNT; i++) {
            lines.add(generator.line(i));
        }
        return lines;
    }

    private String line(int i) {
        boolean envelope = i % 5 == 0;
        boolean outside = envelope && i % 9 != 4;
        String identity = "\"e-" + i + "\"";
        beams = i % 7 == 4;
        constrained = i % 11 >= 6 && i % 11 <= 8;
        fields.clear();
        if (!outside) {
            fields.put(i % 9 == 4 ? "request_id" : "custom_id", identity);
        }
        fields.put("max_tokens", String.valueOf(constrained ? 8 + random.nextInt(7) : 3 + random.nextInt(8)));
        prompt(i);
        choices(i);
        sampling();
        generation(i);
        scores();
        service(i);
        String body = fields.entrySet().stream()
                .map(field -> "\"" + field.getKey() + "\":" + field.getValue())
                .collect(Collectors.joining(",", "{", "}"));
        return envelope
                ? "{" + (outside ? "\"custom_id\":" + identity + "," : "")
                        + "\"method\":\"POST\",\"url\":\"/v1/completions\",\"body\":" + body + "}"
                : body;
    }

    private void prompt(int i) {
        String prompt = prompt();
        if (i % 7 >= 5) {
            boolean ids = i % 2 == 0;
            List<String> several = new ArrayList<>();
            for (int count = 2 + random.nextInt(2); count > 0; count--) {
                several.add(ids ? ids(random.nextInt(8)) : prompt());
            }
            prompt = "[" + String.join(",", several) + "]";
        } else if (i % 3 == 1) {
            prompt = ids(1 + random.nextInt(40));
        }
        fields.put("prompt", prompt);
    }

    private String prompt() {
        return switch (random.nextInt(4)) {
            case 0 -> "\"" + STEM.substring(0, STEM.length() - random.nextInt(30)) + "\"";
            case 1 -> "\"" + STEM + " And he gave her " + random.nextInt(100) + "\"";
            case 2 -> "\"The fox said \\u00e9\\ud83d\\ude00 " + random.nextInt(10) + "\"";
            default -> "\"The king\"";
        };
    }

    private String ids(int count) {
        return random.ints(count, 0, 50_000).boxed().toList().toString().replace(" ", "");
    }

    private void choices(int i) {
        switch (i % 7) {
            case 2 -> fields.put("n", String.valueOf(2 + random.nextInt(3)));
            case 3, 6 -> {
                int n = 1 + random.nextInt(2);
                fields.put("n", String.valueOf(n));
                fields.put("best_of", String.valueOf(n + 1 + random.nextInt(2)));
            }
            case 4 -> {
                fields.put("use_beam_search", "true");
                fields.put("n", String.valueOf(2 + random.nextInt(3)));
                maybe("length_penalty", number(0.5, 2));
                maybe("early_stopping", "true");
                fields.put("temperature", "0");
            }
            default -> {}
        }
    }

    private void sampling() {
        if (!beams && random.nextInt(3) > 0) {
            fields.put("temperature", random.nextInt(4) == 0 ? "0" : number(0.3, 1.6));
            maybe("top_p", number(0.3, 0.99));
            maybe("top_k", String.valueOf(2 + random.nextInt(200)));
            maybe("min_p", number(0.001, 0.2));
            maybe("typical_p", number(0.3, 0.99));
            maybe("seed", String.valueOf(random.nextLong()));
        }
        if (!constrained) {
            maybe("presence_penalty", number(-1, 2));
            maybe("frequency_penalty", number(-1, 2));
            maybe("repetition_penalty", number(0.8, 1.8));
        }
    }

    /** Puts the fields that say which tokens may be generated, and where they end. */
    private void generation(int i) {
        switch (i % 11) {
            case 0 -> {
                fields.put("no_repeat_ngram_size", String.valueOf(1 + random.nextInt(3)));
                fields.put("bad_words", "[\"the\",\"old woman\",\" and\",\".\"]");
            }
            case 1 -> fields.put("logit_bias", "{\"262\":-100,\"290\":" + number(0, 20) + ",\"13\":3.5}");
            case 2 -> words("stop", "[\" the king\",\" and\",\".\"]");
            case 3 -> words("stop_token_ids", "[13,5822]");
            case 4 -> {
                fields.put("logit_bias", "{\"50256\":" + number(5, 30) + "}");
                if (random.nextBoolean()) {
                    fields.put("ignore_eos", "true");
                } else {
                    fields.put("min_tokens", "3");
                }
                maybe("skip_special_tokens", "false");
            }
            case 5 -> {
                fields.put("allowed_token_ids", "[262,290]");
                fields.put(
                        "repetition_detection",
                        "{\"max_pattern_size\":" + (1 + random.nextInt(3)) + ",\"min_count\":" + (2 + random.nextInt(2))
                                + "}");
            }
            case 6 -> {
                switch (i / 11 % 4) {
                    case 0 -> fields.put("guided_choice", CHOICE);
                    case 1 -> fields.put("guided_regex", REGEX);
                    case 2 -> fields.put("guided_json", SCHEMA);
                    default -> fields.put("guided_json_object", "true");
                }
            }
            case 7 ->
                fields.put(
                        "structured_outputs",
                        switch (i / 11 % 4) {
                            case 0 -> "{\"choice\":" + CHOICE + "}";
                            case 1 -> "{\"regex\":" + REGEX + "}";
                            case 2 -> "{\"json\":" + SCHEMA + "}";
                            default -> "{\"json_object\":true}";
                        });
            case 8 ->
                fields.put(
                        "response_format",
                        i % 2 == 0
                                ? "{\"type\":\"json_object\"}"
                                : "{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"man\",\"schema\":" + SCHEMA
                                        + "}}");
            case 9 -> truncation(i);
            default -> {
                fields.put("max_tokens", "0");
                if (random.nextBoolean()) {
                    fields.put("echo", "true");
                } else {
                    fields.put("prompt_logprobs", "2");
                }
            }
        }
    }

    /** Puts a stop into a text of few words, in which it comes soon. */
    private void words(String field, String stop) {
        fields.put("allowed_token_ids", COMMON_WORDS);
        fields.put(field, stop);
        maybe("include_stop_str_in_output", "true");
        maybe("min_tokens", "2");
    }

    private void truncation(int i) {
        switch (i % 3) {
            case 0 -> {
                fields.put("prompt", "\"" + (STEM + " ").repeat(4) + "\"");
                fields.put("truncate_prompt", random.nextBoolean() ? "\"left\"" : "\"right\"");
            }
            case 1 -> {
                fields.put("truncate_prompt_tokens", String.valueOf(1 + random.nextInt(30)));
                fields.put("truncation_side", random.nextInt(3) > 0 ? "\"right\"" : "\"left\"");
            }
            default -> {
                fields.put("prompt", "\"The end<|endoftext|>A king" + random.nextInt(10) + "\"");
                fields.put("allow_special_tokens", "true");
                maybe("skip_special_tokens", "false");
            }
        }
    }

    private void scores() {
        maybe("echo", "true");
        maybe("logprobs", String.valueOf(random.nextInt(4)));
        maybe("prompt_logprobs", String.valueOf(random.nextInt(3)));
        maybe("return_token_ids", "true");
        maybe("return_tokens_as_token_ids", "true");
        if (fields.containsKey("logprobs")) {
            maybe("logprob_token_ids", COMMON_WORDS);
        }
    }

    private void service(int i) {
        maybe("model", "\"" + MODEL + "\"");
        maybe("user", "\"u \\\"" + i + "\\\"\"");
        maybe("session_id", "\"s-" + i % 8 + "\"");
        maybe("metadata", "{\"line\":" + i + ",\"b\":[null,1.50,\"\\u00e9\"],\"a\":{}}");
        maybe("priority", String.valueOf(random.nextInt(7) - 3));
        maybe("timeout_ms", "3600000");
        maybe("cache_salt", "\"salt " + random.nextInt(3) + "\"");
    }

    /** Puts a field into a quarter of the requests, unless it is there. */
    private void maybe(String field, String value) {
        if (random.nextInt(4) == 0) {
            fields.putIfAbsent(field, value);
        }
    }

    private String number(double least, double most) {
        return String.valueOf(Math.round(1000 * (least + random.nextDouble() * (most - least))) / 1000.0);
    }
}
