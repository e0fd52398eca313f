import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Kafka's own producer for codec tests. Argument: the bootstrap servers. Standard input, one record a line, tab-separated: topic, codec,
 * partition (-1: the producer's choice), base64 of the value (empty: a tombstone). Prints how many records the broker acknowledged.
 */
public final class ProduceMain {
  public static void main(String[] args) throws Exception {
    Map<String, KafkaProducer<byte[], byte[]>> producers = new HashMap<>();
    BufferedReader input =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
    java.util.List<Future<RecordMetadata>> sent = new java.util.ArrayList<>();
    for (String line = input.readLine(); line != null; line = input.readLine()) {
      String[] fields = line.split("\t", -1);
      KafkaProducer<byte[], byte[]> producer =
          producers.computeIfAbsent(fields[1], codec -> producer(args[0], codec));
      int partition = Integer.parseInt(fields[2]);
      byte[] value = fields[3].isEmpty() ? null : Base64.getDecoder().decode(fields[3]);
      sent.add(
          producer.send(
              new ProducerRecord<>(fields[0], partition < 0 ? null : partition, null, value)));
    }
    for (Future<RecordMetadata> one : sent) one.get();
    for (KafkaProducer<byte[], byte[]> producer : producers.values()) producer.close();
    System.out.println(sent.size());
  }

  private static KafkaProducer<byte[], byte[]> producer(String servers, String codec) {
    Properties settings = new Properties();
    settings.put("bootstrap.servers", servers);
    settings.put("compression.type", codec);
    settings.put("linger.ms", "100");
    settings.put("batch.size", "262144");
    settings.put("buffer.memory", "67108864");
    settings.put("max.request.size", "33554432");
    return new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer());
  }
}
