# SPDX-License-Identifier: Apache-2.0
"""The Kafka properties that docs/operating.md shows work as they stand there; those that it forbids are refused."""
import re
import secrets

import guarded
from harness import BINARY, ROOT, Ledger, Room, check


def section():
    said = (ROOT / "docs/operating.md").read_text()
    return said[said.index("## TLS and SASL"):].split("\n## ")[0]


def shown(broker):
    """Each block of the page, with names and places of this broker in it: (listener, user, text)."""
    user = guarded.USERS[-1]
    certificate = broker.certificates.make(user)
    values = {
        "sasl.username": user,
        "sasl.password": guarded.PASSWORD,
        "ssl.ca.location": broker.certificates.authority,
        "ssl.certificate.location": certificate.replace(".pem", ".crt"),
        "ssl.key.location": certificate.replace(".pem", ".key"),
    }
    for block in re.findall(r"```ini\n(.*?)```", section(), re.S):
        lines = [line.split("=", 1) for line in block.splitlines()]
        text = "".join(f"{name}={values.get(name, value)}\n" for name, value in lines)
        yield "SASL" if "sasl" in block else "MUTUAL", user, text


def forbidden():
    names = section().split("can't be set there: among others")[1].split("The line is refused")[0]
    return re.findall(r"`([\w.]+)`", names)


def properties_kafka(_):
    broker = guarded.broker()
    prefix = f"properties-{secrets.token_hex(3)}"
    with Room("properties") as room:
        Ledger(room, f"kafka://{broker.broker.address}/{prefix}", room.folder / "state").init(1)
        config, blocks = room.folder / "properties", list(shown(broker))
        check([one[0] for one in blocks] == ["SASL", "MUTUAL"], f"the page shows {blocks}")
        broker.allow([(blocks[0][1], "Read", "Topic", f"{prefix}.events")])
        for listener, _, text in blocks:
            config.write_text(text)
            tail = room.start(
                "tail", BINARY, "tail", "--ledger", broker.url(listener, prefix), "--kafka-config", config
            )
            check(tail.exit_code() == 0, f"{text}: {tail.said()}")
            check('"ledger_opened"' in tail.printed(), f"{text}: {tail.printed()}")
        names = forbidden()
        check({"acks", "transactional.id", "transaction.timeout.ms"} <= set(names), f"{names}")
        for name in names:
            config.write_text(f"client.id=a\n{name}=1\n")
            tail = room.start("tail", BINARY, "tail", "--ledger", f"kafka://localhost:1/{prefix}", "--kafka-config", config)
            words = f"{config}:2: {name} is set by Pinion itself"
            check(tail.exit_code() == 3 and tail.says(words), f"{name}: {tail.said()}")
        return f"{len(blocks)} blocks, {len(names)} that are refused"
