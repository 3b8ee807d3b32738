# SPDX-License-Identifier: Apache-2.0
# remittance_confirm: the payer's shard has the answers up to a number; what was refused up to there need not be kept.
# alice is of shard 1 of 4, bob and carol of shard 2.
ledger   shards 4 shard 1
party    alice
account  alice/main USD
confirm  2 1                                                reject remittance_out_of_order retry same_id   # nothing came yet
deliver  2 1 P1 carol/main alice/main 1.00 USD
deliver  2 2 P2 carol/main alice/none 1.00 USD              remittance_refused number 2
deliver  2 3 P3 carol/main alice/main 1.00 USD
deliver  2 4 P4 carol/main alice/none 1.00 USD              remittance_refused number 4
deliver  3 1 P1 frank/main alice/none 1.00 USD              remittance_refused shard 3 number 1
rows     refusal 3

# shape
confirm  2 1 topic=commands                                 reject wrong_topic retry never
confirm  2 1 id=malformed                                   reject id_malformed retry never
confirm  2 1 party=Alice                                    reject party_malformed
confirm  2 1 party=bob                                      reject misrouted
confirm  2 1 initiator=9                                    reject initiator_unknown
confirm  2 1 group_id=malformed                             reject group_id_malformed
confirm  2 1 reference=/                                    reject reference_malformed
confirm  2 1 dry_run=yes                                    reject dry_run_between_shards retry never
confirm  2 1 id=X1                                          reject remittance_malformed retry never
confirm  2 0                                                reject remittance_malformed
confirm  2 -1                                               reject remittance_malformed
raw remittance_confirm                                      reject remittance_malformed
confirm  1 1                                                reject remittance_malformed                    # this shard
confirm  4 1                                                reject remittance_malformed                    # there are four
confirm  -1 1                                               reject remittance_malformed

# up to what was answered, and not beyond
confirm  2 5                                                reject remittance_out_of_order
confirm  2 9223372036854775807                              reject remittance_out_of_order
confirm  0 1                                                reject remittance_out_of_order
confirm  2 1                                                remittance_confirmed shard 2 number 1
rows     refusal 3
confirm  2 3 party=alice                                    remittance_confirmed number 3                  # a party may stand there
rows     refusal 2
route    2 received 4 confirmed 3 refused 1
confirm  2 3                                                remittance_repeated shard 2 number 3
confirm  2 1                                                remittance_repeated number 1
confirm  2 4                                                remittance_confirmed number 4
rows     refusal 1                                                                                         # shard 3's
route    2 received 4 confirmed 4 refused 0
route    3 received 1 confirmed 0 refused 1
deliver  2 4 P4 carol/main alice/main 1.00 USD              remittance_repeated number 4                   # also without its row
balance  alice/main posted 2.00 available 2.00

# many at once: all where nothing was refused
repeat 100 deliver 2 next P5 carol/main alice/main 1.00 USD
confirm  2 104                                              remittance_confirmed number 104
route    2 received 104 confirmed 104

# and 64 at a time where something was
repeat 63 deliver 2 next P5 carol/main alice/none 1.00 USD  remittance_refused
confirm  2 167                                              remittance_confirmed number 167
route    2 refused 0
repeat 65 deliver 2 next P5 carol/main alice/none 1.00 USD  remittance_refused
rows     refusal 66
confirm  2 232                                              remittance_confirmed number 231
rows     refusal 2
route    2 confirmed 231 refused 1
confirm  2 232                                              remittance_confirmed number 232
route    2 confirmed 232 refused 0
repeat 70 deliver 2 next P5 carol/main alice/main 1.00 USD
deliver  2 next P5 carol/main alice/none 1.00 USD           remittance_refused number 303
repeat 70 deliver 2 next P5 carol/main alice/main 1.00 USD
confirm  2 373                                              remittance_confirmed number 296                # the row is further on
rows     refusal 2
confirm  2 373                                              remittance_confirmed number 360
rows     refusal 1
confirm  2 373                                              remittance_confirmed number 373
confirm  3 1                                                remittance_confirmed shard 3 number 1
rows     refusal 0

# two faults at once
confirm  9 0 dry_run=yes id=X1                              reject dry_run_between_shards
confirm  9 999                                              reject remittance_malformed
