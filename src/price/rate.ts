import { z } from "zod";

const DECIMAL = /^(\d+)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?$/;
/** USD per million tokens → pico-dollars per token: 10^12 / 10^6. */
const PICO_DIGITS = 6;
/** More than 0.01 USD a token: somebody wrote a price per million where one per token belongs, or the other way round. */
const HIGHEST_PICO = 10_000_000_000;
/** Less than 0.0001 USD per million tokens: a price per token (`3e-06`) where one per million belongs. */
const LOWEST_PICO = 100;

/** A rate in USD per million tokens, as a number or decimal text, read as integer pico-dollars per token: exact or refused. */
export const RATE = z
  .union([z.number(), z.string()], { error: "is no rate; write USD per million tokens" })
  .transform((given, context) => {
    const pico = picoPerToken(String(given));
    const problem = typeof pico === "number" ? rangeProblem(pico) : pico.problem;
    if (problem === null && typeof pico === "number") return pico;
    context.addIssue({ code: "custom", message: problem ?? "is no rate" });
    return z.NEVER;
  });

/** What a tier does to all rates, e.g. 0.5: in thousandths, at most 100. */
export const MULTIPLIER = z
  .number()
  .min(0)
  .max(100)
  .refine((factor) => Number.isInteger(Math.round(factor * 1e6) / 1e3), {
    error: "has more than three decimals",
  })
  .transform((factor) => Math.round(factor * 1000));

function picoPerToken(text: string): number | { readonly problem: string } {
  const match = DECIMAL.exec(text.trim());
  if (match === null)
    return { problem: "is no decimal of at least 0; write USD per million tokens" };
  const [, whole = "", fraction = "", exponent = "0"] = match;
  const point = whole.length + Number(exponent) + PICO_DIGITS;
  const digits = whole + fraction;
  if (/[1-9]/.test(digits.slice(Math.max(point, 0)))) {
    return { problem: "has more than six decimals; rates are exact to a pico-dollar a token" };
  }
  return Number(digits.slice(0, Math.max(point, 0)).padEnd(point, "0"));
}

function rangeProblem(pico: number): string | null {
  if (pico > HIGHEST_PICO) {
    return "is over 0.01 USD a token; rates are USD per million tokens, so divide by a million";
  }
  if (pico > 0 && pico < LOWEST_PICO) {
    return "is under 0.0001 USD per million tokens; it looks like a rate per token, multiply by a million";
  }
  return null;
}
