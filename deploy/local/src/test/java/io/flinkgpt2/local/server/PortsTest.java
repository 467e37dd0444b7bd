package io.flinkgpt2.local.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import org.junit.jupiter.api.Test;

class PortsTest {

    @Test
    void portsDifferAndOneThatIsTakenIsNamed() throws Exception {
        assertThat(Ports.choose(0, 0, 0)).doesNotHaveDuplicates().allMatch(port -> port > 0);
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("localhost"))) {
            assertThatThrownBy(() -> Ports.choose(0, taken.getLocalPort()))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("Port " + taken.getLocalPort());
        }
    }
}
