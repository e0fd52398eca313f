/** Ends the broker that jest-setup.mjs may have started. */
export default async function teardown() {
  await globalThis.spikewatchKafkaDesk?.();
}
