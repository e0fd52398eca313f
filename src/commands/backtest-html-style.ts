/** The report's style: the colours of the live page, light and dark. */
export const STYLE = `
:root { color-scheme: light dark; --page: #f4f5f7; --card: #fff; --line: #e2e6eb; --grid: #eceff3; --text: #18212b; --muted: #5a6673;
  --accent: #2266b3; --accent-soft: #2266b31a; --expected: #6d7985; --alarm: #c4292f; --alarm-soft: #c4292f1c; --notable: #b26a00; }
@media (prefers-color-scheme: dark) { :root { --page: #0e1318; --card: #161d25; --line: #27313c; --grid: #212a34; --text: #e4eaf0;
  --muted: #98a5b3; --accent: #62a8f0; --accent-soft: #62a8f024; --expected: #93a0ad; --alarm: #ff7a75; --alarm-soft: #ff7a7526; --notable: #e3a443; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1000px; padding: 0 20px 40px; background: var(--page); color: var(--text);
  font: 14px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; overflow-wrap: break-word; }
h1 { font-size: 22px; margin: 24px 0 4px; } h2 { font-size: 17px; margin: 28px 0 8px; } h3 { font-size: 15px; margin: 0 0 6px; font-weight: 600; }
p { margin: 4px 0 10px; } ul { margin: 0; padding-left: 18px; } b { font-weight: 600; }
.tiles { display: flex; flex-wrap: wrap; gap: 10px; margin: 12px 0; }
.tiles div { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 8px 16px; }
.tiles dt { color: var(--muted); font-size: 12px; } .tiles dd { margin: 0; font-size: 22px; font-variant-numeric: tabular-nums; }
table { border-collapse: collapse; width: 100%; background: var(--card); border: 1px solid var(--line); font-variant-numeric: tabular-nums; margin: 8px 0; }
th, td { text-align: left; padding: 5px 10px; border-bottom: 1px solid var(--line); vertical-align: top; }
thead th { color: var(--muted); font-weight: 600; font-size: 12px; } tbody th { font-weight: 500; }
.settings tbody th { white-space: nowrap; } .differs td { background: var(--accent-soft); }
.incidents td:nth-last-child(-n + 3) { text-align: right; white-space: nowrap; } .incidents td:not(.scope) { white-space: nowrap; } .scope { width: 40%; }
.incidents th:nth-last-child(-n + 3) { text-align: right; }
a { color: var(--accent); text-decoration: none; } a:hover { text-decoration: underline; }
.page, .ticket { font-weight: 600; color: var(--alarm); } .ticket { color: var(--notable); }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 14px 18px; margin: 14px 0; break-inside: avoid; }
.card:target { border-color: var(--accent); } .by { color: var(--muted); font-weight: 400; } .id { color: var(--muted); font-size: 12px; margin: 6px 0 0; }
figure { margin: 10px 0; } figcaption { color: var(--muted); font-size: 12px; } svg { width: 100%; height: auto; display: block; }
svg text { fill: var(--muted); font-size: 11px; font-variant-numeric: tabular-nums; }
.grid { stroke: var(--grid); } path { fill: none; stroke-width: 1.5; } path.actual { stroke: var(--accent); } path.area { fill: var(--accent-soft); }
path.expected { stroke: var(--expected); stroke-dasharray: 4 3; } rect.incident { fill: var(--alarm-soft); } line.opened { stroke: var(--alarm); stroke-width: 1.5; }
.key { display: inline-block; width: 14px; height: 0; border-top: 2px solid var(--accent); vertical-align: middle; margin: 0 4px 0 8px; }
.key.actual { margin-left: 0; } .key.expected { border-top: 2px dashed var(--expected); } .key.incident { height: 10px; border: 0; background: var(--alarm-soft); }
.who { display: flex; flex-wrap: wrap; gap: 6px 24px; align-items: start; } .who > div { flex: 1 1 320px; }
.small { border: 0; font-size: 13px; } .small th, .small td { padding: 2px 8px 2px 0; } .small td:nth-last-child(-n + 2) { white-space: nowrap; }
`;
