import { z } from "zod";

const DURATION_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const SIZE_BYTES = {
  B: 1,
  kB: 1000,
  MB: 1e6,
  GB: 1e9,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
} as const;

const DURATION = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)$/;
const SIZE = /^(\d+(?:\.\d+)?)\s*(B|kB|MB|GB|KiB|MiB|GiB)$/;

/** A duration as people write it (`30s`, `10m`, `1.5h`), read as milliseconds. Only 0 needs no unit. */
export function duration(bounds: { readonly minMs: number; readonly maxMs: number }) {
  return z
    .union([z.literal(0), z.string().regex(DURATION)], {
      error: "is no duration; write a number and ms, s, m, h or d, for example 30s",
    })
    .transform((text) => quantityOf(text, DURATION, DURATION_MS))
    .refine((ms) => ms >= bounds.minMs && ms <= bounds.maxMs, {
      error: `must lie between ${bounds.minMs} ms and ${bounds.maxMs} ms`,
    });
}

/** A size as people write it (`4MiB`, `500kB`), read as bytes. */
export function byteSize(bounds: { readonly min: number; readonly max: number }) {
  return z
    .string({ error: "is no size; write a number and B, kB, MB, KiB or MiB, for example 4MiB" })
    .regex(SIZE, "is no size; write a number and B, kB, MB, KiB or MiB, for example 4MiB")
    .transform((text) => quantityOf(text, SIZE, SIZE_BYTES))
    .refine((bytes) => bytes >= bounds.min && bytes <= bounds.max, {
      error: `must lie between ${bounds.min} and ${bounds.max} bytes`,
    });
}

function quantityOf(
  text: string | 0,
  pattern: RegExp,
  units: Readonly<Record<string, number>>,
): number {
  const [, amount, unit] = pattern.exec(String(text)) ?? [];
  if (amount === undefined || unit === undefined) return 0;
  return Math.round(Number(amount) * (units[unit] ?? 0));
}
