# SPDX-License-Identifier: Apache-2.0
# Timers: due ones fire before the input, in the order of their times; what has expired is found by comparison.
party    alice
party    bob
account  alice/main USD
account  bob/main USD
funds    alice/main 100.00 USD ref-1

hold     H1 alice/main bob/main 1.00 USD late 20s
hold     H2 alice/main bob/main 1.00 USD early 10s
hold     H3 alice/main bob/main 1.00 USD same 10s
hold     H4 alice/main bob/main 1.00 USD later 30s
hold     H5 alice/main bob/main 1.00 USD freed 15s
release  H5
rows     timer 5                                                                         # and the cut-off of ids
at       +9999ms
tick     ticked
at       +1ms
tick     hold_expired H2 hold_expired H3 ticked
status   H2 expired
balance  alice/main posted 100.00 pending 2.00 available 98.00
at       +1h
transfer alice/main bob/main 100.00 USD                     hold_expired H1 hold_expired H4 transfer_posted
tick     ticked
rows     timer 1

# timers fire for any input, refused ones and repeats too
hold     H6 bob/main alice/main 1.00 USD tip 10s
hold     H7 bob/main alice/main 1.00 USD tip 20s
at       +10s
raw party_open body=none refusal=undecodable id=absent topic=commands     hold_expired H6 reject undecodable
at       +10s
hold     H6 bob/main alice/main 1.00 USD tip 10s            hold_expired H7 command_repeated of H6 hold_created

# 1024 fire before one input, no more. The others wait, but are over already.
repeat   1030 hold bob/main alice/main 0.01 USD tip 60s     hold_created
hold     H8 bob/main alice/main 1.00 USD tip 60s
hold     H9 bob/main alice/main 1.00 USD tip 60s
at       +60s
capture  C8 H8                                              hold_expired x1024 reject hold_is_expired
status   H8 open
release  R9 H9                                              hold_expired x8 reject hold_is_expired
status   H8 expired
capture  C9 H8                                              reject hold_is_expired
balance  bob/main posted 100.00 pending 0 available 100.00
rows     timer 1

# a hold that its timer has not reached holds its money still
repeat   1024 hold bob/main alice/main 0.01 USD tip 60s     hold_created
hold     H10 bob/main alice/main 80.00 USD tip 60s
at       +60s
transfer T10 bob/main alice/main 90.00 USD                  hold_expired x1024 reject balance_too_low required 90.00 available 20.00 USD
transfer T11 bob/main alice/main 90.00 USD                  hold_expired H10 transfer_posted
