package io.flinkgpt2.benchmark;

import io.flinkgpt2.pretrained.Pretrained;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Engines side by side over one copy of the weights, each with the same number of requests. */
public final class Engines implements AutoCloseable {

    private final Pretrained pretrained;
    private final List<Engine> engines = new ArrayList<>();
    private final ExecutorService executor;
    private final CyclicBarrier ready;

    /** @param context the most tokens of prompt and completion together */
    public Engines(Pretrained pretrained, EngineOptions options, int context) {
        this.pretrained = pretrained;
        for (int i = 0; i < options.engines(); i++) {
            engines.add(new Engine(pretrained, options, context));
        }
        executor = Executors.newFixedThreadPool(options.engines());
        ready = new CyclicBarrier(options.engines());
    }

    /**
     * Completes a workload on each engine, {@code repeats} times and once before to warm up, and returns the run with the
     * median time. The engines' prompts differ, but for those that are all prefix.
     *
     * @throws IllegalStateException if a request fails, or a repeat gives other ids than the one before
     */
    public EngineRun measure(Workload workload, int repeats) throws InterruptedException {
        List<List<BenchRequest>> work = work(workload);
        String checksum = run(work).idsSha256();
        List<EngineRun> runs = new ArrayList<>();
        for (int i = 0; i < repeats; i++) {
            EngineRun run = run(work);
            if (!run.idsSha256().equals(checksum)) {
                throw new IllegalStateException("the ids of repeat " + (i + 1)
                        + " differ from those of the first, expected the same ones for the same requests;"
                        + " what was measured is wrong");
            }
            runs.add(run);
        }
        return EngineRun.median(runs.stream());
    }

    private List<List<BenchRequest>> work(Workload one) {
        int streams = one.streams();
        Workload all = new Workload(
                streams * engines.size(), one.promptTokens(), one.newTokens(), one.prefixTokens(), one.seed());
        List<BenchRequest> requests = all.requests(pretrained.config());
        List<List<BenchRequest>> work = new ArrayList<>();
        for (int i = 0; i < engines.size(); i++) {
            work.add(requests.subList(i * streams, (i + 1) * streams));
        }
        return work;
    }

    private EngineRun run(List<List<BenchRequest>> work) throws InterruptedException {
        List<Future<Timed>> futures = new ArrayList<>();
        for (int i = 0; i < engines.size(); i++) {
            Engine engine = engines.get(i);
            List<BenchRequest> requests = work.get(i);
            futures.add(executor.submit(() -> {
                engine.forget();
                ready.await();
                long start = System.nanoTime();
                EngineRun run = engine.run(requests);
                return new Timed(run, start, System.nanoTime());
            }));
        }
        List<Timed> runs = new ArrayList<>();
        for (Future<Timed> future : futures) {
            try {
                runs.add(future.get());
            } catch (ExecutionException e) {
                throw new IllegalStateException("an engine failed", e.getCause());
            }
        }
        long first = runs.stream().mapToLong(Timed::start).min().orElseThrow();
        long last = runs.stream().mapToLong(Timed::end).max().orElseThrow();
        return EngineRun.together(
                (last - first) * 1e-9, runs.stream().map(Timed::run).toList());
    }

    private record Timed(EngineRun run, long start, long end) {}

    @Override
    public void close() {
        executor.shutdownNow();
        engines.forEach(Engine::close);
    }
}
