# SPDX-License-Identifier: Apache-2.0
# Engine time ran ahead, and the operator sets it back: what that means for ids, holds and rail references.
party    alice
party    bob
account  alice/main USD
account  bob/main USD
funds    F1 alice/main 100.00 USD ref-1
hold     H1 alice/main bob/main 5.00 USD dinner 3600s
transfer T1 alice/main bob/main 1.00 USD
at       +1h
transfer T2 alice/main bob/main 1.00 USD                    hold_expired H1 transfer_posted
at       +1h
rows     command_row 8

# one command under a clock that is ten days ahead: all rows go, and with the right clock nothing is let in any more
at       +10d
transfer T3 alice/main bob/main 1.00 USD                    command_ids_dropped transfer_posted
hold     H2 alice/main bob/main 2.00 USD dinner 60s
rows     command_row 2
at       -10d
transfer T4 alice/main bob/main 1.00 USD                    reject id_too_old retry new_id
transfer T2 alice/main bob/main 1.00 USD                    reject id_too_old

# set back: what never had a row is done, and what had one is not done again
at       +1m
restart_clock
transfer T4 alice/main bob/main 1.00 USD                    transfer_posted
transfer T4 alice/main bob/main 1.00 USD                    command_repeated of T4 transfer_posted
transfer T2 alice/main bob/main 1.00 USD                    reject id_too_old
transfer T1 alice/main bob/main 1.00 USD                    reject id_too_old
transfer T5 alice/main bob/main 1.00 USD id_time=-1h1m      reject id_too_old       # as old as T2, to the millisecond
transfer T6 alice/main bob/main 1.00 USD id_time=-1h59s999ms transfer_posted        # newer than all that were dropped
transfer T3 alice/main bob/main 1.00 USD                    reject id_too_new       # its row stands: see below
status   H1 expired
capture  C1 H1                                              reject hold_is_expired
status   H2 open
funds    F2 alice/main 100.00 USD ref-1                     reject rail_reference_used first F1
balance  alice/main posted 95.00 pending 2.00 available 93.00

# the cut-off comes daily again, and drops nothing more until it reaches what it had dropped
at       +1d
transfer T7 alice/main bob/main 1.00 USD                    command_ids_dropped transfer_posted
transfer T2 alice/main bob/main 1.00 USD                    reject id_too_old
transfer T4 alice/main bob/main 1.00 USD                    command_repeated of T4 transfer_posted
at       +7d
transfer T8 alice/main bob/main 1.00 USD                    command_ids_dropped transfer_posted
transfer T4 alice/main bob/main 1.00 USD                    reject id_too_old

# when the right clock gets there, what was done ahead of time is a repeat
at       +2d
transfer T3 alice/main bob/main 1.00 USD                    command_ids_dropped hold_expired H2 command_repeated of T3 transfer_posted
status   H2 expired
