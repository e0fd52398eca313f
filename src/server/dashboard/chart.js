// Spent against expected over time, on uPlot (a global of its own script), with the incidents' spans shaded in it.
import { axisMoney, money, time } from "./format.js";

const STEP_MS = 300_000;
const NARROWEST_SPAN_PX = 4;

function colours() {
  const style = getComputedStyle(document.documentElement);
  const of = (name) => style.getPropertyValue(name).trim();
  return {
    actual: of("--accent"),
    area: of("--accent-soft"),
    expected: of("--expected"),
    grid: of("--grid"),
    text: of("--muted"),
    span: of("--alarm-soft"),
    edge: of("--alarm"),
  };
}

/** Columns for uPlot. The step under way is left out unless it already passes what is expected of it: half a step looks like a drop. */
function columnsOf(chart, eventTimeMs) {
  const last = chart.startMs.length - 1;
  const partial =
    last >= 0 &&
    eventTimeMs !== null &&
    chart.startMs[last] + STEP_MS > eventTimeMs &&
    chart.actualUsd[last] < chart.expectedUsd[last];
  const end = partial ? last : last + 1;
  return [
    chart.startMs.slice(0, end).map((ms) => ms / 1000),
    chart.actualUsd.slice(0, end),
    chart.expectedUsd.slice(0, end),
  ];
}

function shadeSpans(plot, spans, colour) {
  const { left, top, width, height } = plot.bbox;
  plot.ctx.save();
  for (const { fromMs, toMs } of spans) {
    const from = Math.max(left, plot.valToPos(fromMs / 1000, "x", true));
    const to = Math.min(left + width, plot.valToPos(toMs / 1000, "x", true));
    const span = Math.max(NARROWEST_SPAN_PX * devicePixelRatio, to - from);
    const start = Math.min(from, left + width - span);
    plot.ctx.fillStyle = colour.span;
    plot.ctx.fillRect(start, top, span, height);
    plot.ctx.fillStyle = colour.edge;
    plot.ctx.fillRect(start, top, span, 2 * devicePixelRatio);
  }
  plot.ctx.restore();
}

function axesOf(colour, small) {
  const font = `${small ? 10 : 11}px system-ui, sans-serif`;
  const shared = { stroke: colour.text, font, ticks: { show: false } };
  return [
    {
      ...shared,
      grid: { show: false },
      size: 24,
      space: small ? 60 : 70,
      values: (_plot, marks) => marks.map((mark) => time(mark * 1000)),
    },
    {
      ...shared,
      grid: { stroke: colour.grid, width: 1 },
      size: 52,
      space: small ? 28 : 36,
      values: (_plot, marks) => marks.map(axisMoney),
    },
  ];
}

function optionsOf(host, { height, small, onPoint }, spans) {
  const colour = colours();
  return {
    width: host.clientWidth,
    height,
    padding: [8, 8, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
    scales: { y: { range: (_plot, _low, high) => [0, high > 0 ? high * 1.12 : 1] } },
    axes: axesOf(colour, small),
    series: [
      {},
      { stroke: colour.actual, width: 2, fill: colour.area, points: { show: false } },
      { stroke: colour.expected, width: 1.5, dash: [5, 4], points: { show: false } },
    ],
    hooks: {
      drawClear: [(plot) => shadeSpans(plot, spans(), colour)],
      setCursor: [(plot) => onPoint?.(plot.cursor.idx ?? null)],
    },
  };
}

/** A chart in `host`: `update` gives it data, `destroy` takes it away. It follows the width of the page and its colour scheme. */
export function createChart(host, { height, small = false, readout = null }) {
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  let data = [[], [], []];
  let spans = [];
  let plot = null;
  const onPoint = (index) => {
    if (readout === null) return;
    const point = index === null ? null : data[0][index];
    readout.textContent =
      point === null || point === undefined
        ? "dollars in each five minutes"
        : `${time(point * 1000)} · ${money(data[1][index])} spent, ${money(data[2][index])} expected`;
  };
  const draw = () => {
    plot?.destroy();
    plot = new uPlot(
      optionsOf(host, { height, small, onPoint }, () => spans),
      data,
      host,
    );
  };
  const resize = new ResizeObserver(() => {
    if (plot !== null && host.clientWidth > 0 && host.clientWidth !== plot.width) {
      plot.setSize({ width: host.clientWidth, height });
    }
  });
  resize.observe(host);
  scheme.addEventListener("change", draw);
  host.setAttribute("role", "img");
  onPoint(null);
  return {
    update(chart, eventTimeMs, nextSpans) {
      data = columnsOf(chart, eventTimeMs);
      spans = nextSpans;
      host.setAttribute("aria-label", describe(chart, nextSpans));
      if (plot === null) draw();
      else plot.setData(data);
    },
    destroy() {
      resize.disconnect();
      scheme.removeEventListener("change", draw);
      plot?.destroy();
    },
  };
}

/** What the picture says, for those who do not see it. */
function describe(chart, spans) {
  const sum = (values) => values.reduce((total, value) => total + value, 0);
  const spent = `${money(sum(chart.actualUsd))} spent, ${money(sum(chart.expectedUsd))} expected`;
  const marked = spans.map(({ fromMs, toMs }) => `incident ${time(fromMs)} to ${time(toMs)}`);
  return [spent, ...marked].join("; ");
}

/** The part of the day that an incident covers: from the start of the window that showed it. */
export function spanOf(incident, eventTimeMs) {
  return {
    fromMs: incident.openedAtMs - incident.windowMs,
    toMs: incident.resolvedAtMs ?? Math.max(eventTimeMs ?? 0, incident.updatedAtMs),
  };
}
