# SPDX-License-Identifier: Apache-2.0
# account_open: a party opens accounts of its own, each in one currency.
party   alice
account A1 alice/main USD                                   account_opened
account A2 alice/yen JPY liability                          account_opened
account A3 alice/a.b-c_9 KWD                                account_opened
account A4 alice/a*32 EUR                                   account_opened
balance alice/main posted 0 pending 0 available 0 incoming 0
rows    account 4

# shape
account A5 alice USD party=alice                            reject account_malformed retry never
account A5 alice/ USD party=alice                           reject account_malformed
account A5 /main USD party=alice                            reject account_malformed
account A5 alice/main/x USD                                 reject account_malformed
account A5 alice/Main USD                                   reject account_malformed
account A5 alice/a*33 USD                                   reject account_malformed
account A5 a*65/main USD party=alice                        reject account_malformed
account A5 @bank/USD USD party=alice                        reject account_malformed     # the platform's own
account A5 bob/main USD party=alice                         reject account_of_another_party retry never
account A5 alic/main USD party=alice                        reject account_of_another_party
account A5 alice/new USD account_class=3                    reject account_class_unsupported retry never
account A5 alice/new USD account_class=-1                   reject account_class_unsupported
account A5 alice/new USD account_class=1                    reject account_class_unsupported  # asset: for the platform alone
account A5 alice/new XXX                                    reject currency_unknown retry never
account A5 alice/new usd                                    reject currency_unknown
account A5 alice/new currency=                              reject currency_unknown

# id
account A1 alice/main USD                                   command_repeated of A1 account_opened
account A1 alice/main EUR                                   reject id_reused first A1

# objects
account A6 bob/main USD                                     reject party_not_found retry new_id
account A7 alice/main USD                                   reject account_exists retry never
account A8 alice/main EUR                                   reject account_exists
close   alice/main
account A9 alice/main USD                                   reject account_exists        # a closed one too
party   bob
account A6 bob/main USD                                     command_repeated of A6 reject party_not_found
account B1 bob/main USD                                     account_opened               # under a new id

# two faults at once
account A10 bob USD party=alice account_class=9             reject account_malformed
account A10 bob/main XXX party=alice account_class=9        reject account_of_another_party
account A10 alice/new XXX account_class=9                   reject account_class_unsupported
account A10 alice/new XXX id_time=-8d                       reject currency_unknown
account A11 carol/new USD id_time=-8d                       reject id_too_old
account A6 alice/main USD                                   reject id_reused first A6
rows    account 5
