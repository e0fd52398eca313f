import { createServer, type ServerResponse } from "node:http";
import { once } from "node:events";
import { connect, type AddressInfo } from "node:net";
import { describe, expect, it } from "@jest/globals";
import { LiveStream } from "../../src/server/live-stream.ts";
import { createLogger, silentLogger } from "../../src/telemetry/logger.ts";
import { EventReader, request, withFace } from "../support/http-face.ts";
import { aFeedSnapshot, aLiveSnapshot, aTeamNow } from "../support/live-builders.ts";
import { ManualClock } from "../support/manual-clock.ts";

const TEAM = (spent: number): ReturnType<typeof aLiveSnapshot> =>
  aLiveSnapshot({ teams: [aTeamNow({ actualUsdLastHour: spent })] });

function spentIn(event: { data: unknown } | null): number | undefined {
  const data = event?.data as { teams?: { lastHour: { actualUsd: number } }[] } | undefined;
  return data?.teams?.[0]?.lastHour.actualUsd;
}

describe("/v1/live/stream", () => {
  it("gives the present state at once, with the time it is told at", async () => {
    await withFace({}, async ({ server, views, clock }) => {
      views.live = TEAM(7);
      const reader = await EventReader.open(`${server.url}/v1/live/stream`);

      const first = await reader.next();

      expect(first?.event).toBe("live");
      expect(spentIn(first)).toBe(7);
      expect(first?.data).toHaveProperty("nowMs", clock.now());
      const once = JSON.parse((await request(`${server.url}/v1/live`)).body) as unknown;
      expect(once).toEqual(first?.data);
    });
  });

  it("pushes when something changed, once a second, and says nothing else", async () => {
    await withFace({}, async ({ server, views, pace, clock }) => {
      const reader = await EventReader.open(`${server.url}/v1/live/stream`);
      await reader.next();

      await pace.advance(5000);
      await clock.advance(5000);
      views.live = TEAM(1);
      views.live = TEAM(2);
      await pace.advance(1000);
      const second = await reader.next();
      views.feed = aFeedSnapshot({ records: 1 });
      await pace.advance(3000);
      const third = await reader.next();

      expect(spentIn(second)).toBe(2);
      expect(third?.data).toMatchObject({ feed: { records: 1 } });
      expect(reader.waiting).toBe(0);
    });
  });

  it("beats every ten silent seconds, so that silence means a lost connection", async () => {
    await withFace({}, async ({ server, pace, clock }) => {
      const reader = await EventReader.open(`${server.url}/v1/live/stream`);
      await reader.next();

      await pace.advance(20_000);

      const beat = { event: "beat", data: { nowMs: clock.now() } };
      expect(await reader.next()).toEqual(beat);
      expect(await reader.next()).toEqual(beat);
      expect(reader.waiting).toBe(0);
    });
  });

  it("refuses one page too many, and takes it when another has gone", async () => {
    await withFace({ maxStreams: 2 }, async ({ server, pace }) => {
      const url = `${server.url}/v1/live/stream`;
      const readers = [await EventReader.open(url), await EventReader.open(url)];

      const refused = await request(url);

      expect(refused.status).toBe(503);
      expect(refused.headers["retry-after"]).toBe("5");
      expect(JSON.parse(refused.body)).toMatchObject({ error: { code: "too_many_streams" } });
      readers[0]?.close();
      let next: EventReader | null = null;
      while (next === null) {
        await pace.advance(1000);
        next = await EventReader.open(url).catch(() => null);
      }
      expect((await next.next())?.event).toBe("live");
    });
  });
});

