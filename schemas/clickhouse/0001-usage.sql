CREATE TABLE IF NOT EXISTS usage
(
    kind Enum8('delta' = 1, 'ckpt' = 2, 'gap' = 3, 'rejected' = 4, 'folding delta' = 5, 'folding ckpt' = 6) COMMENT 'delta: what to add to a pane. ckpt: how far a partition was read when these deltas were stored. gap: offsets that were lost before they could be read. rejected: an event that was not counted, whole. folding delta, folding ckpt: not valid yet, to be left out; they become delta and ckpt in the instant in which the rows that they sum up go',
    minute DateTime('UTC') DEFAULT 0 COMMENT 'delta: minute of event time, UTC' CODEC(Delta, ZSTD(1)),
    department LowCardinality(String) DEFAULT '' COMMENT 'delta: department',
    team LowCardinality(String) DEFAULT '' COMMENT 'delta: team',
    user LowCardinality(String) DEFAULT '' COMMENT 'delta: user or service account',
    key LowCardinality(String) DEFAULT '' COMMENT 'delta: name or hash of the API key, never the key',
    agent LowCardinality(String) DEFAULT '' COMMENT 'delta: agent or application',
    provider LowCardinality(String) DEFAULT '' COMMENT 'delta: provider of the model',
    model LowCardinality(String) DEFAULT '' COMMENT 'delta: model',
    tool LowCardinality(String) DEFAULT '' COMMENT 'delta: tool that made the request',
    service_tier LowCardinality(String) DEFAULT '' COMMENT 'delta: service tier: standard, batch, priority, ...',
    labels Map(LowCardinality(String), String) DEFAULT map() COMMENT 'delta: the labels that the pipeline names as dimensions',
    price_version LowCardinality(String) DEFAULT '' COMMENT 'delta: version of the price book that priced it',
    requests UInt64 DEFAULT 0 COMMENT 'delta: requests' CODEC(T64, ZSTD(1)),
    errors UInt64 DEFAULT 0 COMMENT 'delta: failed requests' CODEC(T64, ZSTD(1)),
    uncached_input_tokens UInt64 DEFAULT 0 COMMENT 'delta: input tokens that no cache served or kept' CODEC(T64, ZSTD(1)),
    cache_read_input_tokens UInt64 DEFAULT 0 COMMENT 'delta: input tokens read from the cache' CODEC(T64, ZSTD(1)),
    cache_write_5m_input_tokens UInt64 DEFAULT 0 COMMENT 'delta: input tokens written to the 5-minute cache' CODEC(T64, ZSTD(1)),
    cache_write_1h_input_tokens UInt64 DEFAULT 0 COMMENT 'delta: input tokens written to the 1-hour cache' CODEC(T64, ZSTD(1)),
    output_tokens UInt64 DEFAULT 0 COMMENT 'delta: output tokens, reasoning included' CODEC(T64, ZSTD(1)),
    reasoning_output_tokens UInt64 DEFAULT 0 COMMENT 'delta: the part of output_tokens that was reasoning' CODEC(T64, ZSTD(1)),
    cost_usd Decimal(18, 9) DEFAULT 0 COMMENT 'delta: cost in USD, exact to the nano-dollar' CODEC(T64, ZSTD(1)),
    unpriced_tokens UInt64 DEFAULT 0 COMMENT 'delta: tokens of models without a price; their cost is not in cost_usd' CODEC(T64, ZSTD(1)),
    cost_usd_squared Float64 DEFAULT 0 COMMENT 'delta: sum of the squares of each event''s cost, a statistic',
    max_event_cost_usd Decimal(18, 9) DEFAULT 0 COMMENT 'delta: the dearest single event, USD' CODEC(T64, ZSTD(1)),
    max_event_tokens UInt64 DEFAULT 0 COMMENT 'delta: the most tokens in one event' CODEC(T64, ZSTD(1)),
    topic LowCardinality(String) DEFAULT '' COMMENT 'ckpt, gap, rejected: Kafka topic, or file:<identity>, or stdin:<name>',
    part UInt32 DEFAULT 0 COMMENT 'ckpt, gap, rejected: partition of the topic',
    incarnation UInt32 DEFAULT 0 COMMENT 'ckpt, gap, rejected: raised by an operator when a topic was recreated or a file is counted anew',
    first_offset Int64 DEFAULT 0 COMMENT 'ckpt, gap: first offset covered; equals the end_offset of the row before it. rejected: offset of the record' CODEC(Delta, ZSTD(1)),
    end_offset Int64 DEFAULT 0 COMMENT 'ckpt, gap: first offset not covered: where reading goes on. rejected: offset of the record' CODEC(Delta, ZSTD(1)),
    watermark_ms Int64 DEFAULT 0 COMMENT 'ckpt: event-time progress, epoch ms, -1: nothing seen' CODEC(Delta, ZSTD(1)),
    max_event_ms Int64 DEFAULT 0 COMMENT 'ckpt: largest accepted event time, epoch ms, -1: none' CODEC(Delta, ZSTD(1)),
    tail_offset Int64 DEFAULT 0 COMMENT 'ckpt: where re-reading begins to rebuild the window of seen ids' CODEC(Delta, ZSTD(1)),
    tail_progress_ms Int64 DEFAULT 0 COMMENT 'ckpt: event-time progress at tail_offset, epoch ms' CODEC(Delta, ZSTD(1)),
    fingerprint String DEFAULT '' COMMENT 'ckpt: identifies the data up to end_offset',
    records UInt64 DEFAULT 0 COMMENT 'ckpt: records read' CODEC(T64, ZSTD(1)),
    accepted UInt64 DEFAULT 0 COMMENT 'ckpt: events counted' CODEC(T64, ZSTD(1)),
    rejected UInt64 DEFAULT 0 COMMENT 'ckpt: events kept in rows of kind rejected instead' CODEC(T64, ZSTD(1)),
    duplicates UInt64 DEFAULT 0 COMMENT 'ckpt: events dropped because their id was seen before' CODEC(T64, ZSTD(1)),
    ignored UInt64 DEFAULT 0 COMMENT 'ckpt: well-formed entries that are no usage' CODEC(T64, ZSTD(1)),
    event UInt32 DEFAULT 0 COMMENT 'rejected: index of the event within its record' CODEC(T64, ZSTD(1)),
    reason LowCardinality(String) DEFAULT '' COMMENT 'rejected: why it was not counted, from a closed list',
    detail String DEFAULT '' COMMENT 'rejected: the field and the value, for a person',
    raw String DEFAULT '' COMMENT 'rejected: the event as it came, cut to 64 KiB' CODEC(ZSTD(3)),
    raw_bytes UInt64 DEFAULT 0 COMMENT 'rejected: its full size' CODEC(T64, ZSTD(1)),
    headers String DEFAULT '' COMMENT 'rejected: headers of its record as a JSON object, empty: none' CODEC(ZSTD(3)),
    writer UUID COMMENT 'the worker that stored the row; of folded deltas zero',
    batch UUID COMMENT 'the commit that the row belongs to: all its rows are in one part, or none is. Of folded rows: the commits of one week that fed the same topics',
    arrived DateTime64(3, 'UTC') COMMENT 'when the batch was stored; one value per commit, of folded rows the latest' CODEC(Delta, ZSTD(1)),
    fold UUID DEFAULT toUUID('00000000-0000-0000-0000-000000000000') COMMENT 'the fold that made or took over the row; zero: as its commit stored it',
    INDEX kinds kind TYPE set(0) GRANULARITY 1,
    INDEX minutes minute TYPE minmax GRANULARITY 1,
    INDEX arrivals arrived TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toMonday(arrived)
ORDER BY (topic, part, incarnation, end_offset, team, minute, department, user, model)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1, min_compressed_bytes_to_fsync_after_merge = 1,
    max_suspicious_broken_parts = 100000, max_suspicious_broken_parts_bytes = 1000000000000, non_replicated_deduplication_window = 0
COMMENT 'What was used, by minute and dimensions, together with how far each partition was read: one commit is one insert, so both are stored or neither. Commits of weeks that are over are folded. Analysts read usage_by_minute.';

CREATE TABLE IF NOT EXISTS usage_stage
(
    attempt UUID COMMENT 'the attempt that staged the row; a retry has its own',
    kind Enum8('delta' = 1, 'ckpt' = 2, 'gap' = 3, 'rejected' = 4) COMMENT 'as in usage',
    minute DateTime('UTC') DEFAULT 0 COMMENT 'as in usage',
    department LowCardinality(String) DEFAULT '' COMMENT 'as in usage',
    team LowCardinality(String) DEFAULT '' COMMENT 'as in usage',
    user LowCardinality(String) DEFAULT '' COMMENT 'as in usage',
    key LowCardinality(String) DEFAULT '' COMMENT 'as in usage',
    agent LowCardinality(String) DEFAULT '' COMMENT 'as in usage',
    provider LowCardinality(String) DEFAULT '' COMMENT 'as in usage',
    model LowCardinality(String) DEFAULT '' COMMENT 'as in usage',
    tool LowCardinality(String) DEFAULT '' COMMENT 'as in usage',
    service_tier LowCardinality(String) DEFAULT '' COMMENT 'as in usage',
    labels Map(LowCardinality(String), String) DEFAULT map() COMMENT 'as in usage',
    price_version LowCardinality(String) DEFAULT '' COMMENT 'as in usage',
    requests UInt64 DEFAULT 0 COMMENT 'as in usage',
    errors UInt64 DEFAULT 0 COMMENT 'as in usage',
    uncached_input_tokens UInt64 DEFAULT 0 COMMENT 'as in usage',
    cache_read_input_tokens UInt64 DEFAULT 0 COMMENT 'as in usage',
    cache_write_5m_input_tokens UInt64 DEFAULT 0 COMMENT 'as in usage',
    cache_write_1h_input_tokens UInt64 DEFAULT 0 COMMENT 'as in usage',
    output_tokens UInt64 DEFAULT 0 COMMENT 'as in usage',
    reasoning_output_tokens UInt64 DEFAULT 0 COMMENT 'as in usage',
    cost_usd Decimal(18, 9) DEFAULT 0 COMMENT 'as in usage',
    unpriced_tokens UInt64 DEFAULT 0 COMMENT 'as in usage',
    cost_usd_squared Float64 DEFAULT 0 COMMENT 'as in usage',
    max_event_cost_usd Decimal(18, 9) DEFAULT 0 COMMENT 'as in usage',
    max_event_tokens UInt64 DEFAULT 0 COMMENT 'as in usage',
    topic LowCardinality(String) DEFAULT '' COMMENT 'as in usage',
    part UInt32 DEFAULT 0 COMMENT 'as in usage',
    incarnation UInt32 DEFAULT 0 COMMENT 'as in usage',
    first_offset Int64 DEFAULT 0 COMMENT 'as in usage',
    end_offset Int64 DEFAULT 0 COMMENT 'as in usage',
    watermark_ms Int64 DEFAULT 0 COMMENT 'as in usage',
    max_event_ms Int64 DEFAULT 0 COMMENT 'as in usage',
    tail_offset Int64 DEFAULT 0 COMMENT 'as in usage',
    tail_progress_ms Int64 DEFAULT 0 COMMENT 'as in usage',
    fingerprint String DEFAULT '' COMMENT 'as in usage',
    records UInt64 DEFAULT 0 COMMENT 'as in usage',
    accepted UInt64 DEFAULT 0 COMMENT 'as in usage',
    rejected UInt64 DEFAULT 0 COMMENT 'as in usage',
    duplicates UInt64 DEFAULT 0 COMMENT 'as in usage',
    ignored UInt64 DEFAULT 0 COMMENT 'as in usage',
    event UInt32 DEFAULT 0 COMMENT 'as in usage',
    reason LowCardinality(String) DEFAULT '' COMMENT 'as in usage',
    detail String DEFAULT '' COMMENT 'as in usage',
    raw String DEFAULT '' COMMENT 'as in usage' CODEC(ZSTD(3)),
    raw_bytes UInt64 DEFAULT 0 COMMENT 'as in usage',
    headers String DEFAULT '' COMMENT 'as in usage' CODEC(ZSTD(3)),
    arrived DateTime('UTC') DEFAULT now() COMMENT 'when it was staged'
)
ENGINE = MergeTree
PARTITION BY attempt
ORDER BY tuple()
TTL arrived + INTERVAL 1 HOUR
SETTINGS ttl_only_drop_parts = 1, merge_with_ttl_timeout = 600, old_parts_lifetime = 10, parts_to_delay_insert = 100000, parts_to_throw_insert = 100000
COMMENT 'Rows on their way into usage, one partition per attempt. Only the commit of that attempt reads them; a lost attempt expires.';

CREATE TABLE IF NOT EXISTS claims
(
    topic LowCardinality(String) COMMENT 'as in usage',
    part UInt32 COMMENT 'as in usage',
    number UInt64 COMMENT 'grows with each claim; the largest (number, writer) owns the partition',
    writer UUID COMMENT 'the worker that claims',
    claimed DateTime64(3, 'UTC') COMMENT 'when it claimed'
)
ENGINE = MergeTree
ORDER BY (topic, part, number, writer)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1, min_compressed_bytes_to_fsync_after_merge = 1,
    max_suspicious_broken_parts = 100000, max_suspicious_broken_parts_bytes = 1000000000000
COMMENT 'Which worker owns which partition. A commit checks it, so that a worker that lost a partition without noticing stores nothing.';
