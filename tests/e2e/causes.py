# SPDX-License-Identifier: Apache-2.0
"""A cluster that can't be used: the first words name the cause, and it takes no long."""
import re
import time
from concurrent import futures

import guarded
from harness import BINARY, Room, check

SECONDS = 9  # of a few: a machine at full load takes its time
SUBCOMMANDS = (["tail"], ["submit"], ["verify"], ["show", "a"], ["init", "--shards", "1"], ["run"])


def cases(broker):
    """(listener or address, what of the client's properties is other, the first words)"""
    plain = dict(
        security_protocol="PLAINTEXT", sasl_mechanism=None, sasl_username=None, sasl_password=None,
        ssl_ca_location=None,
    )
    certificates = broker.certificates
    mutual = {**plain, "security_protocol": "SSL", "ssl_ca_location": certificates.authority}
    stranger = certificates.make("stranger-client", authority="stranger")
    yield "SASL", {"sasl_password": "wrong"}, "authentication failed: "
    yield "SASL", {"sasl_username": "nobody"}, "authentication failed: "
    yield (
        "SASL", {"ssl_ca_location": certificates.stranger},
        "the broker's certificate is not signed by an authority of ssl.ca.location: ",
    )
    yield "EXPIRED", {}, "the broker's certificate has expired: "
    yield "OTHER", {}, "the broker's certificate is for another host name: "
    yield "SASL", {"sasl_mechanism": "SCRAM-SHA-256"}, "the broker does not take this SASL mechanism"
    yield "SASL", {"sasl_mechanism": "SCRAM-SHA-512"}, "authentication failed (SCRAM of a librdkafka"
    yield "localhost:1", plain, "connection refused: "
    yield "localhost:1,localhost:2", plain, "connection refused: "
    yield "nowhere.invalid:9092", plain, "the host name can't be resolved: "
    yield broker.broker.address, {}, "TLS failed (does the port speak TLS?): "
    yield "SASL", plain, "the port hung up (does it speak TLS?): "
    yield "OPEN", plain, "the port hung up (does it want SASL?): "
    yield (
        broker.broker.address, {"security_protocol": "SASL_PLAINTEXT"},
        "the broker wants no SASL on this port: ",
    )
    yield "MUTUAL", mutual, "the broker wants another client certificate: "
    yield (
        "MUTUAL", {**mutual, "ssl_certificate_location": stranger, "ssl_key_location": stranger},
        "the broker refuses the client certificate: ",
    )


def causes_kafka(_):
    broker = guarded.broker()
    with Room("causes") as room:

        def call(subcommand, listener, changed):
            at = broker.ports.get(listener)
            servers = f"localhost:{at}" if at else listener
            began = time.monotonic()
            process = room.start(
                subcommand[0], BINARY, *subcommand, "--ledger", f"kafka://{servers}/causes",
                "--kafka-config", broker.client("user0", **changed),
                *(["--state", room.folder / "state"] if subcommand[0] in ("run", "init") else []),
                text="",
            )
            code = process.exit_code(60)
            return code, time.monotonic() - began, process.err.read_text(errors="replace")

        # Every subcommand opens the log by the same call: each takes its turn.
        asked = [
            (SUBCOMMANDS[number % len(SUBCOMMANDS)], *case)
            for number, case in enumerate(cases(broker))
        ]
        with futures.ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda one: call(*one[:3]), asked))
        for (subcommand, listener, _, words), (code, seconds, said) in zip(asked, answers):
            what = f"{subcommand[0]} on {listener}, {words!r}: {seconds:.1f} s, exit {code}: {said}"
            check(code == 3, what)
            lines = [line for line in said.splitlines() if not line.startswith("waiting for ")]
            check(lines and re.match(rf"([\dT:.-]+Z error +)?pinion: {re.escape(words)}", lines[-1]), what)
            check(said.endswith(")\n"), f"cut off: {what}")
            check(seconds < SECONDS, f"slow: {what}")

        # One bad broker of two is no reason to give up.
        both = f"localhost:{broker.ports['EXPIRED']},localhost:{broker.ports['SASL']}"
        for _ in range(3):
            said = call(["tail"], both, {})[2]
            check("xpired" not in said, f"the other broker is not asked: {said}")
        said = call(
            ["tail"], "SASL",
            {"ssl_ca_location": broker.certificates.stranger,
             "enable_ssl_certificate_verification": "false"},
        )[2]
        check("certificate" not in said, f"verification was switched off: {said}")
        room.start(
            "init", BINARY, "init", "--shards", "1",
            "--ledger", f"kafka://{broker.broker.address}/scram",
        ).exit_code()
        opened = room.start(
            "tail", BINARY, "tail", "--ledger", f"kafka://{broker.broker.address}/scram",
            "--kafka-config",
            broker.client("user0", security_protocol="PLAINTEXT", sasl_mechanism="SCRAM-SHA-512"),
        )
        check(
            opened.exit_code() == 0 and opened.says("pinion: SCRAM of a librdkafka below 2.6.1"),
            f"SCRAM at the start, though it opens: {opened.said()}",
        )
        said = call(["tail"], "SASL", {"debug": "security"})[2]
        check("%7|" in said, f"debug= prints nothing: {said}")
    slowest = max(seconds for _, seconds, _ in answers)
    return f"{len(asked)} causes named first, the slowest after {slowest:.1f} s"
