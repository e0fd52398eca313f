import { createHash } from "node:crypto";

/** sha256 of a stream's bytes so far: the fingerprint of a file up to an offset. */
export class PrefixHash {
  readonly #hash = createHash("sha256");
  #length = 0;

  get length(): number {
    return this.#length;
  }

  update(bytes: Uint8Array): void {
    this.#hash.update(bytes);
    this.#length += bytes.length;
  }

  /** Hex; more bytes may follow. */
  digest(): string {
    return this.#hash.copy().digest("hex");
  }
}
