# SPDX-License-Identifier: Apache-2.0
# tick: lets time pass; what is due happens before it.
tick K1                                                     ticked
tick K1                                                     command_repeated of K1 ticked
tick K1 reference=x                                         reject id_reused first K1
tick K2 topic=commands                                      reject wrong_topic retry never
tick K2 id=absent                                           reject id_malformed retry never
tick K2 party=Alice                                         reject party_malformed
tick K2 party=alice                                         ticked                       # a party may stand there
tick K3 initiator=9                                         reject initiator_unknown
tick K3 group_id=malformed                                  reject group_id_malformed
tick K3 reference=a*65                                      reject reference_malformed
tick K3 dry_run=yes                                         ticked
tick K4 id_time=-8d                                         reject id_too_old
tick K5 id_time=+6m                                         reject id_too_new

# two faults at once
tick K6 topic=rails party=Alice                             reject wrong_topic
tick K6 initiator=9 dry_run=yes                             reject initiator_unknown
tick K9 dry_run=yes id_time=-8d                             reject id_too_old

# time that goes back is the time that was
party    alice
account  alice/main USD
account  alice/save USD
funds    alice/main 1.00 USD ref-1
at       +1h
tick     ticked
at       -30m
hold     H1 alice/main alice/save 1.00 USD rent 60s         hold_created expires +60s    # from engine time, an hour on
at       +30m
at       +59999ms
tick     ticked
at       +1ms
tick     hold_expired H1 ticked
status   H1 expired
