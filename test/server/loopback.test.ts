import { describe, expect, it } from "@jest/globals";
import { hostOfHeader, httpUrl, isLoopbackHost } from "../../src/server/loopback.ts";

describe("isLoopbackHost", () => {
  it.each(["127.0.0.1", "127.1.2.3", "localhost", "LOCALHOST", "::1"])("knows %s", (host) => {
    expect(isLoopbackHost(host)).toBe(true);
  });

  it.each(["0.0.0.0", "::", "10.0.0.1", "example.com", "127.0.0.1.example.com", "127.evil", ""])(
    "does not take %j for this machine",
    (host) => {
      expect(isLoopbackHost(host)).toBe(false);
    },
  );
});

describe("hostOfHeader", () => {
  it.each([
    ["localhost:8080", "localhost"],
    ["127.0.0.1", "127.0.0.1"],
    ["[::1]:8080", "::1"],
    ["Page.Example.com:443", "page.example.com"],
  ])("reads %j as %j", (header, host) => {
    expect(hostOfHeader(header)).toBe(host);
  });

  it.each([undefined, "", "a b", "localhost:", "localhost@evil.com", "[::1", "x/y", "h:123456"])(
    "refuses %j",
    (header) => {
      expect(hostOfHeader(header)).toBeNull();
    },
  );
});

describe("httpUrl", () => {
  it("puts brackets around IPv6 only", () => {
    expect(httpUrl("::1", 80)).toBe("http://[::1]:80");
    expect(httpUrl("localhost", 80)).toBe("http://localhost:80");
  });
});
