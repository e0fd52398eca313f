import type { Delivery } from "./notifier.ts";

/**
 * Slack's ways to fail, mapped to what to do next. Errors are told apart by their codes; what is passed on is built from codes only,
 * never from the request, so that no token can get out with it.
 */

/** Slack says that nothing happened: try again. */
const REFUSED_FOR_NOW = new Set([
  "service_unavailable",
  "ratelimited",
  "rate_limited",
  "team_added_to_org",
]);
/** Slack says that some of it may have happened. */
const PERHAPS_DONE = new Set(["internal_error", "fatal_error", "request_timeout"]);
/** The connection never came to be: not a byte of the request was sent. */
const NOT_CONNECTED = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
]);
const DEFAULT_RETRY_AFTER_MS = 30_000;

type Failure = Exclude<Delivery, { kind: "delivered" }>;

/** Total: every error has a class, and an unknown answer from something that is not Slack is looked into before sending again. */
export function classifySlackError(error: unknown): Failure {
  const platform = slackErrorCode(error);
  if (platform !== "") return classifyPlatformError(platform);
  const retryAfter = field(error, "retryAfter");
  if (typeof retryAfter === "number") {
    return { kind: "retryable", error: "rate limited by slack", retryAfterMs: retryAfter * 1_000 };
  }
  const status = field(error, "statusCode");
  if (typeof status === "number") return classifyStatus(status);
  return classifyNetworkError(error);
}

/** `channel_not_found` and the like; "" where the error is not an answer of Slack's API. */
export function slackErrorCode(error: unknown): string {
  const code = field(field(error, "data"), "error");
  return typeof code === "string" ? code : "";
}

function classifyPlatformError(code: string): Failure {
  if (!/^[a-z0-9_]{1,80}$/.test(code)) {
    return { kind: "ambiguous", error: "the answer did not come from slack: a proxy in between?" };
  }
  const error = `slack answered ${code}`;
  if (REFUSED_FOR_NOW.has(code)) return { kind: "retryable", error };
  return { kind: PERHAPS_DONE.has(code) ? "ambiguous" : "permanent", error };
}

/** A 5xx may come from behind the point where the message was taken. */
function classifyStatus(status: number): Failure {
  const error = `slack answered http ${status}`;
  if (status === 429) return { kind: "retryable", error, retryAfterMs: DEFAULT_RETRY_AFTER_MS };
  return { kind: status >= 500 ? "ambiguous" : "permanent", error };
}

function classifyNetworkError(error: unknown): Failure {
  const original = field(error, "original") ?? error;
  if (field(original, "name") === "TimeoutError") {
    return { kind: "ambiguous", error: "slack did not answer in time" };
  }
  const codes = codesOf(original);
  const [code = "no code"] = codes;
  if (codes.length > 0 && codes.every((one) => NOT_CONNECTED.has(one))) {
    return { kind: "retryable", error: `slack cannot be reached (${code})` };
  }
  return { kind: "ambiguous", error: `the connection to slack broke (${code})` };
}

/** `fetch` hides the reason in `cause`, and several of them (one per address tried) in `cause.errors`. */
function codesOf(error: unknown): string[] {
  const cause = field(error, "cause") ?? error;
  const several = field(cause, "errors");
  return (Array.isArray(several) ? several : [cause]).flatMap((one) => {
    const code = field(one, "code");
    return typeof code === "string" ? [code] : [];
  });
}

function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}
