-- SPDX-License-Identifier: Apache-2.0
-- The same as balances.duckdb.sql, over protobuf records. ClickHouse has no type for a message without fields: those are skipped.
SELECT account, currency, sum(posted) AS posted_minor, sum(pending) AS pending_minor
FROM (
    SELECT shard,
           b.account AS account,
           b.currency AS currency,
           argMax(b.debits_posted_minor - b.credits_posted_minor, sequence) AS posted,
           argMax(b.debits_pending_minor - b.credits_pending_minor, sequence) AS pending
    FROM (
        SELECT event.shard AS shard, event.sequence AS sequence, arrayJoin(event.balances) AS b
        FROM file('/tmp/events.bin', 'Protobuf')
    )
    GROUP BY shard, account, currency
)
GROUP BY account, currency
ORDER BY account
SETTINGS format_schema = 'pinion/v1/event.proto:EventRecord',
         input_format_protobuf_skip_fields_with_unsupported_types_in_schema_inference = 1;
