import { describe, expect, it } from "@jest/globals";
import { engineLibrary } from "../../src/store/engine-library.ts";

describe("engineLibrary", () => {
  it.each([
    ["the packages are not installed", "linux", "x64"],
    ["there is no engine for the platform", "win32", "x64"],
  ] as const)("says what to do where %s", (_why, platform, arch) => {
    const resolve = (name: string): string => {
      throw new Error(`Cannot find module '${name}'`);
    };

    const find = () => engineLibrary({ platform, arch, resolve });

    expect(find).toThrow(/npm install --include=optional.*SPIKEWATCH_CLICKHOUSE_URL/);
    expect(find).toThrow(expect.objectContaining({ code: "engine_missing" }));
  });

  it("finds no library in a placeholder package of another platform", () => {
    const resolve = (name: string): string => `/nowhere/${name}`;

    expect(() => engineLibrary({ platform: "linux", arch: "x64", resolve })).toThrow(/missing/);
  });
});
