import { createHash } from "node:crypto";
import type { StoredInput } from "../../src/source/file-identity.ts";
import type { RecordingHandler } from "./recording-handler.ts";

/** What a store would hold after reading: checkpoints in the order they were made. */
export class Stored {
  readonly inputs: StoredInput[] = [];
  readonly known = (): Promise<readonly StoredInput[]> => Promise.resolve([...this.inputs]);

  keep(topic: string, handler: RecordingHandler): void {
    const last = handler.batches.at(-1);
    if (last === undefined) return;
    const storedAtMs = this.inputs.length + 1;
    const others = this.inputs.filter((one) => one.topic !== topic);
    const { endOffset, fingerprint } = last;
    this.inputs.splice(0, Infinity, ...others, { topic, endOffset, fingerprint, storedAtMs });
  }
}

/** A store that holds no input. */
export const nothing = (): Promise<readonly StoredInput[]> => Promise.resolve([]);

/** `text`, stored to its end. */
export function aStored(topic: string, text: string): StoredInput {
  const fingerprint = createHash("sha256").update(text).digest("hex");
  return { topic, endOffset: text.length, fingerprint, storedAtMs: 1 };
}
