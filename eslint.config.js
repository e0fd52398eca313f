// The folder rule (src/README.md): a folder may import only from folders before it in this list.
import eslint from "@eslint/js";
import tseslint from "typescript-eslint";

export const FOLDERS = [
  "runtime",
  "telemetry",
  "config",
  "source",
  "decode",
  "price",
  "reduce",
  "store",
  "detect",
  "score",
  "notify",
  "workers",
  "server",
  "demo",
  "verify",
];
const PURE = ["decode", "price", "reduce", "detect", "score"];
const ADAPTERS = {
  kafkajs: [
    "src/source/kafka-source.ts",
    "src/source/kafka-client.ts",
    "src/source/kafka-codecs.ts",
    "src/source/kafka-dead-letters.ts",
    "src/source/kafka-leadership.ts",
    "src/source/kafka-pass.ts",
    "src/source/kafka-scan.ts",
  ],
  "@clickhouse/client": ["src/store/connect.ts"],
  nodemailer: ["src/notify/email-notifier.ts"],
  "@slack/web-api": ["src/notify/slack-notifier.ts"],
  "prom-client": ["src/telemetry/metrics.ts"],
};

/** Restrictions for one file pattern: folders it may not reach, and libraries that have one home. */
function restrictedImports(laterFolders, file) {
  const patterns = laterFolders.map((folder) => ({
    group: [`**/${folder}/*`],
    message: `folder rule: imports point upstream; '${folder}' comes later in the data's path`,
  }));
  const paths = Object.entries(ADAPTERS)
    .filter(([, homes]) => !homes.includes(file))
    .map(([name, homes]) => ({ name, message: `only ${homes.join(", ")} talks to ${name}` }));
  return { patterns, paths };
}

const folderRules = FOLDERS.map((folder, index) => ({
  files: [`src/${folder}/**/*.ts`],
  rules: {
    "no-restricted-imports": [
      "error",
      restrictedImports([...FOLDERS.slice(index + 1), "commands"], ""),
    ],
  },
}));
const adapterRules = Object.values(ADAPTERS)
  .flat()
  .map((file) => {
    const index = FOLDERS.indexOf(file.split("/")[1]);
    return {
      files: [file],
      rules: {
        "no-restricted-imports": [
          "error",
          restrictedImports([...FOLDERS.slice(index + 1), "commands"], file),
        ],
      },
    };
  });
/** What stands outside the folders may import any folder, but no library that has a home. */
const outsideRules = {
  files: ["src/*.ts", "src/commands/**/*.ts"],
  rules: { "no-restricted-imports": ["error", restrictedImports([], "")] },
};
const clockAndEnvironment = [
  { object: "Date", property: "now", message: "only runtime/clock.ts reads the wall clock" },
  { object: "process", property: "env", message: "only config/load.ts reads the environment" },
  { object: "process", property: "exit", message: "only cli.ts ends the process" },
];

export default tseslint.config(
  {
    ignores: ["dist", "node_modules", "coverage", ".cache", "src/server/dashboard/**", "**/*.mjs"],
  },
  eslint.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  ...tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ["*.js"] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      "max-lines": ["error", { max: 300 }],
      "max-lines-per-function": ["error", { max: 60, IIFEs: true }],
      complexity: ["error", 12],
      "max-params": ["error", 5],
      "max-depth": ["error", 3],
      "@typescript-eslint/restrict-template-expressions": [
        "error",
        { allowNumber: true, allowBoolean: true },
      ],
      "@typescript-eslint/consistent-type-definitions": ["error", "interface"],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      // `column[i] as number` is how a typed array is read under noUncheckedIndexedAccess; `!` stays forbidden in src.
      "@typescript-eslint/non-nullable-type-assertion-style": "off",
      "@typescript-eslint/switch-exhaustiveness-check": [
        "error",
        { considerDefaultExhaustiveForUnions: true },
      ],
    },
  },
  {
    files: ["src/**/*.ts"],
    ignores: ["src/runtime/clock.ts", "src/config/load.ts", "src/cli.ts"],
    rules: { "no-restricted-properties": ["error", ...clockAndEnvironment] },
  },
  ...folderRules,
  outsideRules,
  ...adapterRules,
  {
    files: PURE.map((folder) => `src/${folder}/**/*.ts`),
    rules: {
      "no-restricted-syntax": [
        "error",
        { selector: ":function[async=true]", message: "pure folder: no I/O, so nothing to await" },
        {
          selector: "NewExpression[callee.name='Date'][arguments.length=0]",
          message: "pure folder: time is an argument",
        },
      ],
    },
  },
  {
    files: ["test/**/*.ts"],
    rules: {
      "max-lines-per-function": "off",
      complexity: "off",
      "@typescript-eslint/no-non-null-assertion": "off",
    },
  },
  { files: ["*.js"], extends: [tseslint.configs.disableTypeChecked] },
);
