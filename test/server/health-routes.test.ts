import { execFileSync } from "node:child_process";
import { describe, expect, it } from "@jest/globals";
import { SERVICE_STATES } from "../../src/runtime/service.ts";
import { Metrics } from "../../src/telemetry/metrics.ts";
import { request, withFace } from "../support/http-face.ts";

describe("/healthz", () => {
  it("answers as long as the process lives, whatever its parts do", async () => {
    await withFace({}, async ({ server, views }) => {
      views.state = "draining";
      views.parts = [{ name: "store", ok: false, detail: "does not answer" }];

      const answer = await request(`${server.url}/healthz`);

      expect(answer.status).toBe(200);
      expect(JSON.parse(answer.body)).toEqual({ status: "ok" });
    });
  });
});

describe("/readyz", () => {
  it("is 200 with every part's word when all of them work", async () => {
    await withFace({}, async ({ server, views }) => {
      const answer = await request(`${server.url}/readyz`);

      expect(answer.status).toBe(200);
      expect(JSON.parse(answer.body)).toEqual({
        ready: true,
        state: "running",
        parts: views.parts,
      });
    });
  });

  it("is 503 and names the part that does not work", async () => {
    await withFace({}, async ({ server, views }) => {
      views.parts = [
        { name: "store", ok: false, detail: "connection refused" },
        { name: "source", ok: true, detail: "6 partitions" },
      ];

      const answer = await request(`${server.url}/readyz`);

      expect(answer.status).toBe(503);
      expect(JSON.parse(answer.body)).toMatchObject({
        ready: false,
        parts: [{ name: "store", ok: false, detail: "connection refused" }, { ok: true }],
      });
    });
  });

  it.each(SERVICE_STATES.filter((state) => state !== "running"))(
    "is 503 while %s",
    async (state) => {
      await withFace({}, async ({ server, views }) => {
        views.state = state;

        const answer = await request(`${server.url}/readyz`);

        expect(answer.status).toBe(503);
        expect(JSON.parse(answer.body)).toMatchObject({ ready: false, state });
      });
    },
  );
});

describe("a process without the role serve", () => {
  it("answers probes and Prometheus, and has no page and no data", async () => {
    await withFace({ page: false }, async ({ server }) => {
      const statuses = async (...paths: readonly string[]): Promise<number[]> =>
        Promise.all(paths.map(async (path) => (await request(server.url + path)).status));

      expect(await statuses("/healthz", "/readyz", "/metrics")).toEqual([200, 200, 200]);
      expect(await statuses("/", "/page.js", "/v1/live", "/v1/live/stream")).toEqual([
        404, 404, 404, 404,
      ]);
    });
  });
});

describe("/metrics", () => {
  it("serves what the parts have counted, in Prometheus' type", async () => {
    const metrics = new Metrics();
    metrics.recordsIn.inc({ topic: "token-usage" }, 41);
    await withFace({ metrics }, async ({ server }) => {
      const answer = await request(`${server.url}/metrics`);

      expect(answer.headers["content-type"]).toBe("text/plain; version=0.0.4; charset=utf-8");
      expect(answer.body).toContain('spikewatch_source_records_total{topic="token-usage"} 41\n');
    });
  });

  it("tells nothing of what the process does not do", async () => {
    const metrics = new Metrics();
    metrics.keepOnly({ ingest: false, detect: false, follow: false, fold: false });
    await withFace({ metrics }, async ({ server }) => {
      const { body } = await request(`${server.url}/metrics`);

      expect(body).not.toMatch(
        /^spikewatch_(source_last|source_lag|reduce_water|store_last|dedupe_window|detect_leader|detect_tail)/m,
      );
      expect(body).toContain("spikewatch_store_commit_retries_total 0");
    });
  });

  it("passes promtool, with the process's own metrics and hostile labels in it", async () => {
    const metrics = new Metrics({ processMetrics: true });
    metrics.spendUsd.inc({ team: 'a"b\\c\nd' }, 1.5);
    metrics.incidentsOpen.set({ kind: "spike", severity: "page" }, 1);
    metrics.flushSeconds.observe(0.02);
    await withFace({ metrics }, async ({ server }) => {
      const { body } = await request(`${server.url}/metrics`);

      // Exits with 3 and its reasons where a name or a help text is not as it should be.
      const said = execFileSync("promtool", ["check", "metrics"], {
        input: body,
        encoding: "utf8",
      });

      expect(said).toBe("");
      expect(body).toContain('{team="a\\"b\\\\c\\nd"} 1.5');
    });
  });
});