/** A stream on a bare HTTP server, so that a test can look at what waits in it. */
async function withStream(
  read: () => string,
  use: (parts: {
    stream: LiveStream;
    pace: ManualClock;
    port: number;
    responses: ServerResponse[];
  }) => Promise<void>,
  logger = silentLogger,
): Promise<void> {
  const pace = new ManualClock();
  const stream = new LiveStream({ read, clock: pace, pace, logger, maxClients: 10 });
  const responses: ServerResponse[] = [];
  const server = createServer((_request, response) => {
    responses.push(response);
    stream.add(response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const running = stream.run();
  try {
    await use({ stream, pace, port: (server.address() as AddressInfo).port, responses });
  } finally {
    stream.stop();
    await running;
    server.closeAllConnections();
    server.close();
  }
}

describe("LiveStream", () => {
  it("holds one state for a client that does not read, then cuts it off", async () => {
    const padding = "x".repeat(1_000_000);
    let number = 0;
    const read = (): string => `{"n":${(number += 1)},"padding":"${padding}"}`;
    await withStream(read, async ({ stream, pace, port, responses }) => {
      const deaf = connect(port, "127.0.0.1");
      deaf.on("error", () => undefined);
      deaf.pause();
      deaf.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
      while (stream.clientCount === 0) await pace.advance(1000);

      let most = 0;
      for (let tick = 0; stream.clientCount > 0 && tick < 100; tick += 1) {
        await pace.advance(1000);
        most = Math.max(most, responses[0]?.writableLength ?? 0);
      }

      expect(number).toBeGreaterThan(30);
      expect(most).toBeGreaterThan(0);
      expect(most).toBeLessThan(2 * padding.length);
      expect(stream.clientCount).toBe(0);
      expect(responses[0]?.destroyed).toBe(true);
      deaf.destroy();
    });
  });

  it("gives a client that fell behind the newest state, not those it missed", async () => {
    const padding = "x".repeat(1_000_000);
    let number = 0;
    const read = (): string => `{"n":${(number += 1)},"padding":"${padding}"}`;
    await withStream(read, async ({ pace, port, responses }) => {
      const slow = connect(port, "127.0.0.1");
      slow.pause();
      slow.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
      while (responses.length === 0) await pace.advance(1000);
      const response = responses[0] as ServerResponse;
      for (let stuckTicks = 0; stuckTicks < 5;) {
        await pace.advance(1000);
        stuckTicks = response.writableNeedDrain ? stuckTicks + 1 : 0;
      }
      const stuckAt = number;
      await pace.advance(20_000);

      const seen: number[] = [];
      let text = "";
      slow.setEncoding("utf8");
      slow.on("data", (part: string) => {
        text = (text + part).replaceAll(/"n":(\d+),/g, (_match, n: string) => {
          seen.push(Number(n));
          return "";
        });
        text = text.slice(-20);
      });
      slow.resume();
      await once(response, "drain");
      await pace.advance(1000);
      while ((seen.at(-1) ?? 0) <= stuckAt) await once(slow, "data");

      expect(seen.at(-1)).toBe(number);
      expect(number).toBeGreaterThan(stuckAt + 20);
      expect(seen.length).toBeLessThanOrEqual(stuckAt);
      slow.destroy();
    });
  });

  it("lives through a state that cannot be read, logs it once, and goes on", async () => {
    let failing = false;
    let number = 0;
    const lines: string[] = [];
    const logger = createLogger("error", { write: (line: string) => void lines.push(line) });
    const read = (): string => {
      if (failing) throw new Error("baseline is being rebuilt");
      return `{"n":${(number += 1)}}`;
    };
    await withStream(
      read,
      async ({ pace, port }) => {
        const reader = await EventReader.open(`http://127.0.0.1:${port}/`);
        await reader.next();

        failing = true;
        await pace.advance(5000);
        failing = false;
        await pace.advance(1000);

        expect((await reader.next())?.data).toHaveProperty("n", number);
        expect(lines).toHaveLength(1);
        expect(lines[0]).toContain("baseline is being rebuilt");
        reader.close();
      },
      logger,
    );
  });

  it("reads nothing while nobody looks", async () => {
    let reads = 0;
    const read = (): string => {
      reads += 1;
      return "{}";
    };
    await withStream(read, async ({ pace }) => {
      await pace.advance(10_000);

      expect(reads).toBe(0);
    });
  });
});
