# SPDX-License-Identifier: Apache-2.0
# One command with everything wrong, mended fault by fault: each time the next of reject.proto is the answer.
ledger   shards 4 shard 1
party    alice
party    ivan
party    olivia
account  alice/main USD
account  alice/save USD
account  alice/old USD
account  alice/euro EUR
account  ivan/main USD
account  ivan/old USD
account  ivan/euro EUR
close    alice/old
close    ivan/old
funds    alice/main 10.00 USD ref-1
transfer X1 alice/main alice/save 1.00 USD

# shape of the envelope (bob is of another shard)
raw transfer_create refusal=undecodable topic=rails id=absent party=Bob initiator=9 group_id=malformed reference=/ dry_run=yes  reject undecodable
raw transfer_create topic=rails id=absent party=Bob initiator=9 group_id=malformed reference=/ dry_run=yes   reject wrong_topic
raw transfer_create id=absent party=Bob initiator=9 group_id=malformed reference=/ dry_run=yes               reject id_malformed
raw transfer_create party=Bob initiator=9 group_id=malformed reference=/ dry_run=yes                         reject party_malformed
raw transfer_create party=bob initiator=9 group_id=malformed reference=/ dry_run=yes                         reject misrouted
raw transfer_create party=alice initiator=9 group_id=malformed reference=/ dry_run=yes                       reject initiator_unknown
raw transfer_create party=alice group_id=malformed reference=/ dry_run=yes                                   reject group_id_malformed
raw transfer_create party=alice reference=/ dry_run=yes                                                      reject reference_malformed
raw transfer_create party=alice dry_run=yes                                                                  reject account_malformed

# shape of the body
hold     alice bob 0 XXX Tip 0s party=alice id_time=-8d                 reject account_malformed
hold     ivan/main bob 0 XXX Tip 0s party=alice id_time=-8d             reject payee_account_malformed
hold     ivan/main ivan/main 0 XXX Tip 0s party=alice id_time=-8d       reject account_of_another_party
hold     alice/main alice/main 0 XXX Tip 0s id_time=-8d                 reject accounts_must_differ
hold     alice/none bob/none 0 XXX Tip 0s id_time=-8d                   reject currency_unknown
hold     alice/none bob/none 0 USD Tip 0s id_time=-8d                   reject amount_not_positive
hold     alice/none bob/none 99.00 USD Tip 0s id_time=-8d               reject reason_malformed
hold     alice/none bob/none 99.00 USD tip 0s id_time=-8d               reject expiry_out_of_range

# id
hold     alice/none bob/none 99.00 USD tip 60s id_time=-8d              reject id_too_old
hold     alice/none bob/none 99.00 USD tip 60s id_time=+6m              reject id_too_new
hold     X1 alice/none bob/none 99.00 USD tip 60s                       reject id_reused first X1

# objects
hold     alice/none bob/none 99.00 USD tip 60s                          reject payee_on_another_shard
hold     alice/none ivan/none 99.00 USD tip 60s                         reject account_not_found
hold     alice/old ivan/none 99 JPY    tip 60s                          reject payee_account_not_found

# their state
hold     alice/old ivan/old 99 JPY    tip 60s                           reject account_is_closed
hold     alice/main ivan/old 99 JPY    tip 60s                          reject payee_account_is_closed
hold     alice/main ivan/euro 99 JPY    tip 60s                         reject currency_mismatch
hold     alice/main ivan/euro 99.00 USD tip 60s                         reject payee_currency_mismatch

# balance
hold     alice/main ivan/main 46116860184273879.04 USD tip 60s          reject balance_overflow
hold     alice/main ivan/main 99.00 USD tip 60s                         reject balance_too_low required 99.00 available 9.00 USD
hold     H1 alice/main ivan/main 9.00 USD tip 60s                       hold_created
at       +1h
capture  H1 99.00 EUR                                                   hold_expired H1 reject currency_mismatch
capture  H1 99.00 USD                                                   reject hold_is_expired

# to another shard: what concerns the payee is found there
transfer alice/old bob/none 46116860184273879.04 EUR id_time=-8d        reject id_too_old
transfer alice/none bob/none 46116860184273879.04 EUR                   reject account_not_found
transfer alice/old bob/none 46116860184273879.04 EUR                    reject account_is_closed
transfer alice/main bob/none 46116860184273879.04 EUR                   reject currency_mismatch
transfer alice/main bob/none 46116860184273879.04 USD                   reject balance_overflow
transfer alice/main bob/none 99.00 USD                                  reject balance_too_low required 99.00 available 9.00 USD
transfer Z1 alice/main bob/none 9.00 USD                                transfer_sent shard 2 number 1

# what comes from another shard; its payee's faults are the remittance's, and not the command's
deliver  4 5 P1 bob alice/none 0 XXX refusal=undecodable topic=rails id=malformed party=Alice initiator=9 dry_run=yes   reject undecodable
deliver  4 5 P1 bob alice/none 0 XXX topic=rails id=malformed party=Alice initiator=9 dry_run=yes   reject wrong_topic
deliver  4 5 P1 bob alice/none 0 XXX id=malformed party=Alice initiator=9 dry_run=yes   reject id_malformed
deliver  4 5 P1 bob alice/none 0 XXX id=X2 party=Alice initiator=9 dry_run=yes   reject party_malformed
deliver  4 5 P1 bob alice/none 0 XXX id=X2 party=bob initiator=9 dry_run=yes   reject misrouted
deliver  4 5 P1 bob alice/none 0 XXX id=X2 initiator=9 dry_run=yes      reject initiator_unknown
deliver  4 5 P1 bob alice/none 0 XXX id=X2 dry_run=yes                  reject dry_run_between_shards
deliver  4 5 P1 bob/main alice/none 1.00 USD id=X2                      reject remittance_malformed
deliver  4 5 P1 bob alice/none 1.00 USD                                 reject remittance_malformed
deliver  4 5 P1 bob/main alice/none 1.00 USD                            reject remittance_malformed
deliver  2 5 P1 bob/main alice/none 1.00 USD                            reject remittance_out_of_order
deliver  2 1 P1 bob/main alice/none 46116860184273879.04 EUR            remittance_refused for payee_account_not_found
deliver  2 2 P1 bob/main alice/old 46116860184273879.04 EUR             remittance_refused for payee_account_is_closed
deliver  2 3 P1 bob/main alice/main 46116860184273879.04 EUR            remittance_refused for payee_currency_mismatch
deliver  2 4 P1 bob/main alice/main 46116860184273879.04 USD            remittance_refused for balance_overflow
deliver  2 5 P1 bob/main alice/main 1.00 USD                            payment_received
