# SPDX-License-Identifier: Apache-2.0
# hold_create: sets money aside for a payee; the hold is named by the command's id.
party    alice
party    bob
account  alice/main USD
account  alice/euro EUR
account  bob/main USD
funds    alice/main 100.00 USD ref-1

hold     H1 alice/main bob/main 5.00 USD dinner 60s         hold_created expires +60s
status   H1 open
balance  alice/main posted 100.00 pending 5.00 available 95.00
balance  bob/main   posted 0 available 0 incoming 5.00
hold     H2 alice/main bob/main 1.00 USD a*32 1s            hold_created expires +1s
hold     H3 alice/main bob/main 1.00 USD a_9 30d            hold_created expires +30d

# shape
hold     H4 alice bob/main 1.00 USD tip 60s party=alice     reject account_malformed
hold     H4 alice/main bob 1.00 USD tip 60s                 reject payee_account_malformed
hold     H4 bob/main alice/main 1.00 USD tip 60s party=alice   reject account_of_another_party
hold     H4 alice/main alice/main 1.00 USD tip 60s          reject accounts_must_differ
hold     H4 alice/main bob/main 1.00 XXX tip 60s            reject currency_unknown
hold     H4 alice/main bob/main 0 USD tip 60s               reject amount_not_positive
hold     H4 alice/main bob/main 1.00 USD Tip 60s            reject reason_malformed retry never
hold     H4 alice/main bob/main 1.00 USD a*33 60s           reject reason_malformed
hold     H4 alice/main bob/main 1.00 USD a*65 60s           reject reason_malformed
hold     H4 alice/main bob/main 1.00 USD tip 60s reason=    reject reason_malformed
hold     H4 alice/main bob/main 1.00 USD t-p 60s            reject reason_malformed
hold     H4 alice/main bob/main 1.00 USD tip expires_in_s=0           reject expiry_out_of_range retry never
hold     H4 alice/main bob/main 1.00 USD tip expires_in_s=-1          reject expiry_out_of_range
hold     H4 alice/main bob/main 1.00 USD tip expires_in_s=2592001     reject expiry_out_of_range
hold     H4 alice/main bob/main 1.00 USD tip expires_in_s=9223372036854775807   reject expiry_out_of_range
rows     hold 3

# id
hold     H1 alice/main bob/main 5.00 USD dinner 60s         command_repeated of H1 hold_created
hold     H1 alice/main bob/main 5.00 USD dinner 61s         reject id_reused first H1

# objects, their state
hold     H5 alice/nowhere bob/main 1.00 USD tip 60s         reject account_not_found
hold     H6 alice/main bob/nowhere 1.00 USD tip 60s         reject payee_account_not_found
account  alice/old USD
account  bob/old USD
close    alice/old
close    bob/old
hold     H7 alice/old bob/main 1.00 USD tip 60s             reject account_is_closed
hold     H8 alice/main bob/old 1.00 USD tip 60s             reject payee_account_is_closed
hold     H9 alice/euro bob/main 1.00 USD tip 60s            reject currency_mismatch
hold     H10 alice/main alice/euro 1.00 USD tip 60s         reject payee_currency_mismatch

# balance
hold     H11 alice/main bob/main 93.01 USD tip 60s          reject balance_too_low required 93.01 available 93.00 USD
hold     H12 alice/main bob/main 93.00 USD tip 60s          hold_created
hold     H13 alice/main bob/main 0.01 USD tip 60s           reject balance_too_low required 0.01 available 0 USD
hold     H14 alice/main bob/main 46116860184273879.03 USD tip 60s   reject balance_overflow
hold     H15 bob/main alice/main 0.01 USD tip 60s           reject balance_too_low required 0.01 available 0 USD   # what is coming is not there

# two faults at once
hold     H20 alice bob 0 USD tip 60s party=alice            reject account_malformed
hold     H20 alice/main bob/main 0 USD Tip 0s               reject amount_not_positive
hold     H20 alice/main bob/main 1.00 USD Tip 0s            reject reason_malformed
hold     H20 alice/main bob/main 1.00 USD tip 0s id_time=-8d   reject expiry_out_of_range
hold     H21 alice/nowhere bob/main 1.00 USD tip 60s id_time=-8d   reject id_too_old
hold     H1 alice/nowhere bob/nowhere 1.00 USD tip 60s      reject id_reused first H1
hold     H22 alice/nowhere bob/nowhere 1.00 USD tip 60s     reject account_not_found
hold     H23 alice/old bob/old 1.00 EUR tip 60s             reject account_is_closed
hold     H24 alice/main bob/old 1.00 EUR tip 60s            reject payee_account_is_closed
hold     H25 alice/main bob/main 999.00 EUR tip 60s         reject currency_mismatch
