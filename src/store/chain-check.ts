import { AppError } from "../runtime/errors.ts";
import { partitionKey, type Partition } from "../source/source.ts";
import type { Connection } from "./connect.ts";
import { brokenChainQuery } from "./queries.ts";

/** A place where stored offsets do not continue where the commit before them ended. */
export interface ChainBreak extends Partition {
  readonly incarnation: number;
  readonly firstOffset: number;
  readonly endOffset: number;
  readonly previousEnd: number;
}

/** The first ten breaks in the chains of these partitions; empty when every commit starts where the one before it ended. */
export async function findChainBreaks(
  connection: Connection,
  partitions: readonly Partition[],
): Promise<ChainBreak[]> {
  const { sql, params } = brokenChainQuery(partitions);
  const rows = await connection.rows<Record<keyof ChainBreak, string>>(sql, { params });
  return rows.map((row) => ({
    topic: row.topic,
    partition: Number(row.partition),
    incarnation: Number(row.incarnation),
    firstOffset: Number(row.firstOffset),
    endOffset: Number(row.endOffset),
    previousEnd: Number(row.previousEnd),
  }));
}

/** Throws `store_inconsistent` naming each break: a gap is data that was never counted, an overlap is data counted twice. */
export async function requireWholeChain(
  connection: Connection,
  partitions: readonly Partition[],
): Promise<void> {
  const breaks = await findChainBreaks(connection, partitions);
  if (breaks.length === 0) return;
  const places = breaks.map(
    ({ firstOffset, previousEnd, incarnation, ...partition }) =>
      `${partitionKey(partition)} (incarnation ${incarnation}) has ${
        firstOffset > previousEnd
          ? `a gap: offsets ${previousEnd} to ${firstOffset - 1} are missing`
          : `an overlap: offsets ${firstOffset} to ${previousEnd - 1} are stored twice`
      }`,
  );
  throw new AppError(
    `the stored offsets contradict themselves: ${places.join("; ")}. Nothing more is counted for these partitions until the rows of table usage are repaired or the incarnation is raised`,
    { code: "store_inconsistent" },
  );
}
