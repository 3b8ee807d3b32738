# SPDX-License-Identifier: Apache-2.0
# remittance_deliver: money from another shard, credited or refused once, by its number.
# alice and ivan are of shard 1 of 4, erin of shard 0, bob, carol and dave of shard 2, frank of shard 3.
ledger   shards 4 shard 1
party    alice
account  alice/main USD
account  alice/euro EUR
deliver  2 1 P1 carol/main alice/main 5.00 USD reference=rent-1 group_id=G1   payment_received of P1 shard 2 number 1
balance  alice/main posted 5.00 pending 0 available 5.00
balance  @transit/USD.2 posted -5.00
route    2 received 1 confirmed 0 refused 0 sent 0 answered 0
rows     refusal 0

# shape of the envelope: who sends it names no id
deliver  2 2 P2 carol/main alice/main 1.00 USD refusal=undecodable                  reject undecodable
deliver  2 2 P2 carol/main alice/main 1.00 USD topic=commands                       reject wrong_topic retry never
deliver  2 2 P2 carol/main alice/main 1.00 USD topic=control                        reject wrong_topic
deliver  2 2 P2 carol/main alice/main 1.00 USD id=malformed                         reject id_malformed retry never
deliver  2 2 P2 carol/main alice/main 1.00 USD party=                               reject party_malformed retry never
deliver  2 2 P2 carol/main alice/main 1.00 USD party=Alice                          reject party_malformed
deliver  2 2 P2 carol/main bob/main 1.00 USD                                        reject misrouted retry never
deliver  2 2 P2 carol/main alice/main 1.00 USD initiator=9                          reject initiator_unknown
deliver  2 2 P2 carol/main alice/main 1.00 USD group_id=malformed                   reject group_id_malformed
deliver  2 2 P2 carol/main alice/main 1.00 USD reference=/                          reject reference_malformed

# shape of the body
deliver  2 2 P2 carol/main alice/main 1.00 USD dry_run=yes                          reject dry_run_between_shards retry never
deliver  2 2 P2 carol/main alice/main 1.00 USD id=X1                                reject remittance_malformed retry never   # even a good one
deliver  2 2 P2 carol/main alice/main 1.00 USD id=v4                                reject remittance_malformed
deliver  2 0 P2 carol/main alice/main 1.00 USD                                      reject remittance_malformed
deliver  2 -1 P2 carol/main alice/main 1.00 USD                                     reject remittance_malformed
deliver  2 2 malformed carol/main alice/main 1.00 USD                               reject remittance_malformed
deliver  2 2 absent carol/main alice/main 1.00 USD                                  reject remittance_malformed
deliver  2 2 P2 carol alice/main 1.00 USD                                           reject remittance_malformed
deliver  2 2 P2 @bank/USD alice/main 1.00 USD                                       reject remittance_malformed
deliver  2 2 P2 carol/main alice 1.00 USD party=alice                               reject remittance_malformed
deliver  2 2 P2 carol/main @fees/USD 1.00 USD party=alice                           reject remittance_malformed
deliver  2 2 P2 carol/main ivan/main 1.00 USD party=alice                           reject remittance_malformed   # not the envelope's party
deliver  2 2 P2 carol/main alice/main 1.00 XXX                                      reject remittance_malformed
deliver  2 2 P2 carol/main alice/main 0 USD                                         reject remittance_malformed
deliver  2 2 P2 carol/main alice/main -0.01 USD                                     reject remittance_malformed
deliver  2 2 P2 carol/main alice/main 1.00 USD amount=absent                        reject remittance_malformed
deliver  2 2 P2 carol/main alice/main 1.00 USD purpose=0                            reject remittance_malformed
deliver  2 2 P2 carol/main alice/main 1.00 USD purpose=2                            reject remittance_malformed
deliver  2 2 P2 carol/main alice/main 1.00 USD purpose=-1                           reject remittance_malformed
raw remittance_deliver party=alice                                                  reject remittance_malformed

# the shard that sent it
deliver  1 2 P2 carol/main alice/main 1.00 USD                                      reject remittance_malformed   # this one
deliver  4 2 P2 carol/main alice/main 1.00 USD                                      reject remittance_malformed   # there are four
deliver  -1 2 P2 carol/main alice/main 1.00 USD                                     reject remittance_malformed

