# SPDX-License-Identifier: Apache-2.0
"""A process whose standard output is a terminal."""
import os
import pty
import signal
import subprocess
import threading


def on_terminal(arguments, seconds, shows_errors, **options):
    """(its exit code, or None where it did not end in time; what the terminal showed). Whatever it has started ends with it."""
    ours, terminal = pty.openpty()
    child = subprocess.Popen(
        arguments, stdin=subprocess.DEVNULL, stdout=terminal, stderr=terminal if shows_errors else subprocess.DEVNULL,
        start_new_session=True, **options,
    )
    os.close(terminal)
    shown = []

    def read():
        try:
            while more := os.read(ours, 65536):
                shown.append(more)
        except OSError:  # the other end is closed
            pass

    reader = threading.Thread(target=read)
    reader.start()
    code = None
    try:
        code = child.wait(seconds)
    except subprocess.TimeoutExpired:
        pass
    finally:
        try:
            os.killpg(child.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        child.wait()
        reader.join()
        os.close(ours)
    return code, b"".join(shown).decode(errors="replace").replace("\r\n", "\n")
