package io.flinkgpt2.job;

import io.flinkgpt2.json.NearestName;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.FallbackKey;

/** The names under which the job's options can be given on a command line, without the hyphens before them. */
public final class OptionNames {

    private OptionNames() {}

    /** Returns all of them: keys, their other keys, and the last words of a key where only that key ends so. */
    public static Set<String> all() {
        Map<String, Integer> endings = new HashMap<>();
        for (ConfigOption<?> option : JobOptions.ALL) {
            endings(option.key()).forEach(ending -> endings.merge(ending, 1, Integer::sum));
        }
        Set<String> names = new LinkedHashSet<>();
        for (ConfigOption<?> option : JobOptions.ALL) {
            names.add(option.key());
            for (FallbackKey other : option.fallbackKeys()) {
                names.add(other.getKey());
            }
            endings(option.key()).stream()
                    .filter(ending -> endings.get(ending) == 1)
                    .forEach(names::add);
        }
        return names;
    }

    /** Returns the last words of a key, the longest first; not the key itself. */
    private static List<String> endings(String key) {
        List<String> endings = new ArrayList<>();
        for (int i = 0; i < key.length(); i++) {
            if (key.charAt(i) == '.' || key.charAt(i) == '-') {
                endings.add(key.substring(i + 1));
            }
        }
        return endings;
    }

    /**
     * Returns "; did you mean '--max-context'?", or an empty string where no name is near.
     *
     * @param unknown name of no option, without the hyphens before it
     * @param others further options that the command line takes, without the hyphens before them
     */
    static String hint(String unknown, Collection<String> others) {
        Set<String> known = new LinkedHashSet<>(others);
        known.addAll(all());
        known.add(JobArguments.FILE_ARGUMENT);
        return NearestName.hint(NearestName.of(unknown, known).map(name -> "--" + name));
    }
}
