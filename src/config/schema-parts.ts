import { z } from "zod";

/** Checks across fields run also where single fields are wrong, so that all problems come at once. */
export const ALWAYS = {
  when: ({ value }: { readonly value: unknown }): boolean =>
    typeof value === "object" && value !== null,
};

/** A value of a dimension, as events hold it. */
export const dimensionText = z
  .string()
  .min(1)
  .refine((value) => Array.from(value).length <= 128, "must be at most 128 characters long")
  .refine((value) => !/\p{Cc}/u.test(value), "must not hold control characters");

/** A time zone that this machine's calendar knows. */
export const timezone = z
  .string()
  .refine(isTimezone, "is no time zone; write an IANA name such as Europe/Berlin");

function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
