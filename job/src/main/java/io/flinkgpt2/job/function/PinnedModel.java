package io.flinkgpt2.job.function;

import io.flinkgpt2.hub.HubName;
import io.flinkgpt2.hub.ModelHub;
import io.flinkgpt2.hub.ModelHubException;
import io.flinkgpt2.hub.ModelLocator;
import java.io.IOException;
import java.util.Optional;
import java.util.function.Supplier;
import org.apache.flink.api.common.state.BroadcastState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.OperatorStateStore;
import org.apache.flink.api.common.typeinfo.Types;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One revision of a hub model for a whole job, though the branch that it was named by moves on. It is looked up when the job is
 * put together and goes with the job, so that TaskManagers and a restarted JobManager do not look it up again. Each operator
 * that loads the model keeps it in its state, so that a job that is resumed goes on with it, unless a revision is given.
 *
 * <p>Models at a path are what is there: nothing is pinned.
 */
public final class PinnedModel {

    private static final Logger LOG = LoggerFactory.getLogger(PinnedModel.class);

    private static final String NAME = "name";

    // A broadcast state and not a union list, of which a job with finished subtasks can take no checkpoint.
    private static final MapStateDescriptor<String, String> STATE =
            new MapStateDescriptor<>("model", Types.STRING, Types.STRING);

    private PinnedModel() {}

    /**
     * Returns the model at the commit that its name stands for now. A branch or tag that was given by name is taken as it is
     * where its commit cannot be found out.
     *
     * @param hub asked for only if the path is the name of a model on the hub
     * @throws ModelHubException if no revision was given and its commit cannot be found out
     */
    public static ModelSettings pin(ModelSettings model, Supplier<ModelHub> hub) throws IOException {
        Optional<HubName> named = ModelLocator.hubName(model.path());
        if (named.isEmpty()) {
            return model;
        }
        boolean open = model.revisionOpen() || !model.path().contains("@");
        try {
            HubName commit = hub.get().atCommit(named.get());
            LOG.info("The job runs {} as {}", model.path(), commit);
            return model.withPath(commit.toString(), open);
        } catch (ModelHubException e) {
            if (open) {
                throw e;
            }
            LOG.warn(
                    "Each TaskManager looks {} up itself, for its commit cannot be found out here: {}",
                    model.path(),
                    e.getMessage());
            return model;
        }
    }

    /**
     * Returns the model that an operator loads: that of its state if the user left the revision open and the state has the same
     * repository, else that of the job. From here on it is in the state. To be called when the state is initialised.
     */
    public static ModelSettings keep(ModelSettings model, OperatorStateStore store) throws Exception {
        BroadcastState<String, String> state = store.getBroadcastState(STATE);
        String before = state.get(NAME);
        Optional<HubName> named = ModelLocator.hubName(model.path());
        if (named.isEmpty()) {
            state.clear();
            return model;
        }
        ModelSettings kept = model;
        if (model.revisionOpen() && before != null && !before.equals(model.path())) {
            HubName old = HubName.parse(before);
            boolean hasRevision = !old.equals(HubName.parse(old.repository()));
            if (hasRevision && old.equals(named.get().at(old.revision()))) {
                LOG.info(
                        "The job goes on with {} of its state, and not with {}, for no revision was given",
                        old,
                        named.get());
                kept = model.withPath(before, true);
            }
        }
        state.put(NAME, kept.path());
        return kept;
    }
}
