// Runs TypeScript by dropping its types and nothing else. tsx would also wrap every inner function to keep its name, which the built program
// does not do and which costs more than some of what is measured.
import { register } from "node:module";
import { readFile } from "node:fs/promises";
import { isMainThread } from "node:worker_threads";
import { transform } from "@swc/core";

if (isMainThread) register(import.meta.url);

export async function load(url, context, nextLoad) {
  if (!url.startsWith("file:") || !url.endsWith(".ts")) return nextLoad(url, context);
  const text = await readFile(new URL(url), "utf8");
  const { code } = await transform(text, {
    jsc: { target: "es2022", parser: { syntax: "typescript" } },
    module: { type: "es6" },
    filename: url,
  });
  return { format: "module", source: code, shortCircuit: true };
}
