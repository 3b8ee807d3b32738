# SPDX-License-Identifier: Apache-2.0
# hold_capture: takes up to what is held, the rest goes back; once, and only before the hold's time is over.
party    alice
party    bob
account  alice/main USD
account  bob/main USD
funds    alice/main 100.00 USD ref-1
hold     H1 alice/main bob/main 5.00 USD dinner 60s
hold     H2 alice/main bob/main 5.00 USD dinner 60s
hold     H3 alice/main bob/main 5.00 USD dinner 60s
hold     H4 alice/main bob/main 5.00 USD dinner 60s

# shape
capture  C1 H1 3.00 XXX                                     reject currency_unknown
capture  C1 H1 0 USD                                        reject amount_not_positive
capture  C1 H1 -1.00 USD                                    reject amount_not_positive
capture  C1 hold_id=malformed party=alice                   reject hold_id_malformed retry never
capture  C1 hold_id=absent party=alice                      reject hold_id_malformed

capture  C1 H1                                              hold_captured captured 5.00 released 0
status   H1 captured
balance  alice/main posted 95.00 pending 15.00 available 80.00
balance  bob/main posted 5.00 available 5.00 incoming 15.00
capture  C2 H2 3.00 USD                                     hold_captured captured 3.00 released 2.00
balance  alice/main posted 92.00 pending 10.00 available 82.00
capture  C3 H3 5.00 USD                                     hold_captured captured 5.00 released 0

# id
capture  C1 H1                                              command_repeated of C1 hold_captured
capture  C1 H1 5.00 USD                                     reject id_reused first C1

# objects, their state, limits
capture  C4 NOBODY party=alice                              reject hold_not_found retry never
capture  C5 H4 party=bob                                    reject hold_not_found        # the payer's shard decides
capture  C6 H4 3.00 EUR                                     reject currency_mismatch
capture  C7 H1                                              reject hold_is_captured retry never
release  R4 H4
capture  C8 H4                                              reject hold_is_released retry never
hold     H5 alice/main bob/main 5.00 USD dinner 60s
capture  C9 H5 5.01 USD                                     reject capture_above_hold required 5.01 available 5.00 USD retry new_id
capture  C10 H5 currency=USD minor=max                      reject capture_above_hold required 92233720368547758.07 available 5.00 USD
at       +59999ms
capture  C11 H5 1.00 USD                                    hold_captured captured 1.00 released 4.00
hold     H6 alice/main bob/main 5.00 USD dinner 60s
hold     H7 alice/main bob/main 5.00 USD dinner 61s
at       +60s
capture  C12 H6                                             hold_expired H6 reject hold_is_expired retry never
capture  C13 H6 99.00 USD                                   reject hold_is_expired
at       +999ms
capture  C14 H7                                             hold_captured captured 5.00 released 0
balance  alice/main posted 81.00 pending 0 available 81.00
balance  bob/main posted 19.00 available 19.00 incoming 0

# two faults at once
hold     H8 alice/main bob/main 5.00 USD dinner 60s
capture  C20 hold_id=absent amount=0 currency=XXX party=alice   reject currency_unknown
capture  C20 hold_id=absent amount=0 currency=USD party=alice   reject amount_not_positive
capture  C20 hold_id=absent id_time=-8d party=alice         reject hold_id_malformed
capture  C21 NOBODY id_time=-8d party=alice                 reject id_too_old
capture  C1 NOBODY party=alice                              reject id_reused first C1
capture  C22 H1 99.00 EUR                                   reject currency_mismatch
capture  C23 H1 99.00 USD                                   reject hold_is_captured
capture  C24 H4 99.00 USD                                   reject hold_is_released
capture  C25 H8 99.00 EUR                                   reject currency_mismatch

# a payee whose total is full can't take it; the hold stays open
account  bob/full USD
funds    bob/full 46116860184273778.00 USD ref-2
hold     H9 alice/main bob/full 50.00 USD dinner 60s
transfer bob/full bob/main 46116860184273778.00 USD
transfer bob/main bob/full 46116860184273778.00 USD         reject balance_overflow
hold     H10 bob/main bob/full 1.00 USD dinner 60s          hold_created
transfer bob/main bob/full 70.00 USD
capture  C30 H9                                             reject balance_overflow retry new_id
status   H9 open
capture  C31 H9 31.03 USD                                   hold_captured captured 31.03 released 18.97
capture  C32 H10 0.01 USD                                   reject balance_overflow
release  H10
