/** Kafka's own main, which also ends when standard input closes: whoever started it, and however that one died, no broker is left behind. */
public final class BrokerMain {
  public static void main(String[] args) {
    Thread watch =
        new Thread(
            () -> {
              try {
                while (System.in.read() != -1) {}
              } catch (java.io.IOException closed) {
                // The same as the end of the stream.
              }
              Runtime.getRuntime().halt(0);
            },
            "stdin-watch");
    watch.setDaemon(true);
    watch.start();
    kafka.Kafka.main(args);
  }
}
