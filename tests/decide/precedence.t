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
