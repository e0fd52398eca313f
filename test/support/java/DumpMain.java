import java.io.BufferedOutputStream;
import java.io.DataOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Everything that a topic holds, read by Kafka's own consumer without a group, one partition after the other, without what was
 * aborted. Arguments: the bootstrap servers and the topic. Writes per record: partition (int), offset (long), length of the value
 * (int, -1: a tombstone), value.
 */
public final class DumpMain {
  public static void main(String[] args) throws Exception {
    Properties settings = new Properties();
    settings.put("bootstrap.servers", args[0]);
    settings.put("isolation.level", "read_committed");
    settings.put("enable.auto.commit", "false");
    settings.put("auto.offset.reset", "none");
    settings.put("max.poll.records", "5000");
    settings.put("check.crcs", "true");
    ByteArrayDeserializer bytes = new ByteArrayDeserializer();
    try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(settings, bytes, bytes);
        DataOutputStream output =
            new DataOutputStream(
                new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), 1 << 16))) {
      List<TopicPartition> partitions =
          consumer.partitionsFor(args[1]).stream()
              .map(one -> new TopicPartition(args[1], one.partition()))
              .sorted(Comparator.comparingInt(TopicPartition::partition))
              .toList();
      for (TopicPartition partition : partitions) dump(consumer, partition, output);
    }
  }

  private static void dump(
      KafkaConsumer<byte[], byte[]> consumer, TopicPartition partition, DataOutputStream output)
      throws Exception {
    consumer.assign(List.of(partition));
    consumer.seekToBeginning(List.of(partition));
    long end = consumer.endOffsets(List.of(partition)).get(partition);
    while (consumer.position(partition) < end) {
      for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofSeconds(1))) {
        output.writeInt(record.partition());
        output.writeLong(record.offset());
        output.writeInt(record.value() == null ? -1 : record.value().length);
        if (record.value() != null) output.write(record.value());
      }
    }
  }
}
