/** Rows of one INSERT into the stage, ready to be sent. */
export interface StagedRows {
  readonly columns: readonly string[];
  readonly data: readonly Uint8Array[];
  readonly rows: number;
}

export type Column = readonly [name: string, type: string];

/** Numbers of `usage.kind`. */
export const KIND = { delta: 1, ckpt: 2, gap: 3, rejected: 4 } as const;

const KINDS = Object.entries(KIND).map(([name, number]) => `'${name}' = ${number}`);

/** What every staged row begins with. */
export const FRONT: readonly Column[] = [
  ["attempt", "UUID"],
  ["kind", `Enum8(${KINDS.join(", ")})`],
];
