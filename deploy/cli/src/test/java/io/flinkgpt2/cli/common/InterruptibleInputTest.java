package io.flinkgpt2.cli.common;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

class InterruptibleInputTest {

    @Test
    void whatThereIsIsRead() throws IOException {
        InputStream in = new InterruptibleInput(new ByteArrayInputStream("ab\u00ff".getBytes(UTF_8)));

        assertThat(in.readAllBytes()).isEqualTo("ab\u00ff".getBytes(UTF_8));
        assertThat(in.read()).isEqualTo(-1);
    }

    @Test
    void anInterruptEndsAReadThatWaitsForever() throws Exception {
        CountDownLatch reading = new CountDownLatch(1);
        InputStream in = new InterruptibleInput(new InputStream() {
            @Override
            public int read() {
                reading.countDown();
                while (true) {
                    LockSupport.park();
                }
            }
        });
        FutureTask<Throwable> read = new FutureTask<>(() -> {
            try {
                in.read(new byte[8]);
                return null;
            } catch (IOException e) {
                return Thread.currentThread().isInterrupted() ? e : null;
            }
        });
        Thread thread = new Thread(read);
        thread.start();
        reading.await();
        thread.interrupt();

        assertThat(read.get()).isInstanceOf(InterruptedIOException.class);
    }

    @Test
    void anInputThatCannotBeReadIsNamed() {
        InputStream closed = new InputStream() {
            @Override
            public int read() throws IOException {
                throw new IOException("Bad file descriptor");
            }
        };
        assertThatThrownBy(() -> new InterruptibleInput(closed).read(new byte[1]))
                .hasMessage("Standard input cannot be read (Bad file descriptor); check where it comes from");
    }
}
