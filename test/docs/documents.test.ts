import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { commands } from "../../src/commands/all.ts";
import { REJECT_REASONS } from "../../src/decode/usage-event.ts";

const read = (path: string): string => readFileSync(path, "utf8");

describe("README.md", () => {
  it("begins with the demo's and the tests' command", () => {
    const block = /```sh\n([^`]*)```/.exec(read("README.md"))?.[1] ?? "";
    const lines = block.trim().split("\n");

    expect(lines.map((line) => line.replace(/\s+#.*/, ""))).toEqual([
      "npm ci && npm run demo",
      "npm ci && npm test",
    ]);
  });

  it("lists every command that there is, and no other", () => {
    const table = read("README.md").split("## Commands")[1]!.split("##")[0]!;
    const listed = [...table.matchAll(/^\| `([a-z-]+)/gm)].map(([, name]) => name);

    expect(listed.sort()).toEqual(commands.map(({ name }) => name).sort());
  });

  it("stays under 250 lines", () => {
    expect(read("README.md").split("\n").length).toBeLessThanOrEqual(250);
  });
});

describe("every document", () => {
  const documents = [
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "src/README.md",
    "deploy/README.md",
    "deploy/runbook.md",
    "test/million/README.md",
  ];

  it.each(documents)("%s links to files that exist", (document) => {
    const links = [...read(document).matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, to]) => to!);

    const broken = links.filter((to) => !existsSync(join(dirname(document), to)));

    expect(broken).toEqual([]);
  });
});

describe("src/README.md", () => {
  it("tells the way in eight hops through files that exist", () => {
    const hops = [...read("src/README.md").matchAll(/^(\d)\. (.*)$/gm)];

    expect(hops.map(([, number]) => Number(number))).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    const files = hops.flatMap(([, , text]) =>
      [...text!.matchAll(/`([a-z]+\/[a-z-]+\.ts)`/g)].map(([, file]) => file!),
    );
    expect(files.length).toBeGreaterThanOrEqual(8);
    expect(files.filter((file) => !existsSync(join("src", file)))).toEqual([]);
  });

  it("names the folders in the order that lint enforces", async () => {
    const configuration = new URL("../../eslint.config.js", import.meta.url).href;
    const { FOLDERS } = (await import(configuration)) as { FOLDERS: readonly string[] };
    const listed = /`(runtime · [^`]*)`/.exec(read("src/README.md"))?.[1]?.split(" · ");

    expect(listed).toEqual(FOLDERS);
    const folders = readdirSync("src", { withFileTypes: true }).filter((one) => one.isDirectory());
    expect(folders.map(({ name }) => name).sort()).toEqual([...FOLDERS, "commands"].sort());
  });
});

describe("deploy/runbook.md", () => {
  const headings = new Set(
    [...read("deploy/runbook.md").matchAll(/^## (.*)$/gm)].map(([, text]) => text!),
  );

  it("has a heading for every alert", () => {
    const alerts = [
      ...read("deploy/prometheus/spikewatch-rules.yml").matchAll(/alert: (\w+)/g),
    ].map(([, name]) => name!);

    expect(alerts.length).toBeGreaterThan(5);
    expect(alerts.filter((name) => !headings.has(name))).toEqual([]);
  });

  it("has a heading for every error code and every reason of rejection", () => {
    const union = read("src/runtime/errors.ts").split("export type ErrorCode =")[1]!.split(";")[0]!;
    const codes = [...union.matchAll(/"(\w+)"/g)].map(([, code]) => code!);

    expect(codes.length).toBeGreaterThan(10);
    expect([...codes, ...REJECT_REASONS].filter((name) => !headings.has(name))).toEqual([]);
  });
});
