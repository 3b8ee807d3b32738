#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What --help prints is made of plain texts: what is in them arrives, byte for byte, and what is wrong ends the build."""
import pathlib
import re
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMMON = "  --ledger URL  where\n                which\n  --shard S     one\n"
WELL = {
    "common": COMMON,
    "pinion": "usage: pinion SUBCOMMAND\n\n  put  puts \"it\"\n",
    "put": "usage: pinion put\n\n  --ledger\n  --own-name\n                its \\ own\n  --shard\n",
}


def made(texts):
    """(exit code, what was complained of, help.c)"""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        paths = [folder / f"{stem}.txt" for stem in texts]
        for path in paths:
            path.write_text(texts[path.stem])
        run = subprocess.run(
            [ROOT / "src/main/help/generate", folder, *paths], check=False, capture_output=True, text=True
        )
        output = folder / "help.c"
        return run.returncode, run.stderr, output.read_text() if output.exists() else ""


def printed(source, name):
    """What a compiler makes of the literals."""
    body = re.search(rf"^const char help_{name}\[\] =\n(.*?);\n", source, re.M | re.S)[1]
    text = "".join(re.findall(r'^\t"(.*)"$', body, re.M))
    return text.replace("\\n", "\n").replace('\\"', '"').replace("\\\\", "\\")


def refused(said, **changed):
    code, complaint, source = made(WELL | changed)
    assert code != 0 and said in complaint and not source, (changed, code, complaint)


def main():
    code, complaint, source = made(WELL)
    assert code == 0, complaint
    assert printed(source, "pinion") == WELL["pinion"]
    assert printed(source, "put") == (
        "usage: pinion put\n\n  --ledger URL  where\n                which\n"
        "  --own-name\n                its \\ own\n  --shard S     one\n"
    )
    refused("put.txt: --lodger has no text", put=WELL["put"].replace("--ledger", "--lodger"))
    refused("no subcommand takes --shard", put=WELL["put"].replace("  --shard\n", ""))
    refused("pinion.txt: does not name put", pinion="usage: pinion SUBCOMMAND\n")
    refused("common.txt: not an option", common="Options\n" + COMMON)
    refused("put.txt: the last line has no end", put=WELL["put"].rstrip("\n"))
    print("help texts arrive, and five kinds of wrong ones are refused")


if __name__ == "__main__":
    main()
