import { connect, createServer as createTcpServer, type AddressInfo, type Server } from "node:net";
import { once } from "node:events";
import { describe, expect, it } from "@jest/globals";
import { AppError } from "../../src/runtime/errors.ts";
import { aFace, EventReader, request, withFace } from "../support/http-face.ts";

async function takenPort(): Promise<{ port: number; holder: Server }> {
  const holder = createTcpServer().listen(0, "127.0.0.1");
  await once(holder, "listening");
  return { port: (holder.address() as AddressInfo).port, holder };
}

describe("createServer", () => {
  it.each(["0.0.0.0", "::", "10.1.2.3", "example.com"])(
    "refuses to open the page to the network on %s",
    (host) => {
      expect(() => aFace({ host })).toThrow(AppError);
      expect(() => aFace({ host })).toThrow(/open to the network on .* SPIKEWATCH_HTTP_HOST/);
    },
  );

  it("tells its address once it listens, and not before", async () => {
    const { server } = aFace();

    expect(() => server.url).toThrow(AppError);
    await server.start();

    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect((await request(`${server.url}/healthz`)).status).toBe(200);
    await server.stop();
  });

  it("takes the next free port where it may", async () => {
    const { port, holder } = await takenPort();
    try {
      await withFace({ port, portFallback: true }, async ({ server }) => {
        const got = Number(new URL(server.url).port);

        expect(got).toBeGreaterThan(port);
        expect(got).toBeLessThanOrEqual(port + 20);
        expect((await request(`${server.url}/`)).status).toBe(200);
      });
    } finally {
      holder.close();
    }
  });

  it("says which port is taken where it may not take another", async () => {
    const { port, holder } = await takenPort();
    try {
      await expect(aFace({ port }).server.start()).rejects.toMatchObject({
        code: "config",
        message: `port ${port} on 127.0.0.1 taken by another program: set SPIKEWATCH_HTTP_PORT to a free one, or to 0 for any`,
      });
    } finally {
      holder.close();
    }
  });

  it("may be stopped twice and before it was started", async () => {
    const { server } = aFace();
    await server.stop();
    await server.start();

    await server.stop();

    await expect(server.stop()).resolves.toBeUndefined();
  });

  it("ends open streams with a good-bye when it stops", async () => {
    const { server } = aFace();
    await server.start();
    const reader = await EventReader.open(`${server.url}/v1/live/stream`);
    await reader.next();

    await server.stop();

    expect(await reader.next()).toEqual({ event: "bye", data: {} });
    expect(await reader.next()).toBeNull();
  });

  it("does not wait for ever for a caller that never finishes its request", async () => {
    const { server, pace } = aFace();
    await server.start();
    const socket = connect(Number(new URL(server.url).port), "127.0.0.1");
    await once(socket, "connect");
    socket.on("error", () => undefined);
    socket.write("GET / HTTP/1.1\r\nHost: localhost\r\n");
    await request(`${server.url}/healthz`);

    const closed = once(socket, "close");
    const stopped = server.stop();
    while (pace.sleeping === 0) await pace.advance(0);
    await pace.advance(2000);

    await stopped;
    await closed;
  });
});

