# SPDX-License-Identifier: Apache-2.0
"""The tables of docs/reference/rejects.md, from the contract."""
import re

ROWS = re.compile(r"^(?:\| \d+ \| .*\n)+", re.M)


def row(reject):
    carries = ", ".join(f"`{field}`" for field in reject.carries)
    texts = " | ".join(text[0].upper() + text[1:] for text in (reject.text, reject.advice))
    return f"| {reject.number} | `{reject.name}` | {reject.retry} | {texts} | {carries} |\n"


def rejects_page(text, rejects):
    """A table holds the rejects from its first number to that of the next table."""
    firsts = [int(re.match(r"\| (\d+)", table).group(1)) for table in ROWS.findall(text)]
    ends = iter(zip([0] + firsts[1:], firsts[1:] + [1 << 31]))

    def rows(_):
        begin, end = next(ends)
        return "".join(row(reject) for reject in rejects if begin <= reject.number < end)

    return ROWS.sub(rows, text)
