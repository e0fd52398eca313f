// The last step of `npm run build`: what tsc does not carry over (the page, the demo's samples, the page's chart library) goes to dist.
import { chmodSync, cpSync, existsSync, mkdirSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "../..");
const VENDOR = "dist/server/dashboard/vendor";

/** Folders that are copied whole, without the TypeScript in them. */
const FOLDERS = ["src/server/dashboard", "src/demo/samples"];
/** Single files: [from, to]. */
const FILES = [
  ["node_modules/uplot/dist/uPlot.iife.min.js", `${VENDOR}/uPlot.iife.min.js`],
  ["node_modules/uplot/dist/uPlot.min.css", `${VENDOR}/uPlot.min.css`],
];

for (const folder of FOLDERS) {
  const from = join(root, folder);
  if (!existsSync(from)) continue;
  const to = join(root, folder.replace(/^src/, "dist"));
  rmSync(to, { recursive: true, force: true });
  cpSync(from, to, { recursive: true, filter: (path) => !path.endsWith(".ts") });
}
for (const [from, to] of FILES) {
  const target = join(root, to);
  mkdirSync(dirname(target), { recursive: true });
  cpSync(join(root, from), target);
}
const cli = join(root, "dist/cli.js");
if (existsSync(cli)) chmodSync(cli, 0o755);
