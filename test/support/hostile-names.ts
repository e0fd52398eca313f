/** Names that somebody could give to a team or a user, and what each tries. */
export const HOSTILE_NAMES: readonly (readonly [what: string, name: string])[] = [
  ["a call to the whole channel", "<!channel> <!here>"],
  ["a disguised link", "<https://evil.example|Open the live page>"],
  ["a mention", "<@U012AB3CD> <!subteam^S01>"],
  ["backticks", "`*bold*` ``` code"],
  ["a bare link", "https://evil.example/x"],
  ["line breaks and a mail header", "checkout\r\nBcc: victim@example.com\r\n\r\nbody"],
  ["a terminal's escape sequences", "\u001b[2J\u001b]0;owned\u0007\u009b31mred"],
  ["reordered text", "\u202egnp.exe\u202c \u2066hidden\u2069\u200b"],
  ["markup", '<script>alert(1)</script><img src=x onerror="x">&amp;'],
  ["half a surrogate pair", "a\ud800b\udfffc"],
  ["nothing at all", "\u200b\u0000"],
  ["object keys", "__proto__"],
  ["a hundred thousand characters", "𝒜<".repeat(50_000)],
];
