# SPDX-License-Identifier: Apache-2.0
"""Every command that README and docs show, run as a newcomer pastes it.

The pages are taken in order, each in a shell of its own, whose standard output is a terminal, in a
fresh copy of the checkout with `build` as it stands. What is in a block, is by its first line:

    ```sh             run; every command must end with 0
    ```text output    what the block before prints: ids, hashes and times may differ, and a line of
                      three dots stands for any lines; ```json output: all numbers may differ
    ```text           neither; so is any other language

A comment on the line before a block says what the test needs to know of it:

    <!-- test: not run: REASON -->    as few as possible; REASON names the test that does it
    <!-- test: exit 1 -->             its last command ends with 1
    <!-- test: broker -->             it needs Kafka: broker-1:9092 is then the tests' own, its prefixes fresh ones
    <!-- test: 1000000 is 2000 -->    what would take too long

`/tmp/` is a folder of the test. What a block leaves running is ended with its page.
"""
import os
import pathlib
import re
import secrets
import shutil
import subprocess

from harness import BINARY, BROKER, ROOT, Failure, NoBroker, Room, check
from terminal import on_terminal

PAGE_SECONDS = 300


class Block:
    """A fenced block of a page, and what its comment says."""

    def __init__(self, page, line, info, text, said):
        self.page, self.line, self.info, self.text = page, line, info, text
        self.place = f"{page}:{line}"
        self.exit, self.needs_broker, self.reason, self.instead = 0, False, "", []
        if said.startswith("not run: "):
            said, self.reason = "", said[9:]
        for part in re.split(r"; +", said) if said else []:
            if re.fullmatch(r"exit \d+", part):
                self.exit = int(part[5:])
            elif part == "broker":
                self.needs_broker = True
            elif " is " in part:
                self.instead.append(part.split(" is "))
            else:
                check(False, f"{self.place}: the test does not know \"{part}\"")
        check(info, f"{self.place}: a block without a language: sh is run, text is not")
        check(info == "sh" or not (said or self.reason), f"{self.place}: only of a block of sh something is said")

    def is_run(self):
        return self.info == "sh" and not self.reason


def blocks_of(page):
    found, lines = [], (ROOT / page).read_text(encoding="utf-8").splitlines()
    at, said = 0, ""
    while at < len(lines):
        fence = re.match(r"^```(.*)$", lines[at])
        if fence:
            end = lines.index("```", at + 1)
            found.append(Block(page, at + 1, fence[1].strip(), lines[at + 1 : end], said))
            at = end
        comment = re.fullmatch(r"<!-- test: (.*) -->", lines[at])
        said = comment[1] if comment else ""
        at += 1
    return found


def pages():
    docs = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md"))
    return ["README.md", *docs]


