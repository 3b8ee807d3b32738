# SPDX-License-Identifier: Apache-2.0
# transfer_create: money moves between parties or between own accounts; at once, or to another shard.
# alice, ivan and olivia are of shard 1 of 4, erin of shard 0, bob and carol of shard 2.
ledger   shards 4 shard 1
party    alice
party    ivan
account  alice/main USD
account  alice/save USD
account  alice/euro EUR
account  ivan/main USD
funds    alice/main 100.00 USD ref-1

transfer T1 alice/main ivan/main 5.00 USD                   transfer_posted
transfer T2 alice/main alice/save 20.00 USD                 transfer_posted own
transfer T3 alice/save alice/main 20.00 USD initiator=3 reference=order-17 group_id=G1   transfer_posted
balance  alice/main posted 95.00 pending 0 available 95.00
balance  ivan/main   posted 5.00 pending 0 available 5.00

# shape
transfer T4 alice ivan/main 1.00 USD party=alice            reject account_malformed retry never
transfer T4 @bank/USD ivan/main 1.00 USD party=alice        reject account_malformed
transfer T4 alice/main ivan 1.00 USD                        reject payee_account_malformed
transfer T4 alice/main @fees/USD 1.00 USD                   reject payee_account_malformed   # nobody names the platform's
transfer T4 ivan/main alice/main 1.00 USD party=alice       reject account_of_another_party
transfer T4 alice/main alice/main 1.00 USD                  reject accounts_must_differ retry never
transfer T4 alice/main ivan/main 1.00 XXX                   reject currency_unknown
transfer T4 alice/main ivan/main amount=absent              reject amount_not_positive
transfer T4 alice/main ivan/main 0 USD                      reject amount_not_positive
transfer T4 alice/main ivan/main -0.01 USD                  reject amount_not_positive

# id
transfer T1 alice/main ivan/main 5.00 USD                   command_repeated of T1 transfer_posted
transfer T1 alice/main ivan/main 6.00 USD                   reject id_reused first T1
transfer T1 alice/main ivan/main 5.00 USD reference=x       reject id_reused first T1
transfer T1 alice/main ivan/main 5.00 USD                   command_repeated of T1 transfer_posted

# objects
transfer T5 alice/nowhere ivan/main 1.00 USD                reject account_not_found retry new_id
transfer T6 alice/main ivan/nowhere 1.00 USD                reject payee_account_not_found retry new_id
transfer T7 alice/main olivia/main 1.00 USD                 reject payee_account_not_found

# object state
account  alice/old USD
close    alice/old
transfer T8 alice/old ivan/main 1.00 USD                    reject account_is_closed retry never
transfer T9 alice/main alice/old 1.00 USD                   reject payee_account_is_closed retry never
transfer T10 alice/euro ivan/main 1.00 USD                  reject currency_mismatch retry never
transfer T11 alice/main alice/euro 1.00 USD                 reject payee_currency_mismatch retry never
transfer T12 alice/main ivan/main 1.00 EUR                  reject currency_mismatch

# balance
transfer T13 alice/main ivan/main 999.00 USD                reject balance_too_low required 999.00 available 95.00 USD retry new_id
transfer T14 alice/main ivan/main 95.01 USD                 reject balance_too_low required 95.01 available 95.00 USD
hold     H1 alice/main ivan/main 15.00 USD tip 60s
transfer T15 alice/main ivan/main 80.01 USD                 reject balance_too_low required 80.01 available 80.00 USD
transfer T16 alice/main ivan/main 80.00 USD                 transfer_posted
balance  alice/main posted 15.00 pending 15.00 available 0
transfer T17 alice/main ivan/main 0.01 USD                  reject balance_too_low required 0.01 available 0 USD
transfer T18 ivan/main alice/main 1.00 USD                  transfer_posted
transfer T17 alice/main ivan/main 0.01 USD                  command_repeated of T17 reject balance_too_low
transfer T19 alice/main ivan/main 0.01 USD                  transfer_posted              # under a new id
transfer T20 alice/main ivan/main minor=max currency=USD    reject balance_overflow retry new_id
transfer T21 alice/main ivan/main 46116860184273879.04 USD  reject balance_overflow      # 2^62 minor units
transfer T22 alice/main alice/save 46116860184273879.03 USD reject balance_overflow      # what was paid before counts
transfer T23 alice/save alice/main 46116860184273879.03 USD reject balance_overflow

