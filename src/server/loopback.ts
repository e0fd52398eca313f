import { isIP } from "node:net";

/** True for names that only this machine can reach. `0.0.0.0` and `::` are not among them. */
export function isLoopbackHost(host: string): boolean {
  const name = host.toLowerCase();
  if (name === "localhost" || name === "::1") return true;
  return isIP(name) === 4 && name.startsWith("127.");
}

/** The name in a Host header, without port and brackets, in lower case; null where it is no such header. */
export function hostOfHeader(header: string | undefined): string | null {
  const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::\d{1,5})?$/i.exec(header ?? "");
  const name = match?.[1] ?? match?.[2];
  return name === undefined ? null : name.toLowerCase();
}

/** `http://host:port`, with brackets where the host is an IPv6 address. */
export function httpUrl(host: string, port: number): string {
  return `http://${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
}
