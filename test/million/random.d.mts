export interface Random {
  next(): number;
  below(bound: number): number;
  chance(probability: number): boolean;
  pick<T>(items: readonly T[]): T;
  size(median: number, spread?: number): number;
  zipf(count: number): number;
  shuffled<T>(items: readonly T[]): T[];
}
export function createRandom(seed: number): Random;
