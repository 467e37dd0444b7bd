package io.flinkgpt2.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WorkersTest {

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 7})
    void everyPartRunsOnceAndIsDoneWhenTheCallReturns(int count) {
        int rounds = 2000;
        try (Workers workers = new Workers(count)) {
            assertThat(workers.count()).isEqualTo(count);
            int[] plain = new int[count];
            AtomicIntegerArray parts = new AtomicIntegerArray(count);
            for (int round = 1; round <= rounds; round++) {
                workers.run((part, of) -> {
                    assertThat(of).isEqualTo(count);
                    parts.incrementAndGet(part);
                    plain[part]++; // seen by the caller without further care
                });
                for (int part = 0; part < count; part++) {
                    assertThat(parts.get(part)).isEqualTo(round);
                    assertThat(plain[part]).isEqualTo(round);
                }
            }
        }
    }

    @Test
    void threadsThatFellAsleepWakeUp() throws InterruptedException {
        try (Workers workers = new Workers(2)) {
            for (int i = 0; i < 3; i++) {
                AtomicIntegerArray parts = new AtomicIntegerArray(2);
                workers.run((part, of) -> parts.incrementAndGet(part));
                assertThat(parts.get(1)).isEqualTo(1);
                Thread.sleep(100);
            }
        }
    }

    @Test
    void aPartThatFailsFailsTheCallAndLeavesTheWorkersUsable() {
        try (Workers workers = new Workers(3)) {
            for (int failing : new int[] {0, 1, 2}) {
                assertThatThrownBy(() -> workers.run((part, of) -> {
                            if (part == failing) {
                                throw new ArithmeticException("part " + part);
                            }
                        }))
                        .satisfies(e -> assertThat(e.getCause() == null ? e : e.getCause())
                                .isInstanceOf(ArithmeticException.class)
                                .hasMessage("part " + failing));
                AtomicIntegerArray parts = new AtomicIntegerArray(3);
                workers.run((part, of) -> parts.incrementAndGet(part));
                assertThat(parts).hasToString("[1, 1, 1]");
            }
        }
    }

    @Test
    void anErrorOfTheJvmOnAnyThreadIsThrownAsItIs() {
        try (Workers workers = new Workers(3)) {
            for (int failing : new int[] {0, 1, 2}) {
                OutOfMemoryError error = new OutOfMemoryError("part " + failing);
                assertThatThrownBy(() -> workers.run((part, of) -> {
                            if (part == failing) {
                                throw error;
                            }
                            throw new ArithmeticException("part " + part);
                        }))
                        .isSameAs(error);
            }
        }
    }

    @Test
    void closedWorkersRefuseWorkAndTheirThreadsEnd() throws InterruptedException {
        Workers workers = new Workers(2);
        Thread[] worker = new Thread[1];
        workers.run((part, of) -> {
            if (part == 1) {
                worker[0] = Thread.currentThread();
            }
        });
        workers.close();
        worker[0].join(10_000);
        assertThat(worker[0].isAlive()).isFalse();
        assertThatThrownBy(() -> workers.run((part, of) -> {})).hasMessage("the workers are closed");
        assertThatThrownBy(() -> new Workers(0)).hasMessage("threads: found 0, expected 1 or more");
    }
}
