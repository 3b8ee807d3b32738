# SPDX-License-Identifier: Apache-2.0
"""Pinion's wire contract as Python classes: command_pb2, event_pb2, and one for each other file of it.

They are made from proto/ each time, into a folder that is removed at once. A service of your own
makes them when it is built, with the same command:

    protoc -I proto --python_out=. proto/pinion/v1/*.proto

Needs the Debian packages protobuf-compiler and python3-protobuf.
"""
import importlib
import pathlib
import subprocess
import sys
import tempfile

PROTO = pathlib.Path(__file__).resolve().parents[2] / "proto"
NAMES = sorted(path.stem for path in (PROTO / "pinion/v1").glob("*.proto"))


def _classes():
    with tempfile.TemporaryDirectory(prefix="pinion-contract-") as folder:
        subprocess.run(
            ["protoc", "-I", PROTO, "--python_out", folder]
            + [f"pinion/v1/{name}.proto" for name in NAMES],
            check=True,
        )
        sys.path.insert(0, folder)
        try:
            return {f"{name}_pb2": importlib.import_module(f"pinion.v1.{name}_pb2") for name in NAMES}
        finally:
            sys.path.remove(folder)


globals().update(_classes())
