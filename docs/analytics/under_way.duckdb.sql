-- SPDX-License-Identifier: Apache-2.0
-- Payments to other shards that have no second event yet: from which account, how much, and since when. As JSON, since a ledger where
-- none was ever sent has no columns for what they are.
WITH effects AS (
    SELECT shard, sequence, engine_time_ms, input.command_id AS command_id, to_json(unnest(effects)) AS effect FROM 'events.jsonl'
), sent AS (
    SELECT *, effect->'$.remittance' AS remittance FROM effects WHERE effect->>'$.remittance.number' IS NOT NULL
), ended AS (
    SELECT effect->>'$.settlement.payment_id' AS payment_id FROM effects WHERE effect->>'$.settlement.number' IS NOT NULL
    UNION ALL
    SELECT to_json(remittance_returned)->>'$.payment_id' FROM 'events.jsonl' WHERE outcome = 'remittance_returned'
)
SELECT command_id AS payment_id,
       shard,
       (remittance->>'$.shard')::BIGINT AS to_shard,
       remittance->>'$.from_account' AS from_account,
       remittance->>'$.to_account' AS to_account,
       remittance->>'$.amount' AS amount,
       engine_time_ms AS since_ms
FROM sent
WHERE command_id::VARCHAR NOT IN (SELECT payment_id FROM ended WHERE payment_id IS NOT NULL)
ORDER BY since_ms;