# two faults at once
transfer T30 alice ivan 0 XXX party=alice                   reject account_malformed
transfer T30 ivan/main ivan 0 XXX party=alice               reject payee_account_malformed
transfer T30 ivan/main ivan/main 0 XXX party=alice          reject account_of_another_party
transfer T30 alice/main alice/main 0 XXX                    reject accounts_must_differ
transfer T30 alice/main ivan/main 0 XXX                     reject currency_unknown
transfer T30 alice/main ivan/main 0 USD id_time=-8d         reject amount_not_positive
transfer T31 alice/nowhere ivan/main 1.00 USD id_time=-8d   reject id_too_old
transfer T1 alice/nowhere ivan/nowhere 1.00 USD             reject id_reused first T1
transfer T32 alice/nowhere ivan/nowhere 1.00 USD            reject account_not_found
transfer T33 alice/old ivan/nowhere 1.00 USD                reject payee_account_not_found
account  ivan/old USD
close    ivan/old
transfer T34 alice/old ivan/old 1.00 EUR                    reject account_is_closed
transfer T35 alice/main ivan/old 1.00 EUR                   reject payee_account_is_closed
transfer T36 alice/main alice/save 1.00 EUR                 reject currency_mismatch
transfer T37 alice/main alice/euro 999.00 USD               reject payee_currency_mismatch
transfer T38 alice/main ivan/main minor=max currency=USD    reject balance_overflow      # and the balance is too low

# to another shard: what concerns the payer is checked here, in the same order, and the payee there
party    olivia
account  olivia/main USD
account  olivia/euro EUR
account  olivia/old USD
close    olivia/old
funds    olivia/main 50.00 USD ref-2
transfer S1 olivia/main bob/main 5.00 USD reference=order-17 group_id=G1   transfer_sent shard 2 number 1
transfer S2 olivia/main bob/nowhere 6.00 USD                transfer_sent shard 2 number 2               # whether it is there is known there
transfer S3 olivia/main erin/main 7.00 USD                  transfer_sent shard 0 number 1
balance  olivia/main posted 32.00 pending 0 available 32.00
balance  @transit/USD.2 posted 11.00
balance  @transit/USD.0 posted 7.00
route    2 sent 2 answered 0 received 0
route    0 sent 1 answered 0
rows     outbox 3
transfer S1 olivia/main bob/main 5.00 USD reference=order-17 group_id=G1   command_repeated of S1 transfer_sent
transfer S1 olivia/main bob/main 5.00 USD                   reject id_reused first S1
transfer S4 olivia/main bob/main 2.00 USD dry_run=yes       transfer_sent shard 2 number 3               # only tried
rows     outbox 3
transfer S5 olivia bob/main 0 USD party=olivia              reject account_malformed
transfer S5 olivia/main bob 0 USD                           reject payee_account_malformed
transfer S5 ivan/main bob/main 0 USD party=olivia           reject account_of_another_party
transfer S5 olivia/main bob/main 1.00 XXX                   reject currency_unknown
transfer S5 olivia/main bob/main 0 USD                      reject amount_not_positive
transfer S20 olivia/main bob/none 1.00 USD id_time=-8d      reject id_too_old
transfer S6 olivia/nowhere bob/nowhere 1.00 USD             reject account_not_found retry new_id
transfer S7 olivia/old bob/nowhere 1.00 EUR                 reject account_is_closed retry never
transfer S8 olivia/main bob/nowhere 46116860184273879.04 EUR   reject currency_mismatch retry never
transfer S9 olivia/main bob/nowhere 46116860184273879.04 USD   reject balance_overflow retry new_id     # and the balance is too low
transfer S10 olivia/main bob/nowhere 32.01 USD              reject balance_too_low required 32.01 available 32.00 USD retry new_id
transfer S10 olivia/main bob/nowhere 32.01 USD              command_repeated of S10 reject balance_too_low
hold     H2 olivia/main ivan/main 30.00 USD tip 60s
transfer S11 olivia/main bob/main 2.01 USD                  reject balance_too_low required 2.01 available 2.00 USD
transfer S12 olivia/main bob/main 2.00 USD                  transfer_sent number 3
rows     outbox 4
transfer S13 olivia/euro bob/main 1.00 EUR                  reject balance_too_low required 1.00 available 0 EUR
route    2 sent 3
transfer S14 olivia/main olivia/euro 1.00 USD               reject payee_currency_mismatch                # of this shard: checked here
