import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { describe, expect, it } from "@jest/globals";

import { classifySlackError } from "../../src/notify/slack-errors.ts";

/**
 * Errors of the real `fetch`, in the wrapping that Slack's client gives them: `{ original }`. (Inside jest the client itself cannot keep them: they come
 * from outside the test's realm and fail its `instanceof Error`.)
 */
describe("classifySlackError", () => {
  it("retries where not a byte was sent", async () => {
    const { url, stop } = await aServer(() => undefined);
    await stop();

    expect(classifySlackError({ original: await errorOf(url) })).toEqual({
      kind: "retryable",
      error: "slack cannot be reached (ECONNREFUSED)",
    });
    expect(
      classifySlackError({ original: await errorOf("http://nowhere.invalid/") }),
    ).toMatchObject({
      kind: "retryable",
    });
  });

  it("looks before it sends again where the connection broke or time ran out", async () => {
    const dropping = await aServer((socket) => socket.destroy());
    const silent = await aServer(() => undefined);

    const dropped = classifySlackError({ original: await errorOf(dropping.url) });
    const late = classifySlackError({ original: await errorOf(silent.url) });
    await Promise.all([dropping.stop(), silent.stop()]);

    expect(dropped).toEqual({
      kind: "ambiguous",
      error: "the connection to slack broke (UND_ERR_SOCKET)",
    });
    expect(late).toEqual({ kind: "ambiguous", error: "slack did not answer in time" });
  });

  it("retries a refused connection on every address tried", () => {
    const errors = [{ code: "ECONNREFUSED" }, { code: "EHOSTUNREACH" }];
    const mixed = [{ code: "ECONNREFUSED" }, { code: "ECONNRESET" }];

    expect(classifySlackError({ original: { cause: { errors } } }).kind).toBe("retryable");
    expect(classifySlackError({ original: { cause: { errors: mixed } } }).kind).toBe("ambiguous");
  });

  it.each<[error: unknown, kind: string]>([
    [{ statusCode: 502 }, "ambiguous"],
    [{ statusCode: 403 }, "permanent"],
    [{ data: { error: "ratelimited" } }, "retryable"],
    [{ data: { error: "msg_too_long" } }, "permanent"],
    [new Error("terminated"), "ambiguous"],
    [undefined, "ambiguous"],
    ["thrown text", "ambiguous"],
  ])("has a class for everything that can be thrown: %j", (error, kind) => {
    expect(classifySlackError(error).kind).toBe(kind);
  });
});

async function errorOf(url: string): Promise<unknown> {
  try {
    await fetch(url, { method: "POST", body: "x", signal: AbortSignal.timeout(300) });
    return null;
  } catch (error) {
    return error;
  }
}

async function aServer(onRequest: (socket: { destroy(): void }) => void) {
  const server = createServer((request) => {
    onRequest(request.socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const stop = async (): Promise<void> => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  };
  return { url: `http://127.0.0.1:${port}/`, stop };
}
