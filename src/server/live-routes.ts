import type { FastifyInstance } from "fastify";
import type { Clock } from "../runtime/clock.ts";
import { sendError } from "./guards.ts";
import { stampNow, type LiveStream } from "./live-stream.ts";

/** `/v1/live`: the state once. `/v1/live/stream`: the same as server-sent events `live`, with `beat` between and `bye` at the end. */
export function addLiveRoutes(
  app: FastifyInstance,
  options: { readonly read: () => string; readonly clock: Clock; readonly stream: LiveStream },
): void {
  app.get("/v1/live", async (_request, reply) => {
    const text = stampNow(options.read(), options.clock);
    return reply.type("application/json; charset=utf-8").send(text);
  });
  app.get("/v1/live/stream", async (_request, reply) => {
    if (options.stream.full) {
      reply.header("retry-after", "5");
      return sendError(reply, 503, "too_many_streams", "too many pages are open; close one");
    }
    reply.hijack();
    options.stream.add(reply.raw);
    return reply;
  });
}
