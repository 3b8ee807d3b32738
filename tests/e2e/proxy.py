# SPDX-License-Identifier: Apache-2.0
"""The network between processors and the broker, as a process of its own: one proxy for each.

    proxy.py SOCKET TIMEOUT_MS LISTEN:TARGET...

SOCKET takes datagrams "NUMBER MODE", and answers each. NUMBER is a proxy's place on the command line:

    refuse              connections end, and new ones too
    silent              nothing gets through, either way; nothing ends, also where the broker does
    requests, answers   nothing gets through that way
    drop                what was held is lost, and the connections with it; all is well again
    pass                what was held goes on its way, also where its sender is gone by now: a late
                        request of a dead processor reaches the broker; all is well again

"NUMBER delay MS" makes the broker a distant one: from now on all takes MS longer each way, whatever the
mode. So does the making of a connection: its first request waits for one more round trip.

TIMEOUT_MS, if not 0, is the transaction time-out that the broker is told by processors: the number
in their InitProducerId requests is lowered to it. That is all that is ever changed.
"""
import collections
import selectors
import socket
import struct
import sys
import time

CHUNK = 1 << 18
HELD_MAX = 64 << 20
INIT_PRODUCER_ID = 22
HELD = {"pass": "", "refuse": "", "silent": "requests answers"}


class Timeouts:
    """Lowers the time-outs in a client's stream of requests."""

    def __init__(self, timeout_ms):
        self.timeout_ms, self.pending, self.whole = timeout_ms, bytearray(), 0

    def feed(self, data):
        """What may go on: all but a request that is not here as a whole yet."""
        if not self.timeout_ms:
            return data
        self.pending += data
        out = bytearray()
        while self.pending:
            if self.whole:
                out += self.pending[: self.whole]
                taken = min(self.whole, len(self.pending))
                del self.pending[:taken]
                self.whole -= taken
                continue
            if len(self.pending) < 6:
                break
            size, key = struct.unpack_from(">ih", self.pending)
            if key == INIT_PRODUCER_ID:
                if len(self.pending) < 4 + size:
                    break
                self._lower()
            self.whole = 4 + size
        return bytes(out)

    def _lower(self):
        """size, key, version, correlation id, client id, [tags,] transactional id, time-out"""
        request = self.pending
        version, _, client_size = struct.unpack_from(">hih", request, 6)
        at = 14 + max(client_size, 0)
        if version >= 2:
            if request[at] != 0:
                raise ValueError("tags in a request's header: not known here")
            size, at, shift = 0, at + 1, 0
            while True:
                byte = request[at]
                size, at, shift = size | (byte & 0x7F) << shift, at + 1, shift + 7
                if byte < 0x80:
                    break
            size -= 1
        else:
            (size,), at = struct.unpack_from(">h", request, at), at + 2
        if size < 0:
            return  # no transactional id
        (timeout_ms,) = struct.unpack_from(">i", request, at + size)
        struct.pack_into(">i", request, at + size, min(timeout_ms, self.timeout_ms))


