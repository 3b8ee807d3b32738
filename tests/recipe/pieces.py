# SPDX-License-Identifier: Apache-2.0
"""What is added to the tree for one command, read from a file of pieces, and put into a copy of it or left out."""
import dataclasses
import re


@dataclasses.dataclass
class Piece:
    path: str
    where: str  # new, before, behind, end, within
    anchor: str
    text: str

    def title(self):
        first = next((line.strip() for line in self.text.splitlines() if line.strip()), self.anchor)
        return self.path if self.where == "new" else f"{self.path}: {first[:60]}"


def read(path):
    pieces, file, is_new = [], None, False
    for line in path.read_text(encoding="utf-8").splitlines(keepends=True):
        opening = re.match(r"=== (new|into) (\S+)$", line.strip())
        inner = re.match(r"--- (before|behind|end|within)(?: (.*))?$", line.strip())
        if opening:
            is_new, file = opening.group(1) == "new", opening.group(2)
            if is_new:
                pieces.append(Piece(file, "new", "", ""))
        elif file and not is_new and inner:
            pieces.append(Piece(file, inner.group(1), inner.group(2) or "", ""))
        elif file and pieces[-1].path == file:
            pieces[-1].text += line
    last = {piece.path: piece for piece in pieces}
    for piece in last.values():  # the empty line before the next file is not of this one
        piece.text = piece.text.rstrip("\n") + "\n"
    return pieces


def put(text, piece):
    """The file's text with one piece more."""
    if piece.where == "new":
        return piece.text
    if piece.where == "end":
        return text + piece.text
    if piece.where == "within":
        old, new = piece.anchor.split(" | ")
        if text.count(old) != 1:
            raise SystemExit(f"{piece.path}: \"{old}\" does not stand there once: change the file of pieces")
        return text.replace(old, new)
    lines = text.splitlines(keepends=True)
    found = [number for number, line in enumerate(lines) if piece.anchor in line]
    if len(found) != 1:
        raise SystemExit(f"{piece.path}: \"{piece.anchor}\" stands there {len(found)} times, not once: change the file of pieces")
    at = found[0] + (piece.where == "behind")
    return "".join(lines[:at] + [piece.text] + lines[at:])


def written(original, pieces):
    """original: the file's text before, None where it was not there. None again: it is not there with these pieces either."""
    text = original
    for piece in pieces:
        text = put(text, piece)
    return text
