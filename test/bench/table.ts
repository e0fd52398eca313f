import type { Bench, Measured } from "./harness.ts";

export interface Outcome {
  readonly bench: Bench;
  readonly measured: Readonly<Record<"spikewatch" | "peer", Measured>>;
}

/** The outcomes as the table of README.md. */
export function tableOf(outcomes: readonly Outcome[]): string {
  const rows = outcomes.map(({ bench, measured: { spikewatch, peer } }) => [
    bench.name,
    `${bench.question} (per ${bench.unit})`,
    `${ns(spikewatch.medianNs)} (${ns(spikewatch.minNs)})`,
    grouped(1e9 / spikewatch.medianNs),
    bench.peer,
    `${ns(peer.medianNs)} (${ns(peer.minNs)})`,
    (peer.minNs / spikewatch.minNs).toFixed(2),
  ]);
  const head = [
    "bench",
    "what",
    "ns: median (min)",
    "a CPU second",
    "peer",
    "ns: median (min)",
    "times as fast as the peer",
  ];
  const lines = [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`);
  const notes = outcomes.flatMap(({ bench, measured }) =>
    Object.entries(measured).map(([side, { notes, wallNs }]) => {
      const said = Object.entries(notes).map(([name, value]) => `${name} ${grouped(value)}`);
      return `- ${bench.name}, ${side}: wall ${ns(wallNs)} ns; ${said.join(", ") || "nothing else"}`;
    }),
  );
  return [...lines, "", ...notes, ...outcomes.flatMap(limitsOf)].join("\n");
}

/** What was asked of a bench, and whether it held. */
export function limitsOf({ bench, measured }: Outcome): string[] {
  return Object.entries(bench.limits ?? {}).map(([name, limit]) => {
    const said = `${grouped(measured.spikewatch.notes[name] ?? NaN)} of at most ${grouped(limit)}`;
    return `- ${bench.name}, ${name}: ${said}: ${isOver({ bench, measured }, name) ? "OVER" : "held"}`;
  });
}

export function isOver({ bench, measured }: Outcome, name: string): boolean {
  return !((measured.spikewatch.notes[name] ?? NaN) <= (bench.limits?.[name] ?? Infinity));
}

function ns(value: number): string {
  return grouped(value);
}

function grouped(value: number): string {
  const digits = value < 100 ? 1 : 0;
  return value.toLocaleString("en-US", { maximumFractionDigits: digits });
}
