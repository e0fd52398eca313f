CREATE TABLE IF NOT EXISTS dead_letter_replays
(
    replay UUID COMMENT 'one selection of rejected events that are read again, frozen when it was made',
    position UInt64 COMMENT 'place in the selection, from 0: offset of the event in the topic dead-letter:<replay>',
    pipeline LowCardinality(String) COMMENT 'name of the pipeline that reads them again',
    topic LowCardinality(String) COMMENT 'where the event is in rejected',
    part UInt32 COMMENT 'as in rejected',
    incarnation UInt32 COMMENT 'as in rejected',
    `offset` Int64 COMMENT 'as in rejected',
    event UInt32 COMMENT 'as in rejected',
    raw_bytes UInt64 COMMENT 'as in rejected',
    origin_topic LowCardinality(String) COMMENT 'where the event came from, however often it was replayed',
    origin_part UInt32 COMMENT 'as origin_topic',
    origin_incarnation UInt32 COMMENT 'as origin_topic',
    origin_offset Int64 COMMENT 'as origin_topic',
    origin_event UInt32 COMMENT 'as origin_topic',
    selected DateTime64(3, 'UTC') COMMENT 'when it was selected'
)
ENGINE = MergeTree
ORDER BY (replay, position)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1, min_compressed_bytes_to_fsync_after_merge = 1,
    max_suspicious_broken_parts = 100000, max_suspicious_broken_parts_bytes = 1000000000000
COMMENT 'Which rejected events were read again by spikewatch dead-letter replay. An event is in one selection at most; how far a selection is read, its checkpoint in usage says.';

CREATE OR REPLACE VIEW dead_letters
(
    topic LowCardinality(String) COMMENT 'as in rejected',
    part UInt32 COMMENT 'as in rejected',
    incarnation UInt32 COMMENT 'as in rejected',
    `offset` Int64 COMMENT 'as in rejected',
    event UInt32 COMMENT 'as in rejected',
    origin_topic LowCardinality(String) COMMENT 'where the event came from: topic itself, unless it is a replay',
    origin_part UInt32 COMMENT 'as origin_topic',
    origin_incarnation UInt32 COMMENT 'as origin_topic',
    origin_offset Int64 COMMENT 'as origin_topic',
    origin_event UInt32 COMMENT 'as origin_topic',
    state LowCardinality(String) COMMENT 'open: not counted. waiting: not counted, but selected by a replay that was interrupted. replayed: read again; it is counted, or still bad and here once more, as open',
    reason LowCardinality(String) COMMENT 'as in rejected',
    detail String COMMENT 'as in rejected',
    raw String COMMENT 'as in rejected',
    raw_bytes UInt64 COMMENT 'as in rejected',
    headers String COMMENT 'as in rejected',
    arrived DateTime64(3, 'UTC') COMMENT 'as in rejected'
)
AS SELECT
    kept.topic AS topic,
    kept.part AS part,
    kept.incarnation AS incarnation,
    kept.`offset` AS `offset`,
    kept.event AS event,
    if(origins.origin_topic = '', kept.topic, origins.origin_topic) AS origin_topic,
    if(origins.origin_topic = '', kept.part, origins.origin_part) AS origin_part,
    if(origins.origin_topic = '', kept.incarnation, origins.origin_incarnation) AS origin_incarnation,
    if(origins.origin_topic = '', kept.`offset`, origins.origin_offset) AS origin_offset,
    if(origins.origin_topic = '', kept.event, greatest(origins.origin_event, kept.event)) AS origin_event,
    multiIf(selections.origin_topic = '', 'open', selections.position >= ends.end, 'waiting', 'replayed') AS state,
    kept.reason AS reason,
    kept.detail AS detail,
    kept.raw AS raw,
    kept.raw_bytes AS raw_bytes,
    kept.headers AS headers,
    kept.arrived AS arrived
FROM rejected AS kept
LEFT ANY JOIN dead_letter_replays AS selections
    ON selections.topic = kept.topic AND selections.part = kept.part AND selections.incarnation = kept.incarnation
    AND selections.`offset` = kept.`offset` AND selections.event = kept.event
LEFT ANY JOIN (SELECT *, concat('dead-letter:', toString(replay)) AS replay_topic, toInt64(position) AS replay_offset FROM dead_letter_replays) AS origins
    ON origins.replay_topic = kept.topic AND origins.replay_offset = kept.`offset`
LEFT ANY JOIN (SELECT topic, toUInt64(max(end_offset)) AS end FROM usage WHERE kind = 'ckpt' AND startsWith(topic, 'dead-letter:') GROUP BY topic) AS ends
    ON ends.topic = concat('dead-letter:', toString(selections.replay))
SETTINGS join_use_nulls = 0
COMMENT 'Rejected events with what became of them: where they came from, and whether spikewatch dead-letter replay has read them again.';
