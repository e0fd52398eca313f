#!/usr/bin/env node
// What `npm test` runs: gets the tools the tests need, then format, lint, types, build and every test. Nothing is skipped in silence.
// The last line is `N passed, N failed`: each test counts, and so does each check. `--only NAME` runs a part: unit, kafka, clickhouse,
// browser, smtp (tests by what they need), or any part of a test file's path.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync } from "node:fs";
import { delimiter, join, relative, resolve } from "node:path";

const ROOT = resolve(import.meta.dirname, "..");
const RESULTS = join(ROOT, ".cache", "jest-results.json");
/** A whole run takes minutes; whatever hangs longer is a failure. */
const JEST_LIMIT_MS = 40 * 60_000;
/** After its last test jest has this long to end by itself. */
const JEST_EXIT_MS = 20_000;
/** So many failed test files at most run a second time. */
const SECOND_CHANCES = 3;

/** What a test file needs shows in what it imports. */
const NEEDS = {
  kafka: /support\/kafka\//,
  clickhouse: /support\/clickhouse\//,
  browser: /support\/browser\//,
  smtp: /support\/smtp\//,
  process: /child_process/,
};

/** Programs the tests run, and the Debian packages that bring them. */
const TOOLS = [
  {
    name: "Java 17 or later",
    found: () => javaVersion() >= 17,
    packages: ["default-jre-headless", "openjdk-17-jre-headless"],
    why: "Kafka's broker and its producer",
  },
  {
    name: "Maven",
    found: () => onPath("mvn"),
    packages: ["maven"],
    why: "fetching Kafka 4.1.0",
  },
  {
    name: "Chromium",
    found: () => onPath("chromium"),
    packages: ["chromium"],
    why: "looking at the page",
  },
  {
    name: "promtool",
    found: () => onPath("promtool"),
    packages: ["prometheus"],
    why: "checking /metrics and the rules",
  },
];

const tally = { passed: 0, failed: 0 };
const summary = [];

function say(line = "") {
  process.stdout.write(`${line}\n`);
}

function onPath(command) {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return folders.some((folder) => folder !== "" && existsSync(join(folder, command)));
}

function javaVersion() {
  const { stderr, status } = spawnSync("java", ["-version"], { encoding: "utf8" });
  if (status !== 0) return 0;
  const [, major = "0", minor = "0"] = /version "(\d+)(?:\.(\d+))?/.exec(stderr) ?? [];
  return major === "1" ? Number(minor) : Number(major);
}

/** Runs a program without input. Gives whether it ended well; prints what it said where it did not. */
function run(command, args, { show = false } = {}) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: ROOT,
    encoding: "utf8",
    stdio: ["ignore", show ? "inherit" : "pipe", show ? "inherit" : "pipe"],
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status !== 0 && !show) say(`${stdout ?? ""}${stderr ?? ""}${error?.message ?? ""}`.trimEnd());
  return status === 0;
}

/** `run` for what has a core of its own: others go on meanwhile. */
async function runBeside(command, args) {
  const child = spawn(command, args, { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => (said += text));
  }
  const status = await new Promise((done) => {
    child.once("error", ({ message }) => ((said += message), done(-1)));
    child.once("close", done);
  });
  if (status !== 0) say(said.trimEnd());
  return status === 0;
}

/** One step that counts as one check. */
async function check(name, work) {
  const startedMs = Date.now();
  const good = await work();
  note(name, good ? "ok" : "FAILED", startedMs);
  tally[good ? "passed" : "failed"]++;
  return good;
}

function note(name, outcome, startedMs) {
  const line = `${name.padEnd(16)} ${outcome.padEnd(28)} ${((Date.now() - startedMs) / 1000).toFixed(1)} s`;
  summary.push(line);
  say(`== ${line}`);
}

function bin(name) {
  return join(ROOT, "node_modules", ".bin", name);
}

