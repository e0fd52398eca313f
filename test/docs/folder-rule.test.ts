import { describe, expect, it } from "@jest/globals";
import { ESLint } from "eslint";

/** Lints a line of code as if it stood in `file`; gives the rules it breaks. Type information is not needed for these. */
async function rulesBroken(file: string, code: string): Promise<string[]> {
  const eslint = new ESLint({
    overrideConfig: [
      { languageOptions: { parserOptions: { projectService: false, project: null } } },
    ],
    ruleFilter: ({ ruleId }) => RULES.has(ruleId),
  });
  const [result] = await eslint.lintText(code, { filePath: file });
  return result!.messages.map(({ ruleId, message }) => ruleId ?? message);
}

const RULES = new Set([
  "no-restricted-imports",
  "no-restricted-properties",
  "no-restricted-syntax",
]);

describe("the folder rule", () => {
  it.each([
    ["src/decode/x.ts", 'import { a } from "../store/store.ts"; a();', "no-restricted-imports"],
    ["src/store/x.ts", 'import { a } from "../detect/incident.ts"; a();', "no-restricted-imports"],
    ["src/reduce/x.ts", 'import { a } from "../workers/a.ts"; a();', "no-restricted-imports"],
    ["src/notify/x.ts", 'import { a } from "../commands/run.ts"; a();', "no-restricted-imports"],
    ["src/workers/x.ts", 'import { Kafka } from "kafkajs"; new Kafka();', "no-restricted-imports"],
    [
      "src/commands/x.ts",
      'import { createClient } from "@clickhouse/client"; createClient();',
      "no-restricted-imports",
    ],
    ["src/detect/x.ts", "export async function a() {}", "no-restricted-syntax"],
    ["src/price/x.ts", "export const a = new Date();", "no-restricted-syntax"],
    ["src/store/x.ts", "export const a = Date.now();", "no-restricted-properties"],
    ["src/app.ts", "export const a = process.env;", "no-restricted-properties"],
    ["src/server/x.ts", "process.exit(1);", "no-restricted-properties"],
  ])("refuses in %s: %s", async (file, code, rule) => {
    expect(await rulesBroken(file, code)).toEqual([rule]);
  });

  it.each([
    ["src/detect/x.ts", 'import { a } from "../reduce/pane.ts"; a();'],
    ["src/workers/x.ts", 'import { a } from "../detect/incident.ts"; a();'],
    ["src/source/kafka-source.ts", 'import { Kafka } from "kafkajs"; new Kafka();'],
    ["src/cli.ts", "process.exit(1);"],
  ])("allows in %s: %s", async (file, code) => {
    expect(await rulesBroken(file, code)).toEqual([]);
  });
});
