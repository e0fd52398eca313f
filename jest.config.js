// One project: unit, contract, integration and chaos tests all gate. Parts are real; see CONTRIBUTING.md.
export default {
  testEnvironment: "node",
  testMatch: ["<rootDir>/test/**/*.test.ts"],
  extensionsToTreatAsEsm: [".ts"],
  transform: {
    "^.+\\.ts$": [
      "@swc/jest",
      {
        jsc: { target: "es2022", parser: { syntax: "typescript" } },
        module: { type: "es6" },
      },
    ],
  },
  moduleFileExtensions: ["ts", "js", "json", "node"],
  maxWorkers: 2,
  testSequencer: "<rootDir>/test/support/slowest-first.mjs",
  globalSetup: "<rootDir>/test/support/kafka/jest-setup.mjs",
  globalTeardown: "<rootDir>/test/support/kafka/jest-teardown.mjs",
  testTimeout: 20_000,
};
