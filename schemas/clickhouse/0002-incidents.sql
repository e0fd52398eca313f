CREATE TABLE IF NOT EXISTS incidents
(
    incident_id String COMMENT 'identity of the episode',
    revision UInt32 COMMENT 'grows with every change; the largest is the incident, the others are its history',
    kind LowCardinality(String) COMMENT 'spike, shift, ramp, off-hours, price, waste, budget, new, drop or pipeline',
    severity LowCardinality(String) COMMENT 'page or ticket',
    state LowCardinality(String) COMMENT 'open, acknowledged or resolved',
    department String COMMENT 'department it is narrowed down to, empty: the whole organisation',
    team String COMMENT 'team it is narrowed down to, empty: not to one',
    user String COMMENT 'user it is narrowed down to, empty: not to one',
    opened_at DateTime64(3, 'UTC') COMMENT 'event time of the newest event that the opening decision saw',
    paged_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when it became a page, null: never one',
    updated_at DateTime64(3, 'UTC') COMMENT 'event time of this revision',
    resolved_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when it ended, null: it has not',
    expected_usd Float64 COMMENT 'what would have been normal over the episode, USD',
    actual_usd Float64 COMMENT 'what was spent over the episode, USD',
    excess_usd Float64 COMMENT 'the difference, USD',
    document String COMMENT 'the whole incident as JSON' CODEC(ZSTD(3)),
    stored_at DateTime64(3, 'UTC') COMMENT 'when the revision was stored'
)
ENGINE = ReplacingMergeTree
ORDER BY (incident_id, revision)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1, min_compressed_bytes_to_fsync_after_merge = 1,
    max_suspicious_broken_parts = 100000, max_suspicious_broken_parts_bytes = 1000000000000
COMMENT 'Every revision of every incident.';

CREATE TABLE IF NOT EXISTS deliveries
(
    delivery_id String COMMENT 'incident, receiver, reason and revision',
    incident_id String COMMENT 'the incident it tells about',
    receiver LowCardinality(String) COMMENT 'slack:#channel, email:address, console, ...',
    reason LowCardinality(String) COMMENT 'opened, updated, escalated, acknowledged or resolved',
    status LowCardinality(String) COMMENT 'sending before the attempt; delivered, failed or dead after it',
    attempt UInt32 COMMENT 'number of the attempt, from 1',
    at DateTime64(3, 'UTC') COMMENT 'when this row was written',
    reference String COMMENT 'what the receiver calls the message: channel and ts, Message-ID',
    error String COMMENT 'why it failed, empty: it did not'
)
ENGINE = MergeTree
ORDER BY (incident_id, delivery_id, at)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1, min_compressed_bytes_to_fsync_after_merge = 1,
    max_suspicious_broken_parts = 100000, max_suspicious_broken_parts_bytes = 1000000000000
COMMENT 'Every attempt to tell somebody, written before and after it, so that a restart sends nothing twice and forgets nothing.';

CREATE TABLE IF NOT EXISTS incident_actions
(
    action_id String COMMENT 'identity of the action',
    incident_id String COMMENT 'the incident it is about',
    action LowCardinality(String) COMMENT 'acknowledge, mute or unmute',
    actor String COMMENT 'who did it',
    at DateTime64(3, 'UTC') COMMENT 'when',
    until Nullable(DateTime64(3, 'UTC')) COMMENT 'end of a mute'
)
ENGINE = ReplacingMergeTree
ORDER BY (incident_id, action_id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1, min_compressed_bytes_to_fsync_after_merge = 1,
    max_suspicious_broken_parts = 100000, max_suspicious_broken_parts_bytes = 1000000000000
COMMENT 'What people did about incidents: the audit trail.';
