# SPDX-License-Identifier: Apache-2.0
# hold_release: gives all of a hold back.
party    alice
party    bob
account  alice/main USD
account  bob/main USD
funds    alice/main 100.00 USD ref-1
hold     H1 alice/main bob/main 5.00 USD dinner 60s
hold     H2 alice/main bob/main 6.00 USD dinner 60s
hold     H3 alice/main bob/main 7.00 USD dinner 60s
hold     H4 alice/main bob/main 8.00 USD dinner 61s

# shape
release  R1 hold_id=malformed party=alice                   reject hold_id_malformed
release  R1 hold_id=absent party=alice                      reject hold_id_malformed

release  R1 H1                                              hold_released released 5.00
status   H1 released
balance  alice/main posted 100.00 pending 21.00 available 79.00
balance  bob/main posted 0 available 0 incoming 21.00

# id
release  R1 H1                                              command_repeated of R1 hold_released
release  R1 H2                                              reject id_reused first R1

# objects, their state
release  R2 NOBODY party=alice                              reject hold_not_found
release  R3 H2 party=bob                                    reject hold_not_found
capture  H2
release  R4 H2                                              reject hold_is_captured
release  R5 H1                                              reject hold_is_released
at       +60s
release  R6 H3                                              hold_expired H3 reject hold_is_expired
at       +999ms
release  R7 H4                                              hold_released released 8.00
balance  alice/main posted 94.00 pending 0 available 94.00

# two faults at once
release  R10 hold_id=absent id_time=-8d party=alice         reject hold_id_malformed
release  R11 NOBODY id_time=-8d party=alice                 reject id_too_old
release  R1 NOBODY party=alice                              reject id_reused first R1
release  R12 H1 party=bob                                   reject hold_not_found