# in order, and each once
deliver  2 3 P3 carol/main alice/main 1.00 USD                                      reject remittance_out_of_order retry same_id
deliver  2 9223372036854775807 P3 carol/main alice/main 1.00 USD                    reject remittance_out_of_order
deliver  3 2 P2 frank/main alice/main 1.00 USD                                      reject remittance_out_of_order   # shard 3's first has not come
route    2 received 1
deliver  2 1 P1 carol/main alice/main 5.00 USD                                      remittance_repeated shard 2 number 1
deliver  2 1 P9 dave/main alice/main 7.00 USD                                       remittance_repeated number 1     # the number says it
deliver  2 2 P2 dave/main alice/main 1.00 USD                                       payment_received number 2
deliver  3 1 P2 frank/main alice/main 1.00 USD                                      payment_received of P2 shard 3 number 1   # each shard counts its own
deliver  0 1 P4 erin/main alice/euro 2.00 EUR                                       payment_received shard 0 number 1
deliver  2 1 P1 carol/main alice/main 5.00 USD                                      remittance_repeated number 1
balance  alice/main posted 7.00 available 7.00
balance  alice/euro posted 2.00 available 2.00
balance  @transit/USD.2 posted -6.00
balance  @transit/USD.3 posted -1.00
balance  @transit/EUR.0 posted -2.00
rows     refusal 0

# refused with what a payment of this shard would be refused with; the number is taken, and the answer kept
deliver  2 3 P3 carol/main alice/nowhere 1.00 USD                                   remittance_refused of P3 shard 2 number 3 for payee_account_not_found
deliver  2 4 P4 carol/main ivan/main 1.00 USD group_id=G1                           remittance_refused number 4 for payee_account_not_found   # a party that is not there
rows     refusal 2
route    2 received 4 refused 2 confirmed 0
account  alice/old USD
close    alice/old
deliver  2 5 P5 carol/main alice/old 1.00 USD                                       remittance_refused number 5 for payee_account_is_closed
deliver  2 6 P6 carol/main alice/euro 1.00 USD                                      remittance_refused number 6 for payee_currency_mismatch
deliver  2 7 P7 carol/main alice/main 46116860184273879.04 USD                      remittance_refused number 7 for balance_overflow   # 2^62 minor units
deliver  2 8 P8 carol/main alice/main minor=max currency=USD                        remittance_refused number 8 for balance_overflow
rows     refusal 6
route    2 received 8 refused 6
balance  alice/main posted 7.00 available 7.00
balance  @transit/USD.2 posted -6.00

# which stays so, whatever can be credited now
party    ivan
account  ivan/main USD
account  alice/nowhere USD
deliver  2 3 P3 carol/main alice/nowhere 1.00 USD                                   remittance_repeated number 3
deliver  2 4 P4 carol/main ivan/main 1.00 USD                                       remittance_repeated number 4
balance  alice/nowhere posted 0 available 0
deliver  2 9 P10 carol/main ivan/main 1.00 USD                                      payment_received number 9
balance  ivan/main posted 1.00 available 1.00
rows     refusal 6

# no window of ids holds for it: it may be days late
at       +40d
deliver  2 10 P1 carol/main ivan/main 1.00 USD                                      command_ids_dropped payment_received of P1 number 10

# two faults at once
deliver  2 0 P12 carol/main alice/main 1.00 USD dry_run=yes id=v4                   reject dry_run_between_shards
deliver  2 0 P12 carol/main alice/main 1.00 USD dry_run=yes party=Alice             reject party_malformed
deliver  9 12 P12 carol/main alice/main 1.00 USD                                    reject remittance_malformed
deliver  2 12 P12 carol/main alice/lost 1.00 USD                                    reject remittance_out_of_order
deliver  2 10 P12 carol/main alice/lost 1.00 USD                                    remittance_repeated number 10
deliver  2 11 P12 carol/main alice/old 1.00 EUR                                     remittance_refused for payee_account_is_closed
deliver  2 12 P13 carol/main alice/euro 46116860184273879.04 USD                    remittance_refused for payee_currency_mismatch
route    2 received 12 refused 8
rows     refusal 8
rows     outbox 0
