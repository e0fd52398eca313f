import { beforeAll, describe, expect, it } from "@jest/globals";
import { createCompany } from "../../src/demo/company.ts";
import { KINDS, type Kind } from "../../src/demo/kinds.ts";
import { loadTraces, type RequestTrace } from "../../src/demo/traces.ts";
import { FILE_SHARE, type Mode } from "../../src/demo/turns.ts";
import {
  type DemoEvent,
  distributionDistance,
  historyEvents,
  promptOf,
  quantile,
} from "./demo-events.ts";

/** Draws of one trace differ from it by chance alone: at most by this in the share of values below any value. */
const TOLERANCE = 0.03;

function expectSameDistribution(drawn: readonly number[], real: readonly number[]): void {
  expect(drawn.length).toBeGreaterThan(3_000);
  expect(distributionDistance(drawn, real)).toBeLessThan(TOLERANCE);
}

function sessionsOf(events: readonly DemoEvent[]): DemoEvent[][] {
  const sessions = new Map<string, DemoEvent[]>();
  for (const event of events) {
    const calls = sessions.get(event.session);
    if (calls === undefined) sessions.set(event.session, [event]);
    else calls.push(event);
  }
  for (const calls of sessions.values()) calls.sort((left, right) => left.time - right.time);
  return [...sessions.values()];
}

function toolsOf(mode: Mode): Set<string> {
  const habits = Object.values<Kind>(KINDS).flatMap((kind) => kind.habits);
  return new Set(habits.filter((habit) => habit.mode === mode).map((habit) => habit.tool));
}

/** Tokens each call of an agent brought in: its prompt less all that the call before left in the context. */
function increments(events: readonly DemoEvent[]): number[] {
  return sessionsOf(events).flatMap((calls) =>
    calls.slice(1).flatMap((call, index) => {
      const before = calls[index]!;
      const added = promptOf(call) - promptOf(before) - before.output_tokens!;
      return added > 0 ? [added] : [];
    }),
  );
}

describe("Conversation", () => {
  const traces = loadTraces();
  let events: DemoEvent[];

  function eventsOf(mode: Mode): DemoEvent[] {
    const tools = toolsOf(mode);
    return events.filter((event) => tools.has(event.tool) && !event.user.startsWith("svc-"));
  }

  beforeAll(() => {
    events = [
      ...historyEvents(
        createCompany({ seed: 7, startMs: Date.UTC(2026, 10, 18), historyDays: 14 }),
      ),
    ];
  });

  it.each<[Mode, keyof typeof traces]>([
    ["chat", "conversation"],
    ["completion", "code"],
    ["document", "document"],
  ])("draws whole requests of mode %s from the trace of that service", (mode, name) => {
    const trace = traces[name] as RequestTrace;
    const calls = eventsOf(mode);

    expectSameDistribution(calls.map(promptOf), [...trace.inputTokens]);
    expectSameDistribution(
      calls.map((call) => call.output_tokens!),
      [...trace.outputTokens],
    );
  });

  it("lets an agent's context grow by the prompts of real requests, and draws its answers from them", () => {
    const calls = eventsOf("agent");
    const repeat = (trace: RequestTrace, times: number): number[] =>
      Array.from({ length: times }, () => [...trace.inputTokens]).flat();
    const files = Math.round(FILE_SHARE * 20);
    const mixture = [...repeat(traces.document, files), ...repeat(traces.code, 20 - files)];

    expectSameDistribution(increments(calls), mixture);
    expectSameDistribution(
      calls.map((call) => call.output_tokens!),
      [...traces.document.outputTokens],
    );
  });

  it("caches an agent's context from call to call", () => {
    const calls = eventsOf("agent").filter((call) => call.provider === "anthropic");
    const read = calls.reduce((sum, call) => sum + (call.cache_read_input_tokens ?? 0), 0);
    const prompt = calls.reduce((sum, call) => sum + promptOf(call), 0);

    expect(read / prompt).toBeGreaterThan(0.6);
    expect(read / prompt).toBeLessThan(0.95);
    expect(Math.max(...calls.slice(0, 50_000).map(promptOf))).toBeGreaterThan(100_000);
  });

  it("writes to a cache only where the provider bills it, and reasons only where it says so", () => {
    const others = events.filter((event) => event.provider !== "anthropic");
    const claude = events.filter((event) => event.provider === "anthropic");

    expect(others.every((event) => event.cache_write_5m_input_tokens === undefined)).toBe(true);
    expect(others.every((event) => event.cache_write_1h_input_tokens === undefined)).toBe(true);
    expect(claude.some((event) => event.cache_write_1h_input_tokens !== undefined)).toBe(true);
    expect(claude.every((event) => event.reasoning_output_tokens === undefined)).toBe(true);
    expect(others.some((event) => event.reasoning_output_tokens !== undefined)).toBe(true);
  });

  it("lets a longer pause go before a cold cache", () => {
    const pauses = sessionsOf(eventsOf("agent")).flatMap((calls) =>
      calls.slice(1).flatMap((call, index) => {
        const cold = call.cache_read_input_tokens === undefined;
        const shrunk = promptOf(call) < promptOf(calls[index]!);
        return cold && !shrunk ? [call.time - calls[index]!.time] : [];
      }),
    );

    expect(pauses.length).toBeGreaterThan(500);
    expect(quantile(pauses, 0.05)).toBeGreaterThanOrEqual(300_000);
  });
});
