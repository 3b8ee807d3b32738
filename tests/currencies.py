#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""src/ledger/currencies.def against ISO 4217 as Debian's package iso-codes has it.

That list is older than ours and has no minor units: what differs is named here, each with why.
"""
import json
import pathlib
import re
import sys

LIST = pathlib.Path("/usr/share/iso-codes/json/iso_4217.json")
HERE = pathlib.Path(__file__).resolve().parent
ADDED = {"XCG": 532, "ZWG": 924}  # since Debian's list
WITHDRAWN = set("ANG BGN CUC HRK SLL ZWL".split())  # since then
FUNDS = set("BOV CHE CHW CLF COU MXV USN UYI UYW".split())
NO_MINOR_UNITS = set("XAG XAU XBA XBB XBC XBD XDR XPD XPT XSU XTS XUA XXX".split())
EXPONENTS = {
    **dict.fromkeys("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF".split(), 0),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
}


def main():
    if not LIST.is_file():
        print(f"SKIPPED: {LIST} is not there: install the package iso-codes")
        return 77
    listed = {one["alpha_3"]: int(one["numeric"]) for one in json.loads(LIST.read_text())["4217"]}
    wanted = {
        code: number
        for code, number in {**listed, **ADDED}.items()
        if code not in WITHDRAWN | FUNDS | NO_MINOR_UNITS
    }
    text = (HERE / "../src/ledger/currencies.def").read_text()
    lines = re.findall(r"^CURRENCY\((\w+), (\d+), (\d)\)$", text, re.M)
    ours = {code: int(number) for code, number, _ in lines}
    wrong = [f"{code} is missing, number {wanted[code]}" for code in wanted.keys() - ours.keys()]
    wrong += [f"{code} is on no list" for code in ours.keys() - wanted.keys()]
    wrong += [
        f"{code} has number {ours[code]}, not {wanted[code]}"
        for code in ours.keys() & wanted.keys()
        if ours[code] != wanted[code]
    ]
    wrong += [
        f"{code} has exponent {exponent}, not {EXPONENTS.get(code, 2)}"
        for code, _, exponent in lines
        if int(exponent) != EXPONENTS.get(code, 2)
    ]
    if [code for code, _, _ in lines] != sorted(ours):
        wrong.append("they are not in alphabetic order")
    print("\n".join(sorted(wrong)) or f"{len(ours)} currencies")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
