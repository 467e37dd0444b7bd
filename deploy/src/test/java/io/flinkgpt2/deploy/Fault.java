package io.flinkgpt2.deploy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Random;
import java.util.Set;

/** The disturbances of a running job that the nemesis draws from. Each strikes, and puts things right again as its user would. */
enum Fault {
    /** {@code kill -9} of the TaskManager; another one starts. */
    KILL_TASKMANAGER {
        @Override
        String strike(Stage stage, Traffic traffic, SmallDisk disk, Random random) throws Exception {
            stage.kill("taskmanager");
            stage.cluster().killTaskManager(true);
            return "another has registered";
        }
    },
    /** {@code kill -9} of the JobManager, which loses the job; it is submitted from its newest complete checkpoint. */
    KILL_JOBMANAGER {
        @Override
        String strike(Stage stage, Traffic traffic, SmallDisk disk, Random random) throws Exception {
            stage.kill("jobmanager");
            stage.cluster().killJobManager(true);
            return "submitted from " + stage.submitFromNewestCheckpoint();
        }
    },
    /** {@code kill -9} of the broker, which starts again on its topics. */
    KILL_BROKER {
        @Override
        String strike(Stage stage, Traffic traffic, SmallDisk disk, Random random) throws Exception {
            stage.kill("kafka");
            stage.cluster().restartKafka();
            return "it serves again";
        }
    },
    /** A TaskManager that stands still for a while, shorter than the heartbeat's timeout. */
    PAUSE_TASKMANAGER {
        @Override
        String strike(Stage stage, Traffic traffic, SmallDisk disk, Random random) throws Exception {
            return pause(stage, "taskmanager", random, Stage.HEARTBEAT_TIMEOUT.dividedBy(2));
        }
    },
    /** A TaskManager that stands still until it counts as dead and another has its tasks, and then goes on. */
    ZOMBIE_TASKMANAGER {
        @Override
        String strike(Stage stage, Traffic traffic, SmallDisk disk, Random random) throws Exception {
            ProcessHandle zombie = stage.process("taskmanager");
            Set<String> before = stage.taskManagers();
            Stage.signal(zombie, "STOP");
            stage.startAnotherTaskManager();
            stage.await("another TaskManager in the place of " + before, () -> {
                Set<String> now = stage.taskManagers();
                return !now.isEmpty() && now.stream().noneMatch(before::contains);
            });
            stage.awaitRunning();
            Observation late = new Observation(traffic.unanswered(), 0, 0);
            Stage.signal(zombie, "CONT");
            // Long enough for whatever it still has to write: it finds out by itself that it has been replaced.
            stage.await(
                    "the return of the TaskManager that stood still",
                    () -> stage.taskManagers().size() == 2);
            zombie.destroyForcibly();
            zombie.onExit().join();
            return "another took over, the first woke to " + late.prompts() + " unanswered prompts and was given up";
        }
    },
    /** A JobManager that stands still, for less or more than the heartbeat's timeout. */
    PAUSE_JOBMANAGER {
        @Override
        String strike(Stage stage, Traffic traffic, SmallDisk disk, Random random) throws Exception {
            return pause(stage, "jobmanager", random, Stage.HEARTBEAT_TIMEOUT.multipliedBy(2));
        }
    },
    /** A broker that stands still, for less or more than it takes to count as dead. */
    PAUSE_BROKER {
        @Override
        String strike(Stage stage, Traffic traffic, SmallDisk disk, Random random) throws Exception {
            return pause(stage, "kafka", random, Duration.ofSeconds(15));
        }
    },
    /** A checkpoint directory without room, until a checkpoint has failed of it. */
    FULL_DISK {
        @Override
        String strike(Stage stage, Traffic traffic, SmallDisk disk, Random random) throws Exception {
            long before = stage.checkpoints("failed");
            disk.fill();
            try {
                stage.await("the failure of a checkpoint", () -> stage.checkpoints("failed") > before);
            } finally {
                disk.free();
            }
            return (stage.checkpoints("failed") - before) + " checkpoints failed before there was room again";
        }
    },
    /** A checkpoint directory that cannot be written, until a checkpoint has failed of it. */
    READ_ONLY_DISK {
        @Override
        String strike(Stage stage, Traffic traffic, SmallDisk disk, Random random) throws Exception {
            long before = stage.checkpoints("failed");
            disk.readOnly(true);
            try {
                stage.await("the failure of a checkpoint", () -> stage.checkpoints("failed") > before);
            } finally {
                disk.readOnly(false);
            }
            return (stage.checkpoints("failed") - before) + " checkpoints failed before it could be written again";
        }
    },
    /** A stop with savepoint, and a resumption at another parallelism. */
    RESCALE {
        @Override
        String strike(Stage stage, Traffic traffic, SmallDisk disk, Random random) throws Exception {
            String savepoint = stage.stopJob();
            int other = Stage.SLOTS + 1 - stage.parallelism();
            stage.submit(other, Optional.of(savepoint));
            return "resumed from a savepoint at parallelism " + other;
        }
    },
    /** A second job of the same name, which must be refused. */
    SECOND_JOB {
        @Override
        String strike(Stage stage, Traffic traffic, SmallDisk disk, Random random) throws Exception {
            Run second = stage.submitAgain();
            if (second.exitCode() != 1 || !second.err().contains(stage.job())) {
                throw new IllegalStateException("a second job of the name " + Stage.JOB_NAME + " was not refused: exit"
                        + " code " + second.exitCode() + ", " + second.err());
            }
            return "refused";
        }
    },
    /** A model whose files are gone when a new TaskManager wants to load them, until it has said so. */
    MODEL_REMOVED {
        @Override
        String strike(Stage stage, Traffic traffic, SmallDisk disk, Random random) throws Exception {
            Path aside = stage.model().resolveSibling("model-aside");
            Files.move(stage.model(), aside);
            try {
                stage.kill("taskmanager");
                stage.cluster().killTaskManager(true);
                stage.await(
                        "a failure that names the model",
                        () -> failures(stage).contains(stage.model().toString()));
            } finally {
                Files.move(aside, stage.model());
            }
            return "the job said so until they were back";
        }

        private static String failures(Stage stage) throws IOException, InterruptedException {
            return stage.flink()
                    .get("/jobs/" + stage.job() + "/exceptions")
                    .path("exceptionHistory")
                    .toString();
        }
    };

    /**
     * Disturbs the job and repairs what it broke; the job may still be starting again when this returns.
     *
     * @param disk the checkpoint directory; null where {@link #needsDisk} faults are left out
     * @return what came of it
     */
    abstract String strike(Stage stage, Traffic traffic, SmallDisk disk, Random random) throws Exception;

    /** Whether it fills or locks the checkpoint directory, which has to be a file system of its own. */
    boolean needsDisk() {
        return List.of(FULL_DISK, READ_ONLY_DISK).contains(this);
    }

    private static String pause(Stage stage, String role, Random random, Duration longest) throws Exception {
        long millis = 1000 + random.nextLong(longest.toMillis() - 1000);
        ProcessHandle process = stage.process(role);
        Stage.signal(process, "STOP");
        try {
            Thread.sleep(millis);
        } finally {
            Stage.signal(process, "CONT");
        }
        return String.format(Locale.ROOT, "stood still for %.1f s", millis / 1e3);
    }
}
