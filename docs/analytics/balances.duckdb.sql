-- SPDX-License-Identifier: Apache-2.0
-- Each account's posted balance and what is pending, from the last event that touched it. Debit side positive. The platform's accounts
-- stand on each shard: they are added up.
WITH touched AS (
    SELECT shard, sequence, unnest(balances) AS b FROM 'events.jsonl'
), last AS (
    SELECT b.account AS account,
           b.currency AS currency,
           max_by(b.debits_posted_minor - b.credits_posted_minor, sequence) AS posted_minor,
           max_by(b.debits_pending_minor - b.credits_pending_minor, sequence) AS pending_minor
    FROM touched
    GROUP BY shard, b.account, b.currency
)
SELECT account, currency, sum(posted_minor)::BIGINT AS posted_minor, sum(pending_minor)::BIGINT AS pending_minor
FROM last
GROUP BY ALL
ORDER BY account;