class Flow:
    """One way of one connection. It always reads, also while held: who sent it may die."""

    def __init__(self, way, source, sink, feed):
        self.way, self.source, self.sink, self.feed = way, source, sink, feed
        self.under_way = collections.deque()  # (when it is here, bytes; none: the end)
        self.here_s = 0.0  # when the last of them is
        self.bytes = bytearray()
        self.is_read = False  # nothing more is sent
        self.is_ended = False  # nothing more comes
        self.is_lost = False  # nobody is there to take it

    def read(self, delay_s):
        try:
            data = self.source.recv(CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        self.is_read = not data
        self.here_s = max(self.here_s, time.monotonic() + delay_s)
        self.under_way.append((self.here_s, data))
        self.arrive()

    def arrive(self):
        while self.under_way and self.under_way[0][0] <= time.monotonic():
            _, data = self.under_way.popleft()
            if not data:
                self.is_ended = True
            elif not self.is_lost:
                self.bytes += self.feed(data)

    def write(self):
        try:
            del self.bytes[: self.sink.send(self.bytes[:CHUNK])]
        except BlockingIOError:
            return
        except OSError:
            self.lose()

    def lose(self):
        self.is_lost = True
        self.bytes.clear()

    def finish(self):
        """All that came has gone on: the sink is told."""
        try:
            self.sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        self.lose()


class Proxy:
    def __init__(self, selector, listen, target, timeout_ms):
        self.selector, self.target, self.timeout_ms = selector, target, timeout_ms
        self.mode, self.delay_s, self.pairs = "pass", 0.0, []
        self.listener = socket.create_server(("127.0.0.1", listen), backlog=128)
        self.listener.setblocking(False)
        selector.register(self.listener, selectors.EVENT_READ, self.accept)

    def accept(self, _):
        try:
            client, _ = self.listener.accept()
        except OSError:
            return  # it is gone already
        if self.mode == "refuse":
            client.close()
            return
        server = socket.socket()
        for one in client, server:
            one.setblocking(False)
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        server.connect_ex(("127.0.0.1", self.target))
        pair = [
            Flow("requests", client, server, Timeouts(self.timeout_ms).feed),
            Flow("answers", server, client, bytes),
        ]
        pair[0].here_s = time.monotonic() + 3 * self.delay_s
        self.pairs.append(pair)
        self.watch(pair)

    def is_held(self, flow):
        return flow.way in HELD.get(self.mode, self.mode)

    def watch(self, pair):
        """Asks the selector for what this pair waits for. A client that ended may have requests
        here that still go on; a broker that ended may have answers here."""
        requests, answers = pair
        if requests.is_ended and not answers.is_lost:
            answers.lose()
        if requests.is_ended and not requests.bytes and not requests.is_lost:
            requests.finish()
        if answers.is_ended and not answers.bytes and not self.is_held(answers):
            self.close(pair)
            return
        for flow, other in (requests, answers), (answers, requests):
            wanted = 0
            if not flow.is_read and len(flow.bytes) < HELD_MAX:
                wanted |= selectors.EVENT_READ
            if other.bytes and not self.is_held(other):
                wanted |= selectors.EVENT_WRITE
            self.ask(
                flow.source, wanted, lambda events, f=flow, o=other: self.on(pair, f, o, events)
            )

    def ask(self, one, wanted, then):
        is_there = one in self.selector.get_map()
        if wanted and is_there:
            self.selector.modify(one, wanted, then)
        elif wanted:
            self.selector.register(one, wanted, then)
        elif is_there:
            self.selector.unregister(one)

    def on(self, pair, flow, other, events):
        """The socket that is the source of one way is the sink of the other."""
        if pair not in self.pairs:
            return
        if events & selectors.EVENT_READ:
            flow.read(self.delay_s)
        if events & selectors.EVENT_WRITE:
            other.write()
        self.go_on(pair)

    def go_on(self, pair):
        for way in pair:
            if way.bytes and not self.is_held(way):
                way.write()
        self.watch(pair)

    def arrive(self):
        """What is here by now goes on. Returns when more will be; None: nothing is under way."""
        for pair in list(self.pairs):
            if any(way.under_way for way in pair):
                for way in pair:
                    way.arrive()
                self.go_on(pair)
        return min(
            (way.under_way[0][0] for pair in self.pairs for way in pair if way.under_way), default=None
        )

    def close(self, pair):
        self.pairs.remove(pair)
        for flow in pair:
            self.ask(flow.source, 0, None)
            flow.source.close()

    def set(self, mode):
        if mode in ("refuse", "drop"):
            for pair in list(self.pairs):
                self.close(pair)
        self.mode = "pass" if mode == "drop" else mode
        for pair in list(self.pairs):
            self.watch(pair)


def main():
    path, timeout_ms, *places = sys.argv[1:]
    selector = selectors.DefaultSelector()
    proxies = [
        Proxy(selector, *map(int, place.split(":")), timeout_ms=int(timeout_ms)) for place in places
    ]
    control = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    control.bind(path)

    def command(_):
        data, asker = control.recvfrom(64)
        number, mode, *rest = data.decode().split()
        if mode == "delay":
            proxies[int(number)].delay_s = int(rest[0]) / 1000
        else:
            proxies[int(number)].set(mode)
        control.sendto(b"done", asker)

    selector.register(control, selectors.EVENT_READ, command)
    while True:
        whens = [when for when in (proxy.arrive() for proxy in proxies) if when is not None]
        wait_s = max(0.0, min(whens) - time.monotonic()) if whens else None
        for key, events in selector.select(wait_s):
            key.data(events)


if __name__ == "__main__":
    main()
