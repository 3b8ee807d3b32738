# SPDX-License-Identifier: Apache-2.0
# remittance_return: a payment to another shard was refused there, and the payer has the money back.
# alice and ivan are of shard 1 of 4, bob and carol of shard 2, frank of shard 3.
ledger   shards 4 shard 1
party    alice
party    ivan
account  alice/main USD
account  ivan/main USD
account  ivan/full USD
funds    alice/main 100.00 USD ref-1
funds    ivan/main 10.00 USD ref-2
return   2 1 payee_account_not_found party=alice            reject remittance_out_of_order retry same_id   # nothing was sent yet
transfer T1 alice/main carol/main 5.00 USD                  transfer_sent number 1
transfer T2 ivan/main bob/nowhere 10.00 USD                 transfer_sent number 2
transfer T3 alice/main carol/main 7.00 USD                  transfer_sent number 3
transfer T4 alice/main frank/main 8.00 USD                  transfer_sent shard 3 number 1
balance  alice/main posted 80.00 available 80.00
balance  ivan/main posted 0 available 0
rows     outbox 4

# shape
return   2 1 payee_account_not_found party=alice topic=commands        reject wrong_topic retry never
return   2 1 payee_account_not_found party=alice id=malformed          reject id_malformed retry never
return   2 1 payee_account_not_found                                   reject party_malformed
return   2 1 payee_account_not_found party=Alice                       reject party_malformed
return   2 1 payee_account_not_found party=bob                         reject misrouted
return   2 1 payee_account_not_found party=alice initiator=9           reject initiator_unknown
return   2 1 payee_account_not_found party=alice group_id=malformed    reject group_id_malformed
return   2 1 payee_account_not_found party=alice reference=/           reject reference_malformed
return   2 1 payee_account_not_found party=alice dry_run=yes           reject dry_run_between_shards retry never
return   2 1 payee_account_not_found party=alice id=X1                 reject remittance_malformed retry never
return   2 0 payee_account_not_found party=alice                       reject remittance_malformed
return   2 -1 payee_account_not_found party=alice                      reject remittance_malformed
return   2 1 0 party=alice                                             reject remittance_malformed   # for no reason
return   2 1 -1 party=alice                                            reject remittance_malformed
return   2 1 9999 party=alice                                          reject remittance_malformed
raw remittance_return party=alice                                      reject remittance_malformed
return   1 1 payee_account_not_found party=alice                       reject remittance_malformed   # this shard
return   4 1 payee_account_not_found party=alice                       reject remittance_malformed   # there are four
return   -1 1 payee_account_not_found party=alice                      reject remittance_malformed

# in order, and what was sent
return   2 2 payee_account_not_found party=ivan             reject remittance_out_of_order retry same_id
return   2 4 payee_account_not_found party=alice            reject remittance_out_of_order
return   2 9223372036854775807 payee_account_not_found party=alice   reject remittance_out_of_order
return   0 1 payee_account_not_found party=alice            reject remittance_out_of_order
return   2 1 payee_account_not_found party=ivan             reject remittance_malformed              # not the payer
rows     outbox 4
settle   2 1 1
return   2 2 payee_account_not_found party=ivan             remittance_returned of T2 shard 2 number 2 for payee_account_not_found
balance  ivan/main posted 10.00 available 10.00
balance  @transit/USD.2 posted 12.00
rows     outbox 2
route    2 sent 3 answered 2

# once
return   2 2 payee_account_not_found party=ivan             remittance_repeated shard 2 number 2 answer
return   2 2 payee_account_is_closed party=alice            remittance_repeated number 2 answer
return   2 1 payee_account_not_found party=alice            remittance_repeated number 1 answer      # which was settled
settle   2 1 2                                              remittance_repeated number 2 answer
balance  ivan/main posted 10.00 available 10.00

# on an account that was closed meanwhile, too
transfer T5 ivan/main alice/main 10.00 USD
transfer T6 alice/main ivan/main 10.00 USD
transfer T7 ivan/main carol/main 10.00 USD                  transfer_sent number 4
close    ivan/main
return   2 3 payee_account_is_closed party=alice            remittance_returned of T3 for payee_account_is_closed
return   2 4 payee_account_not_found party=ivan             remittance_returned of T7 number 4
balance  ivan/main posted 10.00 available 10.00 closed
balance  alice/main posted 87.00 available 87.00
balance  @transit/USD.2 posted 5.00                                                                  # that of T1
transfer ivan/main alice/main 1.00 USD                      reject account_is_closed

# what is held counts on
hold     H1 alice/main ivan/full 87.00 USD tip 60s
return   3 1 balance_overflow party=alice                   remittance_returned of T4 shard 3 for balance_overflow
balance  alice/main posted 95.00 pending 87.00 available 8.00

# an account whose credits can't grow: it stays under way
funds    ivan/full 46116860184273769.03 USD ref-9
transfer ivan/full alice/main 110.00 USD
transfer alice/main ivan/full 110.00 USD
transfer T8 ivan/full carol/main 1.00 USD                   transfer_sent number 5
return   2 5 payee_account_not_found party=ivan             reject balance_overflow retry new_id
return   2 5 payee_account_not_found party=ivan             reject balance_overflow
rows     outbox 1
settle   2 5 5                                              remittance_settled of T8

# days late
transfer T9 alice/main carol/main 1.00 USD                  transfer_sent number 6
at       +40d
return   2 6 payee_account_not_found party=alice            hold_expired H1 command_ids_dropped remittance_returned of T9
balance  alice/main posted 95.00 pending 0 available 95.00
rows     outbox 0

# two faults at once
return   9 0 0 party=alice dry_run=yes id=X1                reject dry_run_between_shards
return   9 9 payee_account_not_found party=alice            reject remittance_malformed
return   2 8 payee_account_not_found party=olivia           reject remittance_out_of_order
