import { AppError } from "../runtime/errors.ts";

/** One thing wrong in a setting, a pipeline or a price book. */
export interface ConfigProblem {
  /** The file, or `environment`. */
  readonly file: string;
  /** Counted from 1, null where there is none. */
  readonly line: number | null;
  /** Which value: `source.kafka.topics[0]`, `SPIKEWATCH_HTTP_PORT`. */
  readonly path: string;
  /** What is wrong and what to do. */
  readonly message: string;
}

/** Every problem found at once, never only the first. The message is for people, `problems` for machines. */
export class ConfigError extends AppError {
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    const head =
      problems.length === 1 ? "" : `${problems.length} problems in the configuration:\n  `;
    super(head + problems.map(formatProblem).join("\n  "), { code: "config" });
    this.name = "ConfigError";
    this.problems = problems;
  }
}

/** `file:line path: message` on one line, as editors and terminals make it clickable. */
export function formatProblem({ file, line, path, message }: ConfigProblem): string {
  const place = line === null ? file : `${file}:${line}`;
  return path === "" ? `${place}: ${message}` : `${place} ${path}: ${message}`;
}

/** Dots between names, brackets around indexes. */
export function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    return text === "" ? String(part) : `${text}.${String(part)}`;
  }, "");
}

/** The known name that a misspelt one most likely meant, null where none is near. */
export function nearestName(wrong: string, known: readonly string[]): string | null {
  let best: string | null = null;
  let bestDistance = Math.max(2, Math.floor(wrong.length / 3)) + 1;
  for (const name of known) {
    const distance = editDistance(wrong.toLowerCase(), name.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [name, distance];
  }
  return best;
}

/** Levenshtein's distance. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