describe("every answer", () => {
  it.each(["/", "/page.js", "/v1/live", "/healthz", "/metrics", "/nothing"])(
    "forbids inline code, foreign sources and frames: %s",
    async (path) => {
      await withFace({}, async ({ server }) => {
        const { headers } = await request(server.url + path);

        const policy = String(headers["content-security-policy"]);
        expect(policy).toContain("default-src 'none'");
        expect(policy).toContain("script-src 'self';");
        expect(policy).toContain("style-src 'self';");
        expect(policy).toContain("frame-ancestors 'none'");
        expect(policy).toContain("require-trusted-types-for 'script'");
        expect(policy).not.toContain("unsafe");
        expect(headers["x-content-type-options"]).toBe("nosniff");
        expect(headers["referrer-policy"]).toBe("no-referrer");
        expect(headers["access-control-allow-origin"]).toBeUndefined();
      });
    },
  );

  it("is kept by nobody where it is data", async () => {
    await withFace({}, async ({ server }) => {
      for (const path of ["/v1/live", "/healthz", "/readyz", "/metrics"]) {
        expect((await request(server.url + path)).headers["cache-control"]).toBe("no-store");
      }
    });
  });

  it.each(["evil.example", "127.0.0.1.evil.example:80", "0.0.0.0", "spikewatch.internal.evil"])(
    "is refused to a caller that names the host %j",
    async (host) => {
      await withFace({ allowedHosts: ["spikewatch.internal"] }, async ({ server }) => {
        for (const path of ["/", "/v1/live", "/v1/live/stream", "/metrics", "/nothing"]) {
          const answer = await request(server.url + path, { headers: { host } });

          expect(answer.status).toBe(421);
          expect(answer.body).not.toContain("search");
        }
      });
    },
  );

  it.each(["localhost:1234", "127.0.0.1", "[::1]:8080", "Spikewatch.Internal"])(
    "is given to a caller that names the host %j",
    async (host) => {
      await withFace({ allowedHosts: ["spikewatch.internal"] }, async ({ server }) => {
        const answer = await request(`${server.url}/v1/live`, { headers: { host } });

        expect(answer.status).toBe(200);
      });
    },
  );

  it("is refused to scripts and images of other sites, not to a link that a person follows", async () => {
    await withFace({}, async ({ server }) => {
      const from = (mode: string): Record<string, string> => ({
        "sec-fetch-site": "cross-site",
        "sec-fetch-mode": mode,
      });

      const script = await request(`${server.url}/v1/live/stream`, { headers: from("no-cors") });
      const link = await request(`${server.url}/`, { headers: from("navigate") });

      expect(script.status).toBe(403);
      expect(link.status).toBe(200);
    });
  });

  it.each(["POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"])(
    "to %s says that only GET is answered",
    async (method) => {
      await withFace({}, async ({ server }) => {
        const answer = await request(`${server.url}/v1/live?x=1`, { method });

        expect(answer.status).toBe(405);
        expect(answer.headers.allow).toBe("GET");
      });
    },
  );

  it.each(["/nothing", "/..%2f..%2fetc/passwd", "/vendor/", "/dashboard/page.js", "/page.ts"])(
    "at %s is a small 404",
    async (path) => {
      await withFace({}, async ({ server }) => {
        const answer = await request(server.url + path);

        expect(answer.status).toBe(404);
        expect(JSON.parse(answer.body)).toEqual({
          error: { code: "not_found", message: "there is nothing at this path" },
        });
      });
    },
  );

  it("to a malformed address is a 400 that shows nothing of the inside", async () => {
    await withFace({}, async ({ server }) => {
      const answer = await request(`${server.url}/%zz`);

      expect(answer.status).toBe(400);
      expect(answer.body).not.toMatch(/FST|node_modules|fastify/);
    });
  });

  it("after a failure inside is a 500 that shows nothing of the inside", async () => {
    const live = {
      snapshot: () => {
        throw new Error("secret detail");
      },
    };
    await withFace({ live }, async ({ server }) => {
      const answer = await request(`${server.url}/v1/live`);

      expect(answer.status).toBe(500);
      expect(JSON.parse(answer.body)).toMatchObject({ error: { code: "internal" } });
      expect(answer.body).not.toContain("secret");
    });
  });
});

describe("the page's files", () => {
  it.each([
    ["/", "text/html; charset=utf-8"],
    ["/page.js", "text/javascript; charset=utf-8"],
    ["/page.css", "text/css; charset=utf-8"],
    ["/icon.svg", "image/svg+xml"],
    ["/vendor/uPlot.iife.min.js", "text/javascript; charset=utf-8"],
    ["/vendor/uPlot.min.css", "text/css; charset=utf-8"],
  ])("%s comes as %s, and not twice", async (path, type) => {
    await withFace({}, async ({ server }) => {
      const first = await request(server.url + path);
      const etag = String(first.headers.etag);
      const again = await request(server.url + path, { headers: { "if-none-match": etag } });
      const other = await request(server.url + path, { headers: { "if-none-match": '"old"' } });

      expect(first.status).toBe(200);
      expect(first.headers["content-type"]).toBe(type);
      expect(first.body.length).toBeGreaterThan(100);
      expect(again.status).toBe(304);
      expect(again.body).toBe("");
      expect(other.status).toBe(200);
    });
  });
});
