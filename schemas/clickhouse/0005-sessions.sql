ALTER TABLE usage ADD COLUMN IF NOT EXISTS top_session String DEFAULT '' COMMENT 'delta: of the sessions in it the one that cost the most, of equal ones the first by name; empty: none is named, or the row sums up a week that is over' CODEC(ZSTD(1)) AFTER max_event_tokens;

ALTER TABLE usage ADD COLUMN IF NOT EXISTS top_session_cost_usd Decimal(18, 9) DEFAULT 0 COMMENT 'delta: what top_session spent of cost_usd' CODEC(T64, ZSTD(1)) AFTER top_session;

ALTER TABLE usage_stage ADD COLUMN IF NOT EXISTS top_session String DEFAULT '' COMMENT 'as in usage' AFTER max_event_tokens;

ALTER TABLE usage_stage ADD COLUMN IF NOT EXISTS top_session_cost_usd Decimal(18, 9) DEFAULT 0 COMMENT 'as in usage' AFTER top_session;
