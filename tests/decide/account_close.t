# SPDX-License-Identifier: Apache-2.0
# account_close: an empty account without open holds on either side is closed, for good.
party    alice
party    bob
account  alice/main USD
account  alice/spare USD
account  bob/main USD
funds    alice/main 10.00 USD ref-1

# shape
close    C1 alice party=alice                               reject account_malformed
close    C1 @bank/USD party=alice                           reject account_malformed
close    C1 bob/main party=alice                            reject account_of_another_party

# objects, their state, balance
close    C2 alice/nowhere                                   reject account_not_found retry new_id
close    C3 alice/spare                                     account_closed
balance  alice/spare posted 0 available 0 closed
close    C3 alice/spare                                     command_repeated of C3 account_closed
close    C3 alice/main                                      reject id_reused first C3
close    C4 alice/spare                                     reject account_is_closed retry never
hold     H1 alice/main bob/main 4.00 USD tip 60s
close    C5 alice/main                                      reject account_has_holds retry new_id
close    C6 bob/main                                        reject account_has_holds     # it would be paid
release  H1
close    C7 alice/main                                      reject account_not_empty available 10.00 USD retry new_id
transfer alice/main bob/main 10.00 USD
close    C8 alice/main                                      account_closed
close    C9 bob/main                                        reject account_not_empty available 10.00 USD

# two faults at once
close    C10 bob party=alice id_time=-8d                    reject account_malformed
close    C10 alice/nowhere id_time=-8d                      reject id_too_old
close    C7 alice/nowhere                                   reject id_reused first C7
hold     H2 bob/main alice/main 1.00 USD tip 60s            reject payee_account_is_closed
account  alice/next USD
hold     H3 bob/main alice/next 1.00 USD tip 60s
close    C11 bob/main                                       reject account_has_holds     # and it is not empty

# the end of its holds frees the payee's account
account  alice/loan USD
hold     H4 bob/main alice/loan 9.00 USD tip 60s
at       +60s
close    C12 alice/loan                                     hold_expired H3 hold_expired H4 account_closed
