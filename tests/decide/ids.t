# SPDX-License-Identifier: Apache-2.0
# Command ids: both windows to the millisecond, repeats, and the daily cut-off.
party    alice
party    bob
account  alice/main USD
account  bob/main USD
funds    alice/main 100.00 USD ref-1

transfer T1 alice/main bob/main 1.00 USD id_time=-7d1ms     reject id_too_old retry new_id
transfer T2 alice/main bob/main 1.00 USD id_time=-7d        transfer_posted
transfer T3 alice/main bob/main 1.00 USD id_time=+5m1ms     reject id_too_new retry same_id
transfer T4 alice/main bob/main 1.00 USD id_time=+5m        transfer_posted
at       +1ms
transfer T2 alice/main bob/main 1.00 USD                    reject id_too_old            # though its row is still there
transfer T3 alice/main bob/main 1.00 USD                    transfer_posted              # the same id, in time
transfer T3 alice/main bob/main 1.00 USD                    command_repeated of T3 transfer_posted
transfer T4 alice/main bob/main 2.00 USD                    reject id_reused first T4
balance  alice/main posted 97.00 available 97.00

# every later outcome, a reject too, is final for its id
transfer T5 alice/main bob/main 98.00 USD                   reject balance_too_low required 98.00 available 97.00 USD
funds    alice/main 100.00 USD ref-2
transfer T5 alice/main bob/main 98.00 USD                   command_repeated of T5 reject balance_too_low
transfer T5 alice/main bob/main 97.00 USD                   reject id_reused first T5
transfer T5 alice/main bob/main 98.00 USD                   command_repeated of T5 reject balance_too_low
transfer T6 alice/main bob/main 98.00 USD                   transfer_posted

# the window is of engine time: a record that is stamped earlier does not open it again
at       -2ms
transfer T7 alice/main bob/main 1.00 USD id_time=-6d23h59m59s999ms    reject id_too_old
transfer T8 alice/main bob/main 1.00 USD id_time=+5m2ms     transfer_posted
transfer T9 alice/main bob/main 1.00 USD id_time=+5m3ms     reject id_too_new
at       +2ms

# once a day the rows of ids that are too old are dropped; T2's is one
rows     command_row 12
at       +1d
transfer T10 alice/main bob/main 1.00 USD                   command_ids_dropped transfer_posted
rows     command_row 12
transfer T2 alice/main bob/main 1.00 USD                    reject id_too_old
transfer T6 alice/main bob/main 98.00 USD                   command_repeated of T6 transfer_posted

# seven days after T6, to the millisecond: its row is kept as long as a repeat would be answered with it
at       +6d
at       -2ms
transfer T6 alice/main bob/main 98.00 USD                   command_ids_dropped command_repeated of T6 transfer_posted
at       +1ms
transfer T10 alice/main bob/main 1.00 USD                   command_repeated of T10 transfer_posted
at       +1ms
transfer T6 alice/main bob/main 98.00 USD                   command_repeated of T6 transfer_posted
at       +1ms
transfer T6 alice/main bob/main 98.00 USD                   reject id_too_old
transfer T6 alice/main bob/main 97.00 USD                   reject id_too_old            # with another body, too

# the cut-off falls on T10's time exactly: rows strictly below it are dropped, T10's is not
at       +1d
at       -1ms
transfer T10 alice/main bob/main 1.00 USD                   command_ids_dropped command_repeated of T10 transfer_posted
rows     command_row 1
transfer T6 alice/main bob/main 98.00 USD                   reject id_too_old
at       +1ms
transfer T10 alice/main bob/main 1.00 USD                   reject id_too_old
