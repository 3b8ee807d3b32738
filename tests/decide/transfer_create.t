# SPDX-License-Identifier: Apache-2.0
# transfer_create: money moves at once, between parties or between own accounts.
party    alice
party    bob
account  alice/main USD
account  alice/save USD
account  alice/euro EUR
account  bob/main USD
funds    alice/main 100.00 USD ref-1

transfer T1 alice/main bob/main 5.00 USD                    transfer_posted
transfer T2 alice/main alice/save 20.00 USD                 transfer_posted own
transfer T3 alice/save alice/main 20.00 USD initiator=3 reference=order-17 group_id=G1   transfer_posted
balance  alice/main posted 95.00 pending 0 available 95.00
balance  bob/main   posted 5.00 pending 0 available 5.00

# shape
transfer T4 alice bob/main 1.00 USD party=alice             reject account_malformed retry never
transfer T4 @bank/USD bob/main 1.00 USD party=alice         reject account_malformed
transfer T4 alice/main bob 1.00 USD                         reject payee_account_malformed
transfer T4 alice/main @fees/USD 1.00 USD                   reject payee_account_malformed   # nobody names the platform's
transfer T4 bob/main alice/main 1.00 USD party=alice        reject account_of_another_party
transfer T4 alice/main alice/main 1.00 USD                  reject accounts_must_differ retry never
transfer T4 alice/main bob/main 1.00 XXX                    reject currency_unknown
transfer T4 alice/main bob/main amount=absent               reject amount_not_positive
transfer T4 alice/main bob/main 0 USD                       reject amount_not_positive
transfer T4 alice/main bob/main -0.01 USD                   reject amount_not_positive

# id
transfer T1 alice/main bob/main 5.00 USD                    command_repeated of T1 transfer_posted
transfer T1 alice/main bob/main 6.00 USD                    reject id_reused first T1
transfer T1 alice/main bob/main 5.00 USD reference=x        reject id_reused first T1
transfer T1 alice/main bob/main 5.00 USD                    command_repeated of T1 transfer_posted

# objects
transfer T5 alice/nowhere bob/main 1.00 USD                 reject account_not_found retry new_id
transfer T6 alice/main bob/nowhere 1.00 USD                 reject payee_account_not_found retry new_id
transfer T7 alice/main carol/main 1.00 USD                  reject payee_account_not_found

# object state
account  alice/old USD
close    alice/old
transfer T8 alice/old bob/main 1.00 USD                     reject account_is_closed retry never
transfer T9 alice/main alice/old 1.00 USD                   reject payee_account_is_closed retry never
transfer T10 alice/euro bob/main 1.00 USD                   reject currency_mismatch retry never
transfer T11 alice/main alice/euro 1.00 USD                 reject payee_currency_mismatch retry never
transfer T12 alice/main bob/main 1.00 EUR                   reject currency_mismatch

# balance
transfer T13 alice/main bob/main 999.00 USD                 reject balance_too_low required 999.00 available 95.00 USD retry new_id
transfer T14 alice/main bob/main 95.01 USD                  reject balance_too_low required 95.01 available 95.00 USD
hold     H1 alice/main bob/main 15.00 USD tip 60s
transfer T15 alice/main bob/main 80.01 USD                  reject balance_too_low required 80.01 available 80.00 USD
transfer T16 alice/main bob/main 80.00 USD                  transfer_posted
balance  alice/main posted 15.00 pending 15.00 available 0
transfer T17 alice/main bob/main 0.01 USD                   reject balance_too_low required 0.01 available 0 USD
transfer T18 bob/main alice/main 1.00 USD                   transfer_posted
transfer T17 alice/main bob/main 0.01 USD                   command_repeated of T17 reject balance_too_low
transfer T19 alice/main bob/main 0.01 USD                   transfer_posted              # under a new id
transfer T20 alice/main bob/main minor=max currency=USD     reject balance_overflow retry new_id
transfer T21 alice/main bob/main 46116860184273879.04 USD   reject balance_overflow      # 2^62 minor units
transfer T22 alice/main alice/save 46116860184273879.03 USD reject balance_overflow      # what was paid before counts
transfer T23 alice/save alice/main 46116860184273879.03 USD reject balance_overflow

# two faults at once
transfer T30 alice bob 0 XXX party=alice                    reject account_malformed
transfer T30 bob/main bob 0 XXX party=alice                 reject payee_account_malformed
transfer T30 bob/main bob/main 0 XXX party=alice            reject account_of_another_party
transfer T30 alice/main alice/main 0 XXX                    reject accounts_must_differ
transfer T30 alice/main bob/main 0 XXX                      reject currency_unknown
transfer T30 alice/main bob/main 0 USD id_time=-8d          reject amount_not_positive
transfer T31 alice/nowhere bob/main 1.00 USD id_time=-8d    reject id_too_old
transfer T1 alice/nowhere bob/nowhere 1.00 USD              reject id_reused first T1
transfer T32 alice/nowhere bob/nowhere 1.00 USD             reject account_not_found
transfer T33 alice/old bob/nowhere 1.00 USD                 reject payee_account_not_found
account  bob/old USD
close    bob/old
transfer T34 alice/old bob/old 1.00 EUR                     reject account_is_closed
transfer T35 alice/main bob/old 1.00 EUR                    reject payee_account_is_closed
transfer T36 alice/main alice/save 1.00 EUR                 reject currency_mismatch
transfer T37 alice/main alice/euro 999.00 USD               reject payee_currency_mismatch
transfer T38 alice/main bob/main minor=max currency=USD     reject balance_overflow      # and the balance is too low
