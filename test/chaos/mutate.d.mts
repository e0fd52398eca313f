export type MutationName = "no-claim" | "no-wait" | "no-guard" | "no-read-back" | "no-fsync";
export function buildMutant(name: MutationName, out: string, from?: string): string;
