package io.ostraka.bench.micro;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.ostraka.proxy.wire.BindView;
import io.ostraka.proxy.wire.ClientEncoding;
import io.ostraka.proxy.wire.Frame;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** What is read of a Bind before it can be routed. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
public class DecodeBenchmark {
    private final BindView bind = new BindView();
    private ByteBuf message;

    @Setup
    public void write() {
        byte[] key = "4711".getBytes(StandardCharsets.US_ASCII);
        message = Unpooled.directBuffer();
        message.writeByte('B').writeInt(0);
        message.writeByte(0); // the unnamed portal
        message.writeBytes("S_1".getBytes(StandardCharsets.US_ASCII)).writeByte(0);
        message.writeShort(0); // formats: text
        message.writeShort(1).writeInt(key.length).writeBytes(key);
        message.writeShort(0); // result formats: text
        message.setInt(1, message.writerIndex() - 1);
        if (message.writerIndex() <= Frame.HEADER_BYTES) {
            throw new IllegalStateException("no message");
        }
    }

    /** Names, formats and the key's bytes. */
    @Benchmark
    public byte[] bind() {
        bind.read(message, 0, ClientEncoding.UTF8);
        return bind.value(1);
    }
}
