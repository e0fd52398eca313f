import type { FastifyInstance } from "fastify";
import type { Metrics } from "../telemetry/metrics.ts";
import type { HealthView } from "./views.ts";

/**
 * `/healthz`: the process lives and its event loop turns. `/readyz`: every part does its work; 503 with the part that does not.
 * `/metrics`: Prometheus' text format.
 */
export function addHealthRoutes(
  app: FastifyInstance,
  options: { readonly health: HealthView; readonly metrics: Metrics },
): void {
  const { health, metrics } = options;
  app.get("/healthz", (_request, reply) => reply.send({ status: "ok" }));
  app.get("/readyz", (_request, reply) => {
    const state = health.state();
    const parts = health.parts();
    const ready = state === "running" && parts.every((part) => part.ok);
    return reply.code(ready ? 200 : 503).send({ ready, state, parts });
  });
  app.get("/metrics", async (_request, reply) => {
    const text = await metrics.registry.metrics();
    return reply.type(metrics.registry.contentType).send(text);
  });
}
