CREATE OR REPLACE VIEW usage_by_minute
(
    minute DateTime('UTC') COMMENT 'minute of event time, UTC',
    department LowCardinality(String) COMMENT 'department',
    team LowCardinality(String) COMMENT 'team',
    user LowCardinality(String) COMMENT 'user or service account',
    key LowCardinality(String) COMMENT 'name or hash of the API key, never the key',
    agent LowCardinality(String) COMMENT 'agent or application',
    provider LowCardinality(String) COMMENT 'provider of the model',
    model LowCardinality(String) COMMENT 'model',
    tool LowCardinality(String) COMMENT 'tool that made the request',
    service_tier LowCardinality(String) COMMENT 'service tier: standard, batch, priority, ...',
    requests UInt64 COMMENT 'requests',
    errors UInt64 COMMENT 'failed requests',
    uncached_input_tokens UInt64 COMMENT 'input tokens that no cache served or kept',
    cache_read_input_tokens UInt64 COMMENT 'input tokens read from the cache',
    cache_write_5m_input_tokens UInt64 COMMENT 'input tokens written to the 5-minute cache',
    cache_write_1h_input_tokens UInt64 COMMENT 'input tokens written to the 1-hour cache',
    output_tokens UInt64 COMMENT 'output tokens, reasoning included',
    reasoning_output_tokens UInt64 COMMENT 'the part of output_tokens that was reasoning',
    cost_usd Decimal(38, 9) COMMENT 'cost in USD, exact to the nano-dollar, without that of unpriced_tokens',
    unpriced_tokens UInt64 COMMENT 'tokens of models without a price',
    labels Map(LowCardinality(String), String) COMMENT 'the labels that the pipeline names as dimensions'
)
AS SELECT
    minute,
    department,
    team,
    user,
    key,
    agent,
    provider,
    model,
    tool,
    service_tier,
    sum(usage.requests) AS requests,
    sum(usage.errors) AS errors,
    sum(usage.uncached_input_tokens) AS uncached_input_tokens,
    sum(usage.cache_read_input_tokens) AS cache_read_input_tokens,
    sum(usage.cache_write_5m_input_tokens) AS cache_write_5m_input_tokens,
    sum(usage.cache_write_1h_input_tokens) AS cache_write_1h_input_tokens,
    sum(usage.output_tokens) AS output_tokens,
    sum(usage.reasoning_output_tokens) AS reasoning_output_tokens,
    sum(usage.cost_usd) AS cost_usd,
    sum(usage.unpriced_tokens) AS unpriced_tokens,
    labels
FROM usage
WHERE kind = 'delta'
GROUP BY minute, department, team, user, key, agent, provider, model, tool, service_tier, labels
COMMENT 'Exact usage and cost, one row per minute and dimension tuple: the base of every report. Columns are only ever added.';

CREATE OR REPLACE VIEW spend_by_team_day
(
    day Date COMMENT 'day of event time, UTC',
    department LowCardinality(String) COMMENT 'department',
    team LowCardinality(String) COMMENT 'team',
    spend_usd Decimal(38, 9) COMMENT 'cost in USD, exact to the nano-dollar',
    tokens UInt64 COMMENT 'all tokens: input, cache reads and writes, output',
    requests UInt64 COMMENT 'requests',
    unpriced_share Float64 COMMENT 'share of tokens that have no price, 0 to 1; their cost is missing in spend_usd'
)
AS SELECT
    toDate(minute) AS day,
    department,
    team,
    sum(usage.cost_usd) AS spend_usd,
    sum(usage.uncached_input_tokens) + sum(usage.cache_read_input_tokens) + sum(usage.cache_write_5m_input_tokens) + sum(usage.cache_write_1h_input_tokens) + sum(usage.output_tokens) AS tokens,
    sum(usage.requests) AS requests,
    if(tokens = 0, 0, sum(usage.unpriced_tokens) / tokens) AS unpriced_share
FROM usage
WHERE kind = 'delta'
GROUP BY day, department, team
COMMENT 'What each team spent on each day.';

CREATE OR REPLACE VIEW rejected
(
    topic LowCardinality(String) COMMENT 'Kafka topic, or file:<identity>, or stdin:<name>, or dead-letter:<replay>: rejected again when it was replayed',
    part UInt32 COMMENT 'partition of the topic',
    incarnation UInt32 COMMENT 'raised when a topic was recreated or a file is counted anew',
    `offset` Int64 COMMENT 'Kafka offset of the record, or byte in the file, or place in the replay',
    event UInt32 COMMENT 'index of the event within its record',
    reason LowCardinality(String) COMMENT 'why it was not counted, from a closed list',
    detail String COMMENT 'the field and the value, for a person',
    raw String COMMENT 'the event as it came, cut to 64 KiB',
    raw_bytes UInt64 COMMENT 'its full size',
    arrived DateTime64(3, 'UTC') COMMENT 'when it was stored',
    headers String COMMENT 'headers of its record as a JSON object, empty: none'
)
AS SELECT topic, part, incarnation, end_offset AS `offset`, event, reason, detail, raw, raw_bytes, arrived, headers
FROM usage
WHERE kind = 'rejected'
COMMENT 'Events that were not counted, one row per event, whole and with the reason. Stored in one commit with what was counted beside them, so an event is either here or in the totals.';
