-- SPDX-License-Identifier: Apache-2.0
-- What was refused, how often, and how much was lacking.
SELECT command_rejected.reject AS reject,
       command_rejected.retry_hint AS retry,
       count(*) AS times,
       sum(command_rejected.required_minor - command_rejected.available_minor)::BIGINT AS lacking_minor
FROM 'events.jsonl'
WHERE outcome = 'command_rejected'
GROUP BY ALL
ORDER BY times DESC, reject;
