-- SPDX-License-Identifier: Apache-2.0
-- Each account's posted balance and what is pending, from the last event that touched it. Debit side positive.
WITH touched AS (
    SELECT shard, sequence, unnest(balances) AS b FROM 'events.jsonl'
)
SELECT b.account AS account,
       b.currency AS currency,
       max_by(b.debits_posted_minor - b.credits_posted_minor, sequence)::BIGINT AS posted_minor,
       max_by(b.debits_pending_minor - b.credits_pending_minor, sequence)::BIGINT AS pending_minor
FROM touched
GROUP BY ALL
ORDER BY account;
