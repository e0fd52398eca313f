/**
 * Builds a copy of the program with one part of the commit switched off, to see that the suite notices. The program itself has no such switch.
 *
 *   node test/chaos/mutate.mjs no-guard --out .cache/mutants/no-guard     # prints the path of the mutant's cli.js
 *   npm run chaos -- --only late-commit --program .cache/mutants/no-guard/dist/cli.js
 *
 * `--from DIR` takes another folder than the project's, one that holds `dist`, `schemas`, `pipelines` and `package.json`.
 */
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

const ROOT = resolve(import.meta.dirname, "../..");

/** Each replaces text of the built program that must be there exactly once, or, with `all`, at least once. */
export const MUTATIONS = {
  "no-claim": [
    {
      file: "store/queries.js",
      from: /\n {2}AND \(SELECT countIf\(owner = \{writer:UUID\}\)[^`]*`/,
      to: "`",
    },
    { file: "store/commit.js", from: /const claimed = [^;]*;/, to: "const claimed = false;" },
    {
      file: "store/claims.js",
      from: "if (foreign.length === 0)\n            return;",
      to: "return;",
    },
  ],
  "no-wait": [
    {
      file: "store/claims.js",
      from: "await runningCommitsOver(this.#connection, this.#clock);",
      to: "",
    },
  ],
  "no-guard": [
    {
      file: "store/queries.js",
      from: /\n {2}AND \(SELECT countIf\(batch = \{batch:UUID\} OR [^\n]*\n[^\n]*/,
      to: "",
    },
  ],
  "no-read-back": [
    {
      file: "store/commit.js",
      from: /await stageAndCommit\(context, id\);/,
      to: 'await stageAndCommit(context, id); return { kind: "stored" };',
    },
    { file: "store/commit.js", from: "if (attempt > 1)", to: "if (false)" },
  ],
  "no-fsync": [
    {
      file: "../schemas/clickhouse/0001-usage.sql",
      from: /fsync_after_insert = 1, fsync_part_directory = 1(, min_rows_to_fsync_after_merge = 1, min_compressed_bytes_to_fsync_after_merge = 1)?/,
      to: "fsync_after_insert = 0",
      all: true,
    },
  ],
};

/** Writes the mutant into `out`, replacing what is there. Gives the path of its program. */
export function buildMutant(name, out, from = ROOT) {
  const edits = MUTATIONS[name];
  if (edits === undefined) {
    throw new Error(`no mutation "${name}"; there are ${Object.keys(MUTATIONS).join(", ")}`);
  }
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  for (const part of ["dist", "schemas", "pipelines", "package.json"]) {
    cpSync(join(from, part), join(out, part), { recursive: true });
  }
  symlinkSync(join(ROOT, "node_modules"), join(out, "node_modules"));
  for (const edit of edits) apply(join(out, "dist", edit.file), edit);
  return join(out, "dist", "cli.js");
}

function apply(path, { from, to, all = false }) {
  const text = readFileSync(path, "utf8");
  const found = typeof from === "string" ? text.split(from).length - 1 : matches(text, from);
  if (all ? found === 0 : found !== 1)
    throw new Error(`${path} holds ${from} ${found} times, not once: mend the mutation`);
  const pattern = all ? new RegExp(from, "g") : from;
  // a function, so that `$` in the text means itself
  writeFileSync(
    path,
    text.replace(pattern, () => to),
  );
}

function matches(text, pattern) {
  return [...text.matchAll(new RegExp(pattern, "g"))].length;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { out: { type: "string" }, from: { type: "string" } },
  });
  const [name = ""] = positionals;
  console.log(
    buildMutant(name, resolve(values.out ?? join(ROOT, ".cache/mutants", name)), values.from),
  );
}
