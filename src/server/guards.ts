import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Logger } from "../telemetry/logger.ts";
import { hostOfHeader, isLoopbackHost } from "./loopback.ts";

/** The page needs its own files and its own data, and nothing else: no inline code, no other origin, no frame. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  // No sink that parses markup may take a string: a name can never become HTML, whatever page.js does.
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": CONTENT_SECURITY_POLICY,
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
};

/** Set on every answer, also on one written past fastify (the event stream). Data is not kept anywhere unless a route says so. */
export function securityHeaders(): Record<string, string> {
  return { ...SECURITY_HEADERS, "cache-control": "no-store" };
}

/** An address that cannot even be parsed never reaches the routes: the same headers and the same shape all the same. */
export function answerMalformed(_error: unknown, _request: unknown, reply: FastifyReply): void {
  reply.headers(securityHeaders());
  void sendError(reply, 400, "bad_request", "the request is malformed");
}

/** Every error leaves in this shape. */
export function sendError(
  reply: FastifyReply,
  status: number,
  code: string,
  message: string,
): FastifyReply {
  return reply.code(status).send({ error: { code, message } });
}

/** A page of another site, in this machine's browser, that includes or fetches ours. A link that a person follows is no such thing. */
function isForeignPage(request: FastifyRequest): boolean {
  const { "sec-fetch-site": site, "sec-fetch-mode": mode } = request.headers;
  return site === "cross-site" && mode !== "navigate";
}

/**
 * What every request passes: headers; the Host must be a name of this machine or one in `allowedHosts`, else another site could point its own name
 * at us (DNS rebinding) and read the answers; no foreign page; and errors as small JSON that tell nothing of the inside.
 */
export function addGuards(
  app: FastifyInstance,
  options: { readonly allowedHosts: readonly string[]; readonly logger: Logger },
): void {
  const allowed = new Set(options.allowedHosts.map((host) => host.toLowerCase()));
  app.addHook("onRequest", async (request, reply) => {
    reply.headers(securityHeaders());
    const host = hostOfHeader(request.headers.host);
    if (host === null || !(isLoopbackHost(host) || allowed.has(host))) {
      return sendError(reply, 421, "wrong_host", "this server does not answer to that host name");
    }
    if (isForeignPage(request)) {
      return sendError(reply, 403, "foreign_page", "pages of other sites may not read this server");
    }
    return undefined;
  });
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split("?", 1)[0] ?? "/";
    if (request.method !== "GET" && app.hasRoute({ method: "GET", url: path })) {
      reply.header("allow", "GET");
      return sendError(reply, 405, "method_not_allowed", "only GET is answered here");
    }
    return sendError(reply, 404, "not_found", "there is nothing at this path");
  });
  app.setErrorHandler((error: { statusCode?: number }, request, reply) => {
    const status = error.statusCode ?? 500;
    if (status < 500) return sendError(reply, status, "bad_request", "the request is malformed");
    options.logger.error({ err: error, path: request.routeOptions.url }, "request failed");
    return sendError(reply, 500, "internal", "the request failed; the log says why");
  });
}
