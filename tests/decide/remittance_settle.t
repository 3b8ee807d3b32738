# SPDX-License-Identifier: Apache-2.0
# remittance_settle: payments to another shard arrived, and are final.
# alice and ivan are of shard 1 of 4, bob and carol of shard 2, frank of shard 3.
ledger   shards 4 shard 1
party    alice
account  alice/main USD
funds    alice/main 1000.00 USD ref-1
settle   2 1 1                                              reject remittance_out_of_order retry same_id   # nothing was sent yet
transfer T1 alice/main carol/main 5.00 USD                  transfer_sent number 1
transfer T2 alice/main bob/main 6.00 USD group_id=G1        transfer_sent number 2
transfer T3 alice/main carol/main 7.00 USD                  transfer_sent number 3
transfer T4 alice/main frank/main 8.00 USD                  transfer_sent shard 3 number 1
rows     outbox 4

# shape
settle   2 1 1 topic=commands                               reject wrong_topic retry never
settle   2 1 1 id=malformed                                 reject id_malformed retry never
settle   2 1 1 party=Alice                                  reject party_malformed
settle   2 1 1 party=bob                                    reject misrouted
settle   2 1 1 initiator=9                                  reject initiator_unknown
settle   2 1 1 group_id=malformed                           reject group_id_malformed
settle   2 1 1 reference=/                                  reject reference_malformed
settle   2 1 1 dry_run=yes                                  reject dry_run_between_shards retry never
settle   2 1 1 id=X1                                        reject remittance_malformed retry never
settle   2 0 1                                              reject remittance_malformed
settle   2 -1 1                                             reject remittance_malformed
settle   2 2 1                                              reject remittance_malformed
settle   2 1 65                                             reject remittance_malformed                    # 64 at once
settle   2 1 9223372036854775807                            reject remittance_malformed
settle   2 1 -9223372036854775808                           reject remittance_malformed
raw remittance_settle                                       reject remittance_malformed
settle   1 1 1                                              reject remittance_malformed                    # this shard
settle   4 1 1                                              reject remittance_malformed                    # there are four
settle   -1 1 1                                             reject remittance_malformed

# in order, and what was sent
settle   2 2 2                                              reject remittance_out_of_order
settle   2 1 4                                              reject remittance_out_of_order
settle   2 1 64                                             reject remittance_out_of_order
settle   0 1 1                                              reject remittance_out_of_order
rows     outbox 4
settle   2 1 2                                              remittance_settled of T1 of T2 group G1 shard 2 number 2
rows     outbox 2
route    2 sent 3 answered 2 received 0
balance  alice/main posted 974.00 available 974.00
balance  @transit/USD.2 posted 18.00                                                                       # it stays: the other shard's went below by as much

# once
settle   2 1 2                                              remittance_repeated shard 2 number 2 answer
settle   2 1 1                                              remittance_repeated number 1 answer
return   2 1 payee_account_is_closed party=alice            remittance_repeated number 1 answer
settle   2 4 4                                              reject remittance_out_of_order
settle   2 1 3                                              remittance_settled of T3 shard 2 number 3      # the third only: the others were
settle   3 1 1 party=alice                                  remittance_settled of T4 shard 3 number 1      # a party may stand there
rows     outbox 0
transfer T1 alice/main carol/main 5.00 USD                  command_repeated of T1 transfer_sent

# as many as one event has room for, whatever is known of them
repeat 65 transfer alice/main carol/main 1.00 USD reference=a*64 group_id=G1   transfer_sent
rows     outbox 65
settle   2 4 68                                             reject remittance_malformed
settle   2 4 67                                             remittance_settled shard 2 number 67
rows     outbox 1
settle   2 5 68                                             remittance_settled number 68
rows     outbox 0
route    2 sent 68 answered 68

# days late
transfer T5 alice/main carol/main 1.00 USD                  transfer_sent number 69
at       +40d
settle   2 69 69                                            command_ids_dropped remittance_settled of T5

# two faults at once
settle   9 2 1 dry_run=yes id=X1                            reject dry_run_between_shards
settle   9 70 70                                            reject remittance_malformed
balance  alice/main posted 908.00 available 908.00