def shape(line, is_json=False):
    """Figures in words are the same ones each time; in JSON a recovery moves terms and offsets."""
    line = re.sub(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\b[0-9a-f]{32,}\b", "ID", line)
    line = re.sub(r"\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\b", "TIME", line)
    if is_json:
        line = re.sub(r"\d+", "N", line)
    return re.sub(r"\s+", " ", line).strip()


def shows(block, printed):
    """The first line of the block that is not in what was printed, in order; None: all are."""
    is_json = block.info.startswith("json")
    rest = iter([shape(line, is_json) for line in printed.splitlines()])
    for line in block.text:
        wanted = shape(line, is_json)
        if wanted not in ("", "...") and not any(wanted == other for other in rest):
            return line
    return None


def checkout(room):
    """What a clone would hold, with what is not committed yet, and the build under test."""
    folder = room.folder / "checkout"
    listed = subprocess.run(
        ["git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        check=True, capture_output=True,
    ).stdout.decode()
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    binary = pathlib.Path(BINARY).resolve()
    if (binary.parents[1] / "build.ninja").is_file():
        (folder / "build").symlink_to(binary.parents[1])
    else:
        (folder / "build/src").mkdir(parents=True)
        (folder / "build/src/pinion").symlink_to(binary)
    (room.folder / "tmp").mkdir()
    (room.folder / "bin").mkdir()
    (room.folder / "bin/pinion").symlink_to(binary)
    return folder


def script(room, blocks, prefix):
    """Between the blocks' outputs a line with a character that none prints."""
    text = ["set -e"]
    for number, block in enumerate(blocks):
        lines = "\n".join(block.text)
        for old, new in block.instead:
            check(old in lines, f"{block.place}: it does not hold \"{old}\"")
            lines = lines.replace(old, new)
        lines = re.sub(r"(?<![\w./])/tmp/", f"{room.folder}/tmp/", lines)
        if block.needs_broker:
            address = BROKER.need()
            lines = re.sub(r"kafka://broker-[\w.:,-]*/", f"kafka://{address}/{prefix}-", lines)
            lines = re.sub(r"\bbroker-1:9092(,broker-\d:9092)*", address, lines)
        text.append(f"printf '\\036{number}\\n'")
        if block.exit:
            text.append(f"set +e\n{lines}\ncode=$?\nset -e\n[ $code = {block.exit} ]")
        else:
            text.append(lines)
    text.append("printf '\\036end\\n'")
    path = room.folder / "page.sh"
    path.write_text("\n".join(text) + "\n")
    return path


def play(room, folder, blocks, prefix):
    """What each block printed; the last one that began, where the page did not come to its end."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PINION_")}
    environment.update(
        TMPDIR=f"{room.folder}/tmp", PATH=f"{room.folder}/bin:{os.environ['PATH']}", TERM="xterm"
    )
    _, text = on_terminal(
        ["bash", script(room, blocks, prefix)], PAGE_SECONDS, shows_errors=True, cwd=folder, env=environment
    )
    parts = re.split(r"\x1e(\w+)\n", text)
    return {number: said for number, said in zip(parts[1::2], parts[2::2])}


def page_run(room, folder, page):
    blocks = blocks_of(page)
    run = [block for block in blocks if block.is_run()]
    try:
        outputs = play(room, folder, run, f"docs-{secrets.token_hex(4)}") if run else {"end": ""}
    except NoBroker:
        print(f"SKIPPED {page}: no Kafka broker", flush=True)
        return 0
    if "end" not in outputs:
        last = run[int(max(outputs, key=int))]
        raise Failure(
            f"{last.place}: did not end well, or not in time; it printed: "
            f"{outputs[str(run.index(last))][-1500:]}"
        )
    before = None
    for block in blocks:
        if block.is_run():
            before = outputs[str(run.index(block))]
        elif block.info == "sh":
            before = None
        elif block.info.endswith(" output") and before is not None:
            missing = shows(block, before)
            check(missing is None, f"{block.place}: \"{missing}\" is not what was printed: {before}")
    return len(run)


def help_of(folder, *subcommand):
    return subprocess.run(
        [folder / "build/src/pinion", *subcommand, "--help"], check=True, capture_output=True, text=True
    ).stdout


def mentions_are_true(folder):
    """Options named with a subcommand are its own, paths of scripts are there, and help is what is shown."""
    helps = {}
    for page in pages():
        text = (folder / page).read_text(encoding="utf-8")
        for block in blocks_of(page):
            usage = re.match(r"usage: pinion ([a-z]+) ", block.text[0]) if block.text else None
            if usage:
                shown = "\n".join(block.text) + "\n"
                check(shown == help_of(folder, usage[1]), f"{block.place}: not what --help prints")
        for code in re.findall(r"`([^`\n]+)`", text) + re.findall(r"^(?!\s*#)(.*)$", text, re.M):
            for name, rest in re.findall(r"(?:^|[\s/])pinion ([a-z]+)\b([^|;&`]*)", code):
                if name in ("init", "run", "follow", "submit", "tail", "show", "verify", "snapshot", "bench"):
                    helps.setdefault(name, help_of(folder, name))
                    for option in re.findall(r"(?<!\S)--[a-z-]+", rest):
                        check(option in helps[name], f"{page}: pinion {name} has no {option}: {code}")
        for code in re.findall(r"`((?:tests|deploy)/[\w/.-]+)(?: [^`\n]*)?`", text):
            check((folder / code).exists(), f"{page}: there is no {code}")


def docs(_):
    with Room("docs") as room:
        folder = checkout(room)
        mentions_are_true(folder)
        count, left = 0, []
        for page in pages():
            count += page_run(room, folder, page)
            left += [block.place for block in blocks_of(page) if block.reason]
        check(count >= 4, f"only {count} blocks were run")
        return f"{count} blocks run; not run, each with its reason: {', '.join(left) or 'none'}"


def quickstart(room, *arguments):
    """What it prints into a pipe: words, one event as JSON, and what was verified."""
    folder = checkout(room)
    done = subprocess.run(
        ["deploy/quickstart", *arguments], cwd=folder, capture_output=True, text=True, timeout=PAGE_SECONDS,
        check=False, env={**os.environ, "TMPDIR": f"{room.folder}/tmp"},
    )
    check(done.returncode == 0, f"exit {done.returncode}: {done.stdout[-1000:]}{done.stderr[-1000:]}")
    lines = done.stdout.splitlines()
    check(sum(line.startswith("{") for line in lines) == 1, f"not one event as JSON: {done.stdout}")
    said = [line for line in lines if re.match(r" +\d+  (posted|REJECTED|repeated)  ", line)]
    day = (folder / "docs/examples/day.jsonl").read_text(encoding="utf-8")
    check(len(said) == day.count("\n"), f"{len(said)} outcomes in words: {done.stdout}")
    check(re.search(r"^verified: \d+ events\b", done.stdout, re.M), f"not verified: {done.stdout}")
    check(not list((room.folder / "tmp").iterdir()), "it left something behind")
    return f"{len(said)} outcomes in words"


def quickstart_embedded(_):
    with Room("quickstart") as room:
        return quickstart(room)


def quickstart_kafka(_):
    BROKER.need()
    with Room("quickstart") as room:
        return quickstart(room, "--kafka")
