# SPDX-License-Identifier: Apache-2.0
# party_open: makes the envelope's party known, once.
party P1 alice                                              party_opened
party P2 bobs.shop-1_a business                             party_opened
party P3 a*64                                               party_opened
rows  party 3

# shape
party P4 carol kind=0                                       reject party_kind_unknown retry never
party P4 carol kind=3                                       reject party_kind_unknown retry never
party P4 carol kind=-1                                      reject party_kind_unknown retry never
party P4 carol                                              party_opened         # none of these used the id up

# id
party P1 alice                                              command_repeated of P1 party_opened
party P1 alice business                                     reject id_reused first P1 retry never
party P1 dave                                               reject id_reused first P1

# objects
party P5 alice                                              reject party_exists retry never
party P5 alice                                              command_repeated of P5 reject party_exists
party P6 alice business                                     reject party_exists
rows  party 4

# two faults at once: the earlier one is the answer
party P5 alice kind=9                                       reject party_kind_unknown
party P7 alice kind=9 id_time=-8d                           reject party_kind_unknown
party P8 alice id_time=-8d                                  reject id_too_old
