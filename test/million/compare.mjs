/**
 * Differences between two tables of `recount.mjs`' form, both ways; their order does not matter. Exit code 1 where there are any.
 *
 *   node test/million/compare.mjs expected.ndjson actual.ndjson
 */
import { createReadStream } from "node:fs";
import { pathToFileURL } from "node:url";
import { linesOf } from "./lines.mjs";

const KEY_PARTS = 3;
const SHOWN = 20;

/** A line as [key, values], both spelled one way: numbers may come as strings, text in any JSON escape. */
function split(line) {
  const parts = JSON.parse(line.toString());
  const [team, model, minute] = parts;
  const values = parts.slice(KEY_PARTS).map((value) => String(BigInt(value)));
  return [JSON.stringify([team, model, Number(minute)]), values.join(",")];
}

/**
 * Compares two tables given as lines. Gives the number of equal cells, and of each kind of difference up to 20: `missing` (only
 * expected), `extra` (only actual), `different`, and `twice` (a key that one table has more than once), with their full counts.
 */
export async function compare(expected, actual) {
  const result = { equal: 0, missing: [], extra: [], different: [], twice: [], differences: 0 };
  const note = (list, text) => {
    result.differences++;
    if (list.length < SHOWN) list.push(text);
  };
  const wanted = new Map();
  for await (const line of expected) {
    const [key, values] = split(line);
    if (wanted.has(key)) note(result.twice, key);
    wanted.set(key, values);
  }
  const found = new Set();
  for await (const line of actual) {
    const [key, values] = split(line);
    const want = wanted.get(key);
    if (found.has(key)) note(result.twice, key);
    else if (want === undefined) note(result.extra, `${key} ${values}`);
    else if (want !== values) note(result.different, `${key} expected ${want} got ${values}`);
    else result.equal++;
    found.add(key);
  }
  for (const [key, values] of wanted) {
    if (!found.has(key)) note(result.missing, `${key} ${values}`);
  }
  return result;
}

async function main() {
  const [expected, actual] = process.argv.slice(2);
  if (actual === undefined) throw new Error("give two files: the expected and the actual table");
  const result = await compare(
    linesOf(createReadStream(expected)),
    linesOf(createReadStream(actual)),
  );
  console.log(JSON.stringify(result, null, 2));
  process.exitCode = result.differences === 0 ? 0 : 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) await main();
