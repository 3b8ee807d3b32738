# SPDX-License-Identifier: Apache-2.0
# hold_create: sets money aside for a payee; the hold is named by the command's id.
# alice and ivan are of shard 1 of 4, bob of shard 2.
ledger   shards 4 shard 1
party    alice
party    ivan
account  alice/main USD
account  alice/euro EUR
account  ivan/main USD
funds    alice/main 100.00 USD ref-1

hold     H1 alice/main ivan/main 5.00 USD dinner 60s        hold_created expires +60s
status   H1 open
balance  alice/main posted 100.00 pending 5.00 available 95.00
balance  ivan/main   posted 0 available 0 incoming 5.00
hold     H2 alice/main ivan/main 1.00 USD a*32 1s           hold_created expires +1s
hold     H3 alice/main ivan/main 1.00 USD a_9 30d           hold_created expires +30d

# shape
hold     H4 alice ivan/main 1.00 USD tip 60s party=alice    reject account_malformed
hold     H4 alice/main ivan 1.00 USD tip 60s                reject payee_account_malformed
hold     H4 ivan/main alice/main 1.00 USD tip 60s party=alice  reject account_of_another_party
hold     H4 alice/main alice/main 1.00 USD tip 60s          reject accounts_must_differ
hold     H4 alice/main ivan/main 1.00 XXX tip 60s           reject currency_unknown
hold     H4 alice/main ivan/main 0 USD tip 60s              reject amount_not_positive
hold     H4 alice/main ivan/main 1.00 USD Tip 60s           reject reason_malformed retry never
hold     H4 alice/main ivan/main 1.00 USD a*33 60s          reject reason_malformed
hold     H4 alice/main ivan/main 1.00 USD a*65 60s          reject reason_malformed
hold     H4 alice/main ivan/main 1.00 USD tip 60s reason=   reject reason_malformed
hold     H4 alice/main ivan/main 1.00 USD t-p 60s           reject reason_malformed
hold     H4 alice/main ivan/main 1.00 USD tip expires_in_s=0          reject expiry_out_of_range retry never
hold     H4 alice/main ivan/main 1.00 USD tip expires_in_s=-1         reject expiry_out_of_range
hold     H4 alice/main ivan/main 1.00 USD tip expires_in_s=2592001    reject expiry_out_of_range
hold     H4 alice/main ivan/main 1.00 USD tip expires_in_s=9223372036854775807  reject expiry_out_of_range
rows     hold 3

# id
hold     H1 alice/main ivan/main 5.00 USD dinner 60s        command_repeated of H1 hold_created
hold     H1 alice/main ivan/main 5.00 USD dinner 61s        reject id_reused first H1

# objects, their state
hold     H26 alice/nowhere bob/main 1.00 USD tip 60s        reject payee_on_another_shard retry new_id   # a hold stays on one shard
hold     H5 alice/nowhere ivan/main 1.00 USD tip 60s        reject account_not_found
hold     H6 alice/main ivan/nowhere 1.00 USD tip 60s        reject payee_account_not_found
account  alice/old USD
account  ivan/old USD
close    alice/old
close    ivan/old
hold     H7 alice/old ivan/main 1.00 USD tip 60s            reject account_is_closed
hold     H8 alice/main ivan/old 1.00 USD tip 60s            reject payee_account_is_closed
hold     H9 alice/euro ivan/main 1.00 USD tip 60s           reject currency_mismatch
hold     H10 alice/main alice/euro 1.00 USD tip 60s         reject payee_currency_mismatch

# balance
hold     H11 alice/main ivan/main 93.01 USD tip 60s         reject balance_too_low required 93.01 available 93.00 USD
hold     H12 alice/main ivan/main 93.00 USD tip 60s         hold_created
hold     H13 alice/main ivan/main 0.01 USD tip 60s          reject balance_too_low required 0.01 available 0 USD
hold     H14 alice/main ivan/main 46116860184273879.03 USD tip 60s  reject balance_overflow
hold     H15 ivan/main alice/main 0.01 USD tip 60s          reject balance_too_low required 0.01 available 0 USD   # what is coming is not there

# two faults at once
hold     H20 alice ivan 0 USD tip 60s party=alice           reject account_malformed
hold     H20 alice/main ivan/main 0 USD Tip 0s              reject amount_not_positive
hold     H20 alice/main ivan/main 1.00 USD Tip 0s           reject reason_malformed
hold     H20 alice/main ivan/main 1.00 USD tip 0s id_time=-8d  reject expiry_out_of_range
hold     H21 alice/nowhere ivan/main 1.00 USD tip 60s id_time=-8d  reject id_too_old
hold     H1 alice/nowhere ivan/nowhere 1.00 USD tip 60s     reject id_reused first H1
hold     H22 alice/nowhere ivan/nowhere 1.00 USD tip 60s    reject account_not_found
hold     H23 alice/old ivan/old 1.00 EUR tip 60s            reject account_is_closed
hold     H24 alice/main ivan/old 1.00 EUR tip 60s           reject payee_account_is_closed
hold     H25 alice/main ivan/main 999.00 EUR tip 60s        reject currency_mismatch
