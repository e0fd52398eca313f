import { z } from "zod";
import { nearestName } from "./config-problem.ts";

interface Problem {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** The parts of a JSON Schema that say what a value should have been. */
interface SchemaNode {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
  readonly additionalProperties?: SchemaNode | boolean;
  readonly anyOf?: readonly SchemaNode[];
}

/** What one finding of zod means to the person who wrote the file: what is wrong, and what to do. */
export function problemText(schema: z.ZodType, issue: z.core.$ZodIssue, root: unknown): Problem[] {
  const json = z.toJSONSchema(schema, { io: "input" }) as SchemaNode;
  if (issue.code === "unrecognized_keys") {
    const known = Object.keys(nodeAt(json, issue.path)?.properties ?? {});
    return issue.keys.map((key) => ({
      path: [...issue.path, key],
      message: `is not known here; ${suggestion(key, known)}`,
    }));
  }
  if (issue.code === "invalid_union" && issue.errors.length > 0) {
    const deepest = deepestBranch(issue.errors);
    if (deepest.some(({ path }) => path.length > 0)) {
      return deepest.flatMap((inner) =>
        problemText(schema, { ...inner, path: [...issue.path, ...inner.path] }, root),
      );
    }
  }
  const hint = nodeAt(json, issue.path)?.description;
  const meaning = hint === undefined ? "" : ` (${hint})`;
  const missing = issue.code === "invalid_type" && valueAt(root, issue.path) === undefined;
  const message = missing
    ? `is missing; write a value of type ${issue.expected}`
    : lowerFirst(issue.message);
  return [{ path: issue.path, message: message + meaning }];
}

/** "did you mean", or the names there are. */
export function suggestion(wrong: string, known: readonly string[]): string {
  const near = nearestName(wrong, known);
  if (near !== null) return `did you mean ${near}?`;
  return known.length === 0 ? "remove it" : `known are ${known.join(", ")}`;
}

/** Of a union's branches the one that got furthest: what the writer most likely meant. */
function deepestBranch(
  branches: readonly (readonly z.core.$ZodIssue[])[],
): readonly z.core.$ZodIssue[] {
  const depth = (issues: readonly z.core.$ZodIssue[]): number =>
    Math.max(
      ...issues.map(({ path, code }) => path.length + (code === "unrecognized_keys" ? 1 : 0)),
    );
  return branches.reduce((best, one) => (depth(one) > depth(best) ? one : best));
}

function nodeAt(root: SchemaNode, path: readonly PropertyKey[]): SchemaNode | undefined {
  const open = (node: SchemaNode): SchemaNode[] => [node, ...(node.anyOf ?? []).flatMap(open)];
  let nodes = open(root);
  for (const part of path) nodes = nodes.flatMap((node) => childOf(node, part)).flatMap(open);
  return nodes.find((node) => node.properties !== undefined) ?? nodes[0];
}

function childOf(node: SchemaNode, part: PropertyKey): SchemaNode[] {
  const child = typeof part === "number" ? node.items : node.properties?.[String(part)];
  if (child !== undefined) return [child];
  return typeof node.additionalProperties === "object" ? [node.additionalProperties] : [];
}

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, part) =>
      typeof value === "object" && value !== null ? Reflect.get(value, part) : undefined,
    root,
  );
}

function lowerFirst(text: string): string {
  const clean = text.replace(/^Invalid (input|option): /, "");
  return clean.charAt(0).toLowerCase() + clean.slice(1);
}