/** Installs what is missing where it may; otherwise says what to type. */
function getTools() {
  let missing = TOOLS.filter((tool) => !tool.found());
  if (missing.length === 0) return true;
  const mayInstall = onPath("apt-get") && process.getuid?.() === 0;
  if (mayInstall) {
    const apt = ["apt-get", ["-y", "-q", "--no-install-recommends", "install"]];
    process.env.DEBIAN_FRONTEND = "noninteractive";
    run("apt-get", ["-q", "update"]);
    for (const { name, packages, why, found } of missing) {
      for (const one of packages) {
        if (found()) break;
        say(`installing ${one} (${name}, for ${why})`);
        run(apt[0], [...apt[1], one]);
      }
    }
    missing = missing.filter((tool) => !tool.found());
    if (missing.length === 0) return true;
  }
  for (const { name, why } of missing) say(`missing: ${name}, for ${why}`);
  const packages = missing.map((tool) => tool.packages[0]).join(" ");
  say(`install it and run again:  sudo apt-get update && sudo apt-get install -y ${packages}`);
  return false;
}

function newestIn(folder) {
  let newest = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) {
      newest = Math.max(newest, statSync(join(entry.parentPath, entry.name)).mtimeMs);
    }
  }
  return newest;
}

function isBuilt() {
  const cli = join(ROOT, "dist", "cli.js");
  if (!existsSync(cli)) return false;
  const sources = [newestIn(join(ROOT, "src")), statSync(join(ROOT, "package.json")).mtimeMs];
  return newestIn(join(ROOT, "dist")) >= Math.max(...sources);
}

function testFiles() {
  return readdirSync(join(ROOT, "test"), { recursive: true })
    .filter((file) => file.endsWith(".test.ts"))
    .map((file) => join("test", file))
    .sort();
}

function isNeeding(file, pattern) {
  return pattern.test(readFileSync(join(ROOT, file), "utf8"));
}

/** The test files that `--only` names. */
function selected(only) {
  const files = testFiles();
  if (only === null) return files;
  if (only === "unit") {
    return files.filter((file) => !Object.values(NEEDS).some((need) => isNeeding(file, need)));
  }
  const need = NEEDS[only];
  return files.filter((file) => (need ? isNeeding(file, need) : file.includes(only)));
}

/** Streams jest's own output. Gives its results, or null where it left none. */
async function jest(files) {
  mkdirSync(join(ROOT, ".cache"), { recursive: true });
  rmSync(RESULTS, { force: true });
  const args = [
    "--experimental-vm-modules",
    "--disable-warning=ExperimentalWarning",
    join(ROOT, "node_modules", "jest", "bin", "jest.js"),
    "--ci",
    "--json",
    `--outputFile=${RESULTS}`,
    "--runTestsByPath",
    ...files,
  ];
  // jest's summary goes to stderr, the JSON that it prints besides to nowhere.
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    stdio: ["ignore", "ignore", "inherit"],
  });
  const exit = new Promise((done) => child.once("exit", (code) => done(code)));
  const deadline = Date.now() + JEST_LIMIT_MS;
  let writtenAt = Infinity;
  let hung = false;
  const watch = setInterval(() => {
    if (writtenAt === Infinity && existsSync(RESULTS)) writtenAt = Date.now();
    if (Date.now() < deadline && Date.now() - writtenAt < JEST_EXIT_MS) return;
    hung = true;
    child.kill("SIGKILL");
  }, 500);
  const code = await exit;
  clearInterval(watch);
  const results = existsSync(RESULTS) ? JSON.parse(readFileSync(RESULTS, "utf8")) : null;
  return { results, code, hung };
}

/** Files with a failed test, or that did not load. */
function failedFiles(results) {
  return results.testResults
    .filter(({ status }) => status === "failed")
    .map(({ name }) => relative(ROOT, name));
}

/**
 * Tests against real servers on a loaded machine can be unlucky. A few failed files run once more, alone; what then passes counts as passed and is
 * named as flaky, so that it is seen and mended. Many failures are no bad luck.
 */
