# SPDX-License-Identifier: Apache-2.0
"""That the network between processors and the broker does what is wanted of it."""
import pathlib
import socket
import struct
import sys
import threading
import time

from harness import Room, check, wait_for

TIMEOUT_MS = 7000


class Network:
    """proxy.py as a process: a proxy for each pair of ports."""

    def __init__(self, room, timeout_ms, pairs):
        path = room.folder / "network"
        self.process = room.start(
            "network",
            sys.executable,
            "-B",
            pathlib.Path(__file__).with_name("proxy.py"),
            path,
            timeout_ms,
            *(f"{listen}:{target}" for listen, target in pairs),
        )
        wait_for("the network is there", lambda: path.exists() or not self.process.is_alive())
        self.look()
        self.control = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.control.settimeout(30)
        self.control.bind(str(room.folder / "network-answers"))
        self.control.connect(str(path))
        self.lock = threading.Lock()

    def look(self):
        check(self.process.is_alive(), f"the network ended: {self.process.said()}")

    def set(self, number, mode):
        """It is so when this returns."""
        with self.lock:
            self.control.send(f"{number} {mode}".encode())
            self.control.recv(8)


def init_producer(version, transactional_id, timeout_ms):
    """An InitProducerId request as a client sends it."""
    head = struct.pack(">hhih", 22, version, 5, 6) + b"client"
    if version >= 2:
        size = bytes([len(transactional_id) + 1]) if transactional_id else b"\0"
        head += b"\0" + size + transactional_id
    else:
        size = len(transactional_id) or -1
        head += struct.pack(">h", size) + transactional_id
    body = head + struct.pack(">i", timeout_ms) + bytes(11)
    return struct.pack(">i", len(body)) + body


def other(size):
    """A request of another kind, whose body looks like the start of one of those."""
    body = struct.pack(">hhi", 0, 9, 1) + init_producer(4, b"x", 45000) * (size // 20 + 1)
    return struct.pack(">i", len(body)) + body


class Place:
    """A broker of sorts behind a proxy, and a client before it."""

    def __init__(self, network, server, port):
        self.network, self.server, self.port = network, server, port

    def pair(self):
        client = socket.create_connection(("127.0.0.1", self.port), 10)
        served, _ = self.server.accept()
        served.settimeout(10)
        return client, served


def silent(one, seconds=0.3):
    """Nothing comes, no end either."""
    one.settimeout(seconds)
    try:
        one.recv(1)
    except TimeoutError:
        return True
    except ConnectionResetError:
        pass
    finally:
        one.settimeout(10)
    return False


def received(one, size):
    data = b""
    while len(data) < size:
        part = one.recv(size - len(data))
        check(part, f"the connection ended after {len(data)} of {size} bytes")
        data += part
    return data


def port_free():
    with socket.create_server(("127.0.0.1", 0)) as one:
        return one.getsockname()[1]


def timeouts_check(place):
    """Only a transactional producer's number is lowered, wherever its request is cut in two."""
    given = [
        other(100),
        init_producer(4, b"ledger-shard-0", 45000),
        init_producer(1, b"ledger-shard-1", 45000),
        init_producer(4, b"", 45000),
        init_producer(4, b"ledger-shard-2", 3000),
        other(300000),
        init_producer(2, b"t" * 100, 45000),
    ]
    wanted = b"".join(given).replace(given[1], init_producer(4, b"ledger-shard-0", TIMEOUT_MS))
    wanted = wanted.replace(given[2], init_producer(1, b"ledger-shard-1", TIMEOUT_MS))
    wanted = wanted[: -len(given[6])] + init_producer(2, b"t" * 100, TIMEOUT_MS)
    client, served = place.pair()
    data = b"".join(given)
    for at in range(0, 700):
        client.send(data[at : at + 1])
    client.sendall(data[700:])
    check(received(served, len(data)) == wanted, "other bytes came than were wanted")
    served.close()
    check(client.recv(1) == b"", "the broker's end is not told")


def cuts_check(place):
    client, served = place.pair()
    request, answer = other(10), b"answer"

    place.network.set(0, "answers")
    client.sendall(request)
    check(received(served, len(request)) == request, "a request, only answers held")
    served.sendall(answer)
    check(silent(client), "an answer came through")
    place.network.set(0, "pass")
    check(received(client, len(answer)) == answer, "the answer that was held")

    place.network.set(0, "requests")
    client.sendall(request)
    check(silent(served), "a request came through")
    # It dies at once, as by kill -9; its request arrives all the same.
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()
    check(silent(served), "the broker is told before the request")
    place.network.set(0, "pass")
    check(received(served, len(request)) == request, "the request of a dead client")
    check(served.recv(1) == b"", "and then its end")
    served.close()

    client, served = place.pair()
    place.network.set(0, "silent")
    client.sendall(request)
    check(silent(served), "a request came through")
    place.network.set(0, "drop")
    check(served.recv(1) == b"" and ended(client), "what was held is lost, and the connection ends")

    client, served = place.pair()
    place.network.set(0, "silent")
    served.close()
    check(silent(client), "the end of a broker is told, though all is silent")
    place.network.set(0, "drop")
    check(ended(client), "the connection to a dead broker ends at last")

    client, served = place.pair()
    place.network.set(0, "refuse")
    check(served.recv(1) == b"" and ended(client), "a connection goes on")
    check(ended(socket.create_connection(("127.0.0.1", place.port), 10)), "a new one is taken")
    place.network.set(0, "pass")
    client, served = place.pair()
    check(silent(client) and silent(served), "no new connection is taken again")


def delay_check(place):
    """Each way takes so much longer, in order; a connection is made in a round trip, too."""
    place.network.set(0, "delay 150")
    client, served = place.pair()
    began = time.monotonic()
    for part in (other(10), other(20)):
        client.sendall(part)
        check(received(served, len(part)) == part, "what was sent before or after")
    took = time.monotonic() - began
    check(took > 0.5, f"two requests on a new connection, in a row, are there after {took:.3f} s")
    began = time.monotonic()
    served.sendall(b"answer")
    served.close()
    check(received(client, 6) == b"answer" and ended(client), "an answer, and then the end")
    check(time.monotonic() - began >= 0.15, "an answer is there at once")
    place.network.set(0, "delay 0")


def ended(client):
    try:
        return client.recv(1) == b""
    except ConnectionResetError:
        return True


def network(_):
    with Room("network") as room, socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)
        port = port_free()
        with_timeouts = Network(room, TIMEOUT_MS, [(port, server.getsockname()[1])])
        place = Place(with_timeouts, server, port)
        timeouts_check(place)
        cuts_check(place)
        delay_check(place)
        with_timeouts.look()
        return "requests and answers held, lost, late, delayed; time-outs lowered"
