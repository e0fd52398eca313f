import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile, readdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, extname, join } from "node:path";
import type { FastifyInstance } from "fastify";
import { AppError, messageOf } from "../runtime/errors.ts";

const DASHBOARD = join(import.meta.dirname, "dashboard");
const CHART_LIBRARY = ["uPlot.iife.min.js", "uPlot.min.css"];
const TYPES: ReadonlyMap<string, string> = new Map([
  [".html", "text/html; charset=utf-8"],
  [".js", "text/javascript; charset=utf-8"],
  [".css", "text/css; charset=utf-8"],
  [".svg", "image/svg+xml"],
]);

/** One file of the page, held in memory. */
export interface Asset {
  readonly path: string;
  readonly type: string;
  readonly body: Buffer;
  readonly etag: string;
}

/** Reads the page and its chart library. Throws `internal` where a file is missing. */
export async function loadAssets(): Promise<Asset[]> {
  try {
    const page = (await readdir(DASHBOARD)).filter((file) => TYPES.has(extname(file)));
    const vendor = vendorDirectory();
    return await Promise.all([
      ...page.map((file) => loadAsset(join(DASHBOARD, file), pathOf(file))),
      ...CHART_LIBRARY.map((file) => loadAsset(join(vendor, file), `/vendor/${file}`)),
    ]);
  } catch (cause) {
    throw new AppError(`cannot read the page's files (${messageOf(cause)}): run npm run build`, {
      code: "internal",
      cause,
    });
  }
}

function pathOf(file: string): string {
  return file === "index.html" ? "/" : `/${file}`;
}

/** A built tree has the chart library beside the page, a checkout has it in its package. */
function vendorDirectory(): string {
  const beside = join(DASHBOARD, "vendor");
  if (existsSync(beside)) return beside;
  return dirname(createRequire(import.meta.url).resolve("uplot"));
}

async function loadAsset(file: string, path: string): Promise<Asset> {
  const body = await readFile(file);
  const digest = createHash("sha256").update(body).digest("base64url");
  const type = TYPES.get(extname(file)) ?? "application/octet-stream";
  return { path, type, body, etag: `"${digest.slice(0, 22)}"` };
}

/** Serves the page from memory; a browser that has it is told so. */
export function addAssetRoutes(app: FastifyInstance, assets: readonly Asset[]): void {
  for (const asset of assets) {
    app.get(asset.path, async (request, reply) => {
      // Kept by the browser, asked for each time: a new release is seen at the next load.
      reply.headers({ etag: asset.etag, "cache-control": "no-cache" });
      if (matches(request.headers["if-none-match"], asset.etag)) return reply.code(304).send();
      return reply.type(asset.type).send(asset.body);
    });
  }
}

function matches(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return header.split(",").some((one) => one.trim().replace(/^W\//, "") === etag);
}
