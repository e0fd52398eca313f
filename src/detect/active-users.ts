/** Users by the last minute in which they were active. */
export class ActiveUsers {
  readonly #last = new Map<string, number>();

  add(user: string, minute: number): void {
    if ((this.#last.get(user) ?? -1) < minute) this.#last.set(user, minute);
  }

  /** How many were active after a minute. */
  count(after: number): number {
    let count = 0;
    for (const minute of this.#last.values()) if (minute > after) count++;
    return count;
  }

  /** Lets go of those who were not active since a minute. */
  forget(since: number): void {
    for (const [user, minute] of this.#last) if (minute < since) this.#last.delete(user);
  }
}