async function jestTwice(files) {
  const first = await jest(files);
  if (first.results === null || first.hung) return first;
  const again = failedFiles(first.results);
  if (again.length === 0 || again.length > SECOND_CHANCES) return first;
  say(`once more, alone: ${again.join(" ")}`);
  const second = await jest(again);
  if (second.results === null) return first;
  const stillFailed = failedFiles(second.results);
  const flaky = again.filter((file) => !stillFailed.includes(file));
  if (flaky.length > 0) note("flaky", `${flaky.join(" ")} (passed at the second try)`, Date.now());
  return { ...second, results: merged(first.results, second.results, again) };
}

/** The first run's counts without the files that ran again, and theirs. */
function merged(first, second, again) {
  const repeated = first.testResults.filter(({ name }) => again.includes(relative(ROOT, name)));
  const count = (status) =>
    repeated
      .flatMap(({ assertionResults }) => assertionResults)
      .filter((one) => one.status === status).length;
  const broken = repeated.filter(({ assertionResults }) => assertionResults.length === 0).length;
  return {
    numPassedTests: first.numPassedTests - count("passed") + second.numPassedTests,
    numFailedTests: first.numFailedTests - count("failed") + second.numFailedTests,
    numRuntimeErrorTestSuites:
      first.numRuntimeErrorTestSuites - broken + second.numRuntimeErrorTestSuites,
    numPendingTests: first.numPendingTests - count("pending") + second.numPendingTests,
    numTodoTests: first.numTodoTests - count("todo") + second.numTodoTests,
  };
}

function countTests({ results, code, hung }) {
  if (results === null) {
    say(hung ? "jest did not end in time" : `jest ended with ${code} and left no results`);
    tally.failed++;
    return;
  }
  tally.passed += results.numPassedTests;
  tally.failed += results.numFailedTests + results.numRuntimeErrorTestSuites;
  const skipped = results.numPendingTests + results.numTodoTests;
  if (skipped > 0) {
    say(`${skipped} tests were skipped: a skipped test is a failed one`);
    tally.failed += skipped;
  }
  if (hung) {
    say("jest did not exit after its last test: something is left open");
    tally.failed++;
  } else if (code !== 0 && tally.failed === 0) {
    say(`jest ended with ${code}`);
    tally.failed++;
  }
}

async function runTests(files) {
  if (files.length === 0) {
    say("no test file is named like that");
    tally.failed++;
    return;
  }
  const startedMs = Date.now();
  const before = { ...tally };
  countTests(await jestTwice(files));
  const passed = tally.passed - before.passed;
  const failed = tally.failed - before.failed;
  note("tests", `${passed} passed, ${failed} failed`, startedMs);
}

function finish() {
  say();
  for (const line of summary) say(line);
  say();
  say(`${tally.passed} passed, ${tally.failed} failed`);
  process.exitCode = tally.failed === 0 ? 0 : 1;
}

function parseOnly(argv) {
  const at = argv.indexOf("--only");
  if (at < 0) return null;
  const only = argv[at + 1];
  if (only === undefined) throw new Error("--only needs a name, for example --only unit");
  return only;
}

async function prepareKafka() {
  const given = process.env.SPIKEWATCH_KAFKA_BROKERS;
  if (given) say(`using the Kafka brokers at ${given}`);
  const prepare = join("test", "support", "kafka", "prepare.ts");
  return run(process.execPath, ["--import", "tsx", prepare], { show: true });
}

async function main() {
  const only = parseOnly(process.argv.slice(2));
  const files = selected(only);
  if (only === null) {
    if (!(await check("tools", getTools))) return finish();
    const lint = check("lint", () => runBeside(bin("eslint"), [".", "--max-warnings=0"]));
    await check("format", () =>
      runBeside(bin("prettier"), ["--check", ".", "--log-level", "warn"]),
    );
    await check("types", () => runBeside(bin("tsc"), ["--noEmit"]));
    await lint;
  }
  if (!isBuilt()) {
    // Tests run the built program: without it they could only tell the same again.
    if (!(await check("build", () => run("npm", ["run", "--silent", "build"])))) return finish();
  }
  if (files.some((file) => isNeeding(file, NEEDS.kafka))) await check("kafka", prepareKafka);
  await runTests(files);
  finish();
}

await main();
