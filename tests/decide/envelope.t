# SPDX-License-Identifier: Apache-2.0
# The envelope: what every command is refused for before its body is looked at, in order.
# alice and ivan are of shard 1 of 4, bob and carol of shard 2.
ledger   shards 4 shard 1
party    alice
account  alice/main USD
account  alice/save USD
funds    alice/main 10.00 USD ref-1

# found while decoding: what could be read stands in the event, the rest does not matter
raw party_open body=none refusal=undecodable detail=byte id=absent topic=commands   reject undecodable detail byte retry never
raw party_open body=none refusal=too_large id=absent topic=rails                    reject too_large retry never
raw party_open body=none refusal=unknown_field detail=transfer_create.99 id=U1      reject unknown_field detail transfer_create.99 retry never
raw party_open body=none refusal=unknown_command id=U1 topic=control                reject unknown_command retry never
raw party_open refusal=refused_by_operator party=alice id=U1                        reject refused_by_operator retry new_id
raw party_open refusal=undecodable id=malformed party=ALICE initiator=9 dry_run=yes reject undecodable
raw party_open body=none party=alice id=U1                                          reject wrong_topic     # no body on no topic
rows command_row 4                                                                                             # none of them kept one

# the topic
transfer T1 alice/main alice/save 1.00 USD topic=rails      reject wrong_topic retry never
transfer T1 alice/main alice/save 1.00 USD topic=control    reject wrong_topic
transfer T1 alice/main alice/save 1.00 USD topic=internal   reject wrong_topic
funds    T1 alice/main 1.00 USD ref-2 topic=commands        reject wrong_topic

# the id, the party, its shard
transfer alice/main alice/save 1.00 USD id=absent           reject id_malformed retry never
transfer alice/main alice/save 1.00 USD id=malformed        reject id_malformed
transfer alice/main alice/save 1.00 USD id=v4               reject id_malformed
transfer T1 alice/main alice/save 1.00 USD party=           reject party_malformed retry never
transfer T1 alice/main alice/save 1.00 USD party=Alice      reject party_malformed
transfer T1 alice/main alice/save 1.00 USD party=@bank      reject party_malformed
transfer T1 alice/main alice/save 1.00 USD party=a*65       reject party_malformed
transfer T1 bob/main alice/save 1.00 USD                    reject misrouted retry never
party    P1 bob                                             reject misrouted
party    P1 ivan                                            party_opened
transfer T2 alice/main bob/main 1.00 USD dry_run=yes        transfer_sent shard 2
hold     H2 alice/main bob/main 1.00 USD tip 60s            reject payee_on_another_shard

# the rest of it
transfer T3 alice/main alice/save 1.00 USD initiator=5      reject initiator_unknown retry never
transfer T3 alice/main alice/save 1.00 USD initiator=-1     reject initiator_unknown
transfer T3 alice/main alice/save 1.00 USD group_id=malformed     reject group_id_malformed retry never
transfer T3 alice/main alice/save 1.00 USD reference=a*65   reject reference_malformed retry never
transfer T3 alice/main alice/save 1.00 USD reference=a/b    reject reference_malformed
transfer T3 alice/main alice/save 1.00 USD dry_run=yes      transfer_posted
transfer T3 alice/main alice/save 1.00 USD initiator=4 reference=A.b_9:-    transfer_posted
transfer T4 alice/main alice/save 1.00 USD initiator=1 reference=a*64 group_id=G1   transfer_posted

# all that an absent body is refused for: its first field
raw party_open party=alice                                  reject party_kind_unknown
raw account_open party=alice                                reject account_malformed
raw account_close party=alice                               reject account_malformed
raw funds_receive party=alice                               reject payee_account_malformed
raw transfer_create party=alice                             reject account_malformed
raw hold_create party=alice                                 reject account_malformed
raw hold_capture party=alice                                reject hold_id_malformed
raw hold_release party=alice                                reject hold_id_malformed
raw tick                                                    ticked
raw remittance_deliver party=alice                          reject remittance_malformed
raw remittance_settle                                       reject remittance_malformed
raw remittance_return party=alice                           reject remittance_malformed
raw remittance_confirm                                      reject remittance_malformed
balance  alice/main posted 8.00 pending 0 available 8.00
