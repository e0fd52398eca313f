import { describe, expect, it } from "@jest/globals";

import type { Scope } from "../../src/detect/incident.ts";
import { write } from "../../src/notify/phrase.ts";
import { narrowestPhrase, scopePhrase } from "../../src/notify/scope-phrase.ts";

const PERSON = { department: "shop", team: "checkout", user: "u12" };

describe("scopes in words", () => {
  it.each<[scope: Scope, short: string, whole: string]>([
    [{}, "the whole organisation", "the whole organisation"],
    [{ department: "shop" }, "department shop", "department shop"],
    [{ department: "shop", team: "checkout" }, "team checkout", "team checkout (department shop)"],
    [PERSON, "user u12 of team checkout", "user u12 of team checkout"],
    [
      { ...PERSON, key: "ci", model: "opus", tool: "cli" },
      "user u12 of team checkout",
      "user u12 of team checkout (tool cli, model opus, key ci)",
    ],
    [{ model: "opus" }, "model opus", "model opus"],
    [
      { team: "checkout", key: "ci", model: "opus" },
      "key ci of team checkout",
      "key ci of team checkout (model opus)",
    ],
  ])("%j is %s", (scope, short, whole) => {
    const written = [narrowestPhrase(scope), scopePhrase(scope)].map((phrase) =>
      write(phrase, { name: (name) => name }),
    );

    expect(written).toEqual([short, whole]);
  });
});
