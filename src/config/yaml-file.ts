import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { LineCounter, isMap, isNode, isPair, parseDocument, type Document } from "yaml";
import type { z } from "zod";
import { messageOf } from "../runtime/errors.ts";
import { ConfigError, pathText, type ConfigProblem } from "./config-problem.ts";
import { problemText } from "./problem-text.ts";

/** The process's environment, or a test's. */
export type Environment = Readonly<Record<string, string | undefined>>;

export interface YamlFileOptions {
  /** Absolute or relative to the working directory; problems show it as it is given. */
  readonly path: string;
  readonly env: Environment;
  /** Top-level keys whose texts are data: `${…}` in them stands for itself. */
  readonly literalKeys?: readonly string[];
}

const REFERENCE = /\$?\$\{(env|file):([^}]*)\}/g;

/** Reads and checks one YAML file against its schema. Throws a ConfigError with every problem, each with its line. */
export function readYamlFile<T extends z.ZodType>(
  schema: T,
  options: YamlFileOptions,
): z.output<T> {
  const { path: file } = options;
  const lines = new LineCounter();
  const document = parseDocument(readText(file), { lineCounter: lines, prettyErrors: false });
  const at = (offset: number): number => lines.linePos(offset).line;
  if (document.errors.length > 0) {
    throw new ConfigError(
      document.errors.map(({ pos, message }) => ({
        file,
        line: at(pos[0]),
        path: "",
        message: `is no valid YAML: ${message}`,
      })),
    );
  }
  const problems: ConfigProblem[] = [];
  const report = (path: readonly PropertyKey[], message: string): void => {
    const offset = offsetOf(document, path);
    problems.push({
      file,
      line: offset === null ? null : at(offset),
      path: pathText(path),
      message,
    });
  };
  const value = withReferences(plainValue(document, file), options, report);
  const result = schema.safeParse(value);
  for (const issue of result.error?.issues ?? []) {
    for (const { path, message } of problemText(schema, issue, value)) report(path, message);
  }
  if (problems.length > 0 || !result.success) {
    throw new ConfigError(problems.sort((a, b) => (a.line ?? 0) - (b.line ?? 0)));
  }
  return deepFreeze(result.data);
}

/** Where a value of a YAML file stands, counted from 1; null where the file or the value is not there. */
export function lineOf(file: string, path: readonly PropertyKey[]): number | null {
  try {
    const lines = new LineCounter();
    const document = parseDocument(readFileSync(file, "utf8"), { lineCounter: lines });
    const offset = offsetOf(document, path);
    return offset === null ? null : lines.linePos(offset).line;
  } catch {
    return null;
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const message = `cannot be read (${messageOf(error)}); check the path`;
    throw new ConfigError([{ file, line: null, path: "", message }]);
  }
}

/** Plain data. Throws for aliases that would grow without bound. */
function plainValue(document: Document.Parsed, file: string): unknown {
  try {
    return document.toJS();
  } catch (error) {
    const message = `is no valid YAML: ${messageOf(error)}`;
    throw new ConfigError([{ file, line: null, path: "", message }]);
  }
}

type Report = (path: readonly PropertyKey[], message: string) => void;

/** Puts in the values that `${env:NAME}` and `${file:PATH}` stand for; `$${` stands for `${`. */
function withReferences(root: unknown, options: YamlFileOptions, report: Report): unknown {
  const visit = (value: unknown, path: readonly PropertyKey[]): unknown => {
    if (typeof value === "string") return resolveText(value, path, options, report);
    if (Array.isArray(value)) return value.map((one, index) => visit(one, [...path, index]));
    if (typeof value !== "object" || value === null) return value;
    const entries = Object.entries(value).map(([key, one]): [string, unknown] => {
      if (key === "__proto__")
        report(path, "holds a key __proto__, which cannot be set; rename it");
      const literal = path.length === 0 && options.literalKeys?.includes(key) === true;
      return [key, literal ? one : visit(one, [...path, key])];
    });
    return Object.fromEntries(entries);
  };
  return visit(root, []);
}

function resolveText(
  text: string,
  path: readonly PropertyKey[],
  options: YamlFileOptions,
  report: Report,
): string {
  return text.replaceAll(REFERENCE, (whole, kind: string, name: string) => {
    if (whole.startsWith("$$")) return whole.slice(1);
    if (kind === "env") {
      const value = options.env[name];
      if (value === undefined) report(path, `needs the environment variable ${name}; set it`);
      return value ?? "";
    }
    try {
      return readFileSync(resolve(dirname(options.path), name), "utf8").replace(/\r?\n$/, "");
    } catch (error) {
      report(path, `needs the file ${name}, which cannot be read (${messageOf(error)})`);
      return "";
    }
  });
}

/** Where the value at `path` begins in the text; of a missing value, where its nearest parent does. */
function offsetOf(document: Document.Parsed, path: readonly PropertyKey[]): number | null {
  for (let length = path.length; length >= 0; length--) {
    const parent: unknown =
      length <= 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
    const pair = isMap(parent)
      ? parent.items.find(({ key }) => isNode(key) && String(key) === String(path[length - 1]))
      : undefined;
    const node: unknown =
      length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
    const place: unknown = isPair(pair) ? pair.key : node;
    if (isNode(place) && place.range) return place.range[0];
  }
  return null;
}

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(deepFreeze);
  }
  return value;
}
