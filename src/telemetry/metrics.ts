import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from "prom-client";

/**
 * Every metric, its meaning and its labels. Labels come from closed sets or are capped; user, key and incident id are never labels.
 * One instance per process part: nothing is global, so tests can have two.
 */
export class Metrics {
  readonly registry = new Registry();
  /** Records read from the source. Alert when it stops: the feed is dead. */
  readonly recordsIn = this.#counter(
    "spikewatch_source_records_total",
    "Records read from the source",
    ["topic"],
  );
  readonly eventsAccepted = this.#counter(
    "spikewatch_decode_events_accepted_total",
    "Events counted into panes",
    ["topic"],
  );
  /** in = accepted + rejected + duplicates + ignored, per event. */
  readonly eventsRejected = this.#counter(
    "spikewatch_decode_events_rejected_total",
    "Events kept in `rejected` instead of counted, by reason",
    ["reason"],
  );
  /** Beside the rows of `rejected`; repeats after a restart are counted again. */
  readonly deadLettersProduced = this.#counter(
    "spikewatch_dead_letters_produced_total",
    "Rejected events written to the dead-letter topic",
    ["topic"],
  );
  readonly eventsDuplicate = this.#counter(
    "spikewatch_reduce_events_duplicate_total",
    "Events dropped because their id was seen within the dedupe window",
    ["topic"],
  );
  readonly eventsIgnored = this.#counter(
    "spikewatch_decode_events_ignored_total",
    "Well-formed entries that are no usage (for example spans that are no model call)",
    ["topic"],
  );
  readonly eventsMended = this.#counter(
    "spikewatch_decode_events_mended_total",
    "Events whose contradicting token counts were mended by rule",
    ["topic"],
  );
  readonly unpricedTokens = this.#counter(
    "spikewatch_price_unpriced_tokens_total",
    "Tokens of models without a price, capped by model",
    ["model"],
  );
  readonly overflowEvents = this.#counter(
    "spikewatch_reduce_events_overflow_total",
    "Events whose user, key or labels were folded into __other__ because a flush held too many keys",
    [],
  );
  readonly lagRecords = this.#gauge(
    "spikewatch_source_lag_records",
    "Records between the end of the log and the stored checkpoint",
    ["topic", "partition"],
  );
  readonly watermarkSeconds = this.#gauge(
    "spikewatch_reduce_watermark_timestamp_seconds",
    "Event-time progress over all partitions that are not idle",
    [],
  );
  /** Not zero: spend of that time is missing for good. */
  readonly gapRecords = this.#counter(
    "spikewatch_source_gap_records_total",
    "Offsets that the log no longer held when they were to be read",
    ["topic"],
  );
  readonly lastFetchSeconds = this.#gauge(
    "spikewatch_source_last_fetch_timestamp_seconds",
    "When records last came from the source",
    [],
  );
  readonly lastFlushSeconds = this.#gauge(
    "spikewatch_store_last_flush_timestamp_seconds",
    "When the last commit was read back",
    [],
  );
  readonly commitStartedSeconds = this.#gauge(
    "spikewatch_store_commit_started_timestamp_seconds",
    "When the commit under way began, which waits for ClickHouse as long as it must; 0: none is under way",
    [],
  );
  readonly flushSeconds = this.#histogram(
    "spikewatch_store_flush_duration_seconds",
    "Stage, commit and read-back of one flush",
    [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
  );
  readonly flushRows = this.#histogram(
    "spikewatch_store_flush_rows",
    "Panes in one flush",
    [1, 10, 100, 1000, 5000, 10_000, 25_000, 50_000, 100_000],
  );
  readonly commitRetries = this.#counter(
    "spikewatch_store_commit_retries_total",
    "Commits staged again because the read-back found nothing",
    [],
  );
  readonly commitSuperseded = this.#counter(
    "spikewatch_store_commit_superseded_total",
    "Commits dropped because another writer had moved the checkpoint: two deployments in one group, or a zombie",
    [],
  );
  readonly usageParts = this.#gauge(
    "spikewatch_store_usage_parts",
    "Parts of table usage, as of the last look for weeks to fold",
    [],
  );
  readonly usageRows = this.#gauge(
    "spikewatch_store_usage_rows",
    "Rows of table usage, as of the last look for weeks to fold",
    [],
  );
  readonly usageBytes = this.#gauge(
    "spikewatch_store_usage_bytes",
    "Size of table usage on disk, as of the last look for weeks to fold",
    [],
  );
  readonly foldRowsBefore = this.#counter(
    "spikewatch_fold_rows_before_total",
    "Rows of weeks before they were folded",
    [],
  );
  readonly foldRowsAfter = this.#counter(
    "spikewatch_fold_rows_after_total",
    "Rows of weeks after they were folded",
    [],
  );
  readonly foldLastSeconds = this.#gauge(
    "spikewatch_fold_last_run_timestamp_seconds",
    "When all weeks that were due had last been folded",
    [],
  );
  /** Harmless for the totals; the table grows. */
  readonly foldFailures = this.#counter(
    "spikewatch_fold_failures_total",
    "Folds given up because ClickHouse was in trouble; the next round tries again",
    [],
  );
  readonly engineRestarts = this.#counter(
    "spikewatch_engine_restarts_total",
    "Times the embedded engine died and was started again",
    [],
  );
  readonly dedupeIds = this.#gauge("spikewatch_dedupe_ids", "Ids held in the dedupe window", []);
  readonly dedupeForgotten = this.#counter(
    "spikewatch_dedupe_ids_forgotten_total",
    "Ids forgotten within the dedupe window because it held dedupe.max_ids: a repeat of one counts again",
    [],
  );
  readonly dedupeWindowSeconds = this.#gauge(
    "spikewatch_dedupe_window_seconds",
    "Span of event time that the dedupe window truly covers",
    [],
  );
  readonly spendUsd = this.#counter(
    "spikewatch_team_spend_usd_total",
    "Dollars counted since the process started, top teams, the rest under __other__",
    ["team"],
  );
  readonly teamTokens = this.#counter(
    "spikewatch_team_tokens_total",
    "Tokens counted since the process started, top teams, the rest under __other__",
    ["team"],
  );
  readonly expectedUsdPerHour = this.#gauge(
    "spikewatch_team_expected_usd_per_hour",
    "What the baseline expects the team to spend in this hour",
    ["team"],
  );
  readonly actualUsdPerHour = this.#gauge(
    "spikewatch_team_actual_usd_per_hour",
    "What the team spent in the last 60 minutes of event time",
    ["team"],
  );
  readonly smallestIncidentUsd = this.#gauge(
    "spikewatch_team_smallest_incident_usd",
    "Dollars over expectation within an hour that the team is paged for: its own noise and its page budget set it",
    ["team"],
  );
  /** Over all processes the sum is 1: less, and nobody watches. */
  readonly detectLeader = this.#gauge(
    "spikewatch_detect_leader",
    "1 in the process that watches and tells, 0 in those that stand by",
    [],
  );
  readonly detectTailSeconds = this.#gauge(
    "spikewatch_detect_tail_timestamp_seconds",
    "When the commits in ClickHouse were last read to their end; only where detection follows ClickHouse",
    [],
  );
  readonly detectSeconds = this.#histogram(
    "spikewatch_detect_tick_duration_seconds",
    "One evaluation of all series",
    [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5],
  );
  readonly seriesTracked = this.#gauge(
    "spikewatch_detect_series",
    "Series with a baseline in memory",
    ["level"],
  );
  readonly incidentsOpen = this.#gauge("spikewatch_incidents_open", "Incidents not resolved", [
    "kind",
    "severity",
  ]);
  readonly deliveries = this.#counter(
    "spikewatch_notify_deliveries_total",
    "Messages to receivers by channel and how they ended",
    ["channel", "status"],
  );

  constructor(options: { processMetrics?: boolean } = {}) {
    if (options.processMetrics === true) {
      collectDefaultMetrics({ register: this.registry });
      // Gauges with a counter's name: promtool refuses them, and the same numbers stand beside them by type.
      for (const kind of ["handles", "requests", "resources"]) {
        this.registry.removeSingleMetric(`nodejs_active_${kind}_total`);
      }
    }
  }

  /** Takes away the gauges of what this process does not do: zeros would be lies. Counters say truly that it did nothing. */
  keepOnly(does: {
    readonly ingest: boolean;
    readonly detect: boolean;
    /** Detection follows ClickHouse. */
    readonly follow: boolean;
    readonly fold: boolean;
  }): void {
    const ofIngest = [
      this.lagRecords,
      this.watermarkSeconds,
      this.lastFetchSeconds,
      this.lastFlushSeconds,
      this.commitStartedSeconds,
      this.dedupeIds,
      this.dedupeWindowSeconds,
    ];
    const ofFolding = [this.usageParts, this.usageRows, this.usageBytes, this.foldLastSeconds];
    const others = [
      ...(does.ingest ? [] : ofIngest),
      ...(does.detect ? [] : [this.detectLeader]),
      ...(does.follow ? [] : [this.detectTailSeconds]),
      ...(does.fold ? [] : ofFolding),
    ];
    for (const gauge of others) this.registry.removeSingleMetric(nameOf(gauge));
  }

  #counter<T extends string>(name: string, help: string, labelNames: readonly T[]): Counter<T> {
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }

  #gauge<T extends string>(name: string, help: string, labelNames: readonly T[]): Gauge<T> {
    return new Gauge({ name, help, labelNames, registers: [this.registry] });
  }

  #histogram(name: string, help: string, buckets: number[]): Histogram {
    return new Histogram({ name, help, buckets, registers: [this.registry] });
  }
}

/** prom-client keeps the name it was given, and does not say so in its types. */
function nameOf(metric: object): string {
  return (metric as { readonly name: string }).name;
}

/** Keeps a label's cardinality bounded: the first `limit` values keep their name, later ones become `__other__`. */
export class LabelCap {
  readonly #seen = new Set<string>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  label(value: string): string {
    if (this.#seen.has(value)) return value;
    if (this.#seen.size >= this.#limit) return "__other__";
    this.#seen.add(value);
    return value;
  }
}
