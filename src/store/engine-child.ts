import { createRequire } from "node:module";

/**
 * Entry point of the child process that is the embedded ClickHouse: `node engine-child.js LIBRARY ARGV_AS_JSON`. The engine runs in a thread of
 * its own, so the event loop stays free to notice that our parent is gone (stdin closes): then the process ends itself, and no orphan holds the
 * data. An abrupt end is safe: every commit is on disk before it is answered.
 */
interface Ffi {
  open(library: { library: string; path: string }): void;
  load(call: {
    library: string;
    funcName: string;
    retType: number;
    paramsType: number[];
    paramsValue: unknown[];
    runInNewThread: boolean;
  }): Promise<unknown>;
}
/** ffi-rs's DataType numbers. */
const I32 = 1;
const STRING_ARRAY = 4;
const EXTERNAL = 11;

const [library, argvJson] = process.argv.slice(2);
if (library === undefined || argvJson === undefined) {
  throw new Error("usage: engine-child LIBRARY ARGV_AS_JSON");
}
const endWithParent = (): void => {
  process.kill(process.pid, "SIGKILL");
};
process.stdin.on("end", endWithParent).on("close", endWithParent).on("error", endWithParent);
process.stdin.resume();

const ffi = createRequire(import.meta.url)("ffi-rs") as Ffi;
const argv = JSON.parse(argvJson) as string[];
ffi.open({ library: "clickhouse", path: library });
await ffi.load({
  library: "clickhouse",
  funcName: "chdb_query_cmdline",
  retType: EXTERNAL,
  paramsType: [I32, STRING_ARRAY],
  paramsValue: [argv.length, argv],
  runInNewThread: true,
});
// It returned: it could not start, or was told to stop. What it had to say is on stderr; its exit code would be 0 either way.
endWithParent();
