# SPDX-License-Identifier: Apache-2.0
# funds_receive: money arrives by a rail; @bank/<currency> is debited, once per rail and reference.
party   alice
party   bob
account alice/main USD
account alice/yen JPY
account alice/dinar KWD
account bob/main USD
funds   F1 alice/main 100.00 USD ref-1                      funds_received
funds   F2 alice/yen 12 JPY ref-2                           funds_received
funds   F3 alice/dinar 1.234 KWD ref-3                      funds_received
balance alice/main posted 100.00 available 100.00
balance @bank/USD posted 100.00
balance @bank/JPY posted 12
balance @bank/KWD posted 1.234

# shape
funds   F4 alice 1.00 USD ref-4 party=alice                 reject payee_account_malformed retry never
funds   F4 @fees/USD 1.00 USD ref-4 party=alice             reject payee_account_malformed
funds   F4 bob/main 1.00 USD ref-4 party=alice              reject account_of_another_party
funds   F4 alice/main 1.00 XXX ref-4                        reject currency_unknown
funds   F4 alice/main amount=absent rail_reference=ref-4    reject amount_not_positive retry never
funds   F4 alice/main 0 USD ref-4                           reject amount_not_positive
funds   F4 alice/main -1.00 USD ref-4                       reject amount_not_positive
funds   F4 alice/main 1.00 USD ref-4 rail=0                 reject rail_unknown retry never
funds   F4 alice/main 1.00 USD ref-4 rail=6                 reject rail_unknown          # book: nothing arrives by it
funds   F4 alice/main 1.00 USD ref-4 rail=7                 reject rail_unknown
funds   F4 alice/main 1.00 USD ref-4 rail=-1                reject rail_unknown
funds   F4 alice/main 1.00 USD rail_reference=              reject rail_reference_malformed retry never
funds   F4 alice/main 1.00 USD a*65                         reject rail_reference_malformed
funds   F4 alice/main 1.00 USD ref/4                        reject rail_reference_malformed

# id
funds   F1 alice/main 100.00 USD ref-1                      command_repeated of F1 funds_received
funds   F1 alice/main 100.01 USD ref-1                      reject id_reused first F1

# objects
funds   F5 alice/nowhere 1.00 USD ref-5                     reject payee_account_not_found retry new_id
funds   F6 alice/main 100.00 USD ref-1                      reject rail_reference_used first F1 retry never
funds   F7 bob/main 5.00 USD ref-1                          reject rail_reference_used first F1
funds   F8 alice/main 5.00 USD ref-1 rail=4                 funds_received               # another rail's
funds   F9 alice/main 1.00 USD a*64                         funds_received
funds   F10 alice/main 1.00 USD Z.9_:-                      funds_received

# object state, balance
account alice/old USD
close   alice/old
funds   F11 alice/old 1.00 USD ref-11                       reject payee_account_is_closed retry never
funds   F12 alice/yen 1.00 USD ref-12                       reject payee_currency_mismatch retry never
funds   F14 alice/main 1.00 USD ref-14 minor=max            reject balance_overflow retry new_id
funds   F15 bob/main 46116860184273772.04 USD ref-15        reject balance_overflow      # @bank has had 107.00, and this is one cent more
account bob/euro EUR
funds   F16 bob/euro 46116860184273879.04 EUR ref-16        reject balance_overflow      # 2^62
funds   F18 bob/euro 46116860184273879.03 EUR ref-18        funds_received               # 2^62 - 1
funds   F19 bob/euro 0.01 EUR ref-19                        reject balance_overflow
funds   F17 alice/main 1.00 USD ref-14                      funds_received               # a refused one used no reference

# two faults at once
funds   F20 alice amount=absent party=alice                          reject payee_account_malformed
funds   F20 bob/main 0 XXX ref-20 party=alice rail=9        reject account_of_another_party
funds   F20 alice/main 0 XXX ref-20 rail=9                  reject currency_unknown
funds   F20 alice/main 0 USD rail=9 rail_reference=         reject amount_not_positive
funds   F20 alice/main 1.00 USD rail=9 rail_reference=      reject rail_unknown
funds   F20 alice/main 1.00 USD rail_reference= id_time=-8d reject rail_reference_malformed
funds   F21 alice/main 100.00 USD ref-1 id_time=-8d         reject id_too_old
funds   F6 alice/nowhere 100.00 USD ref-1                   reject id_reused first F6
funds   F22 alice/nowhere 1.00 USD ref-1                    reject payee_account_not_found
funds   F23 alice/old 1.00 USD ref-1                        reject rail_reference_used first F1
funds   F24 alice/old 1 JPY ref-24                          reject payee_account_is_closed
funds   F25 alice/yen 1.00 USD ref-25 minor=max             reject payee_currency_mismatch

# a rail's reference is unique for two years of 366 days, to the millisecond
at      +732d
at      -1ms
funds   F30 alice/main 100.00 USD ref-1                     command_ids_dropped reject rail_reference_used first F1
at      +1ms
funds   F31 alice/main 100.00 USD ref-1                     funds_received
funds   F32 alice/main 100.00 USD ref-1                     reject rail_reference_used first F31
