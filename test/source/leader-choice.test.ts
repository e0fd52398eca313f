import { describe, expect, it } from "@jest/globals";
import {
  chooseLeader,
  decodeCandidacy,
  encodeCandidacy,
  type Candidacy,
  type Candidate,
} from "../../src/source/leader-choice.ts";

const STANDBY: Candidacy = { leadsAs: "", sinceMs: -1, ready: true, startedMs: 1_000 };

function candidate(memberId: string, candidacy: Partial<Candidacy> | null = {}): Candidate {
  return { memberId, candidacy: candidacy === null ? null : { ...STANDBY, ...candidacy } };
}

describe("chooseLeader", () => {
  it("leaves the leadership where it is when others join, however ready and old they are", () => {
    const incumbent = candidate("m-leader", {
      leadsAs: "m-leader",
      sinceMs: 500,
      ready: false,
      startedMs: 9_000,
    });

    expect(chooseLeader([candidate("a"), incumbent, candidate("z", { startedMs: 0 })])).toBe(
      "m-leader",
    );
  });

  it("does not believe a claim under a member id that the group has taken away", () => {
    const thawed = candidate("m-new", { leadsAs: "m-old", sinceMs: 500 });
    const standby = candidate("m-standby", { startedMs: 500 });

    expect(chooseLeader([thawed, standby])).toBe("m-standby");
  });

  it("believes the later of two claims", () => {
    const first = candidate("a", { leadsAs: "a", sinceMs: 100 });
    const second = candidate("b", { leadsAs: "b", sinceMs: 200 });

    expect(chooseLeader([first, second])).toBe("b");
    expect(chooseLeader([second, first])).toBe("b");
  });

  it("prefers one that is ready, then the oldest, then any, and always the same", () => {
    const cold = candidate("a", { ready: false, startedMs: 0 });
    const old = candidate("c", { startedMs: 10 });
    const young = candidate("b", { startedMs: 20 });

    expect(chooseLeader([cold, young, old])).toBe("c");
    expect(chooseLeader([young, cold])).toBe("b");
    expect(chooseLeader([cold, candidate("d", null)])).toBe("a");
    expect(chooseLeader([candidate("y", null), candidate("x", null)])).toBe("x");
    expect(chooseLeader([])).toBeNull();
  });
});

describe("a candidacy on the wire", () => {
  it("comes back as it was sent", () => {
    const sent: Candidacy = { leadsAs: "m-1", sinceMs: 12, ready: false, startedMs: 7 };

    expect(decodeCandidacy(encodeCandidacy(sent))).toEqual(sent);
  });

  it.each([
    ["nothing", Buffer.alloc(0)],
    ["no JSON", Buffer.from("{")],
    ["another's", Buffer.from('{"ready":true}')],
    ["no object", Buffer.from("null")],
  ])("counts as said nothing: %s", (_, data) => {
    expect(decodeCandidacy(data)).toBeNull();
    expect(decodeCandidacy(null)).toBeNull();
  });
});
