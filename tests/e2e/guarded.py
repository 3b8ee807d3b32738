# SPDX-License-Identifier: Apache-2.0
"""A broker that asks who is there: TLS, SASL/PLAIN and ACLs, with certificates made for the test."""
import contextlib
import itertools
import pathlib
import random
import shutil
import socket
import struct
import subprocess
import tempfile

import harness
from harness import Broker, Skip, wait_for

PASSWORD = "s3cret"
USERS = [f"user{number}" for number in range(100)]  # nobody may do anything at first
OPERATIONS = {
    "All": 2, "Read": 3, "Write": 4, "Create": 5, "Delete": 6, "Alter": 7, "Describe": 8,
    "ClusterAction": 9, "DescribeConfigs": 10, "AlterConfigs": 11, "IdempotentWrite": 12,
}
RESOURCES = {"Topic": 2, "Group": 3, "Cluster": 4, "TransactionalId": 5}
LITERAL, DENY, ALLOW = 3, 2, 3


def port_free():
    """Below the range of outgoing connections, as deploy/kafka/start chooses."""
    while True:
        port = random.SystemRandom().randrange(12000, 20000)
        with socket.socket() as listener, contextlib.suppress(OSError):
            listener.bind(("127.0.0.1", port))
            return port


def openssl(*arguments, given=None):
    done = subprocess.run(
        ["openssl", *map(str, arguments)], capture_output=True, text=True, input=given, check=False
    )
    if done.returncode != 0:
        raise Skip(f"openssl {arguments[0]}: {done.stderr.strip()[-300:]}")


class Certificates:
    """An authority, and what it signed: DIR/NAME.pem holds certificate and key."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        for authority in ("authority", "stranger"):
            openssl(
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                "-nodes", "-days", "2", "-subj", f"/CN={authority}",
                "-keyout", self.folder / f"{authority}.key",
                "-out", self.folder / f"{authority}.crt",
            )
        self.authority = self.folder / "authority.crt"
        self.stranger = self.folder / "stranger.crt"

    def make(self, name, host="localhost", authority="authority", expired=False):
        """`expired`: it ended yesterday."""
        at = self.folder / name
        openssl(
            "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-subj", f"/CN={name}", "-keyout", f"{at}.key", "-out", f"{at}.csr",
        )
        pathlib.Path(f"{at}.ext").write_text(f"subjectAltName=DNS:{host}\n")
        database = self.folder / f"{name}-authority"
        database.mkdir()
        (database / "index").write_text("")
        (database / "config").write_text(
            f"[ca]\ndefault_ca=it\n[it]\ndatabase={database}/index\nnew_certs_dir={database}\n"
            "default_md=sha256\npolicy=any\nrand_serial=yes\nunique_subject=no\n[any]\n"
            "commonName=supplied\n"
        )
        openssl(
            "ca", "-batch", "-config", database / "config", "-notext",
            "-cert", self.folder / f"{authority}.crt", "-keyfile", self.folder / f"{authority}.key",
            "-in", f"{at}.csr", "-out", f"{at}.crt", "-extfile", f"{at}.ext",
            "-startdate", "20200101000000Z",
            "-enddate", "20200102000000Z" if expired else "20991231000000Z",
        )
        pathlib.Path(f"{at}.pem").write_text(
            pathlib.Path(f"{at}.key").read_text() + pathlib.Path(f"{at}.crt").read_text()
        )
        return f"{at}.pem"


LISTENERS = {
    # name: (protocol, the certificate's name, its host, whether it has expired)
    "SASL": ("SASL_SSL", "good", "localhost", False),
    "MUTUAL": ("SSL", "good", "localhost", False),
    "EXPIRED": ("SASL_SSL", "expired", "localhost", True),
    "OTHER": ("SASL_SSL", "other", "elsewhere.example", False),
    "OPEN": ("SASL_PLAINTEXT", None, None, False),
}


class Guarded:
    """The broker. PLAINTEXT is the administrator's way in, who may do all; everybody else needs a
    right for everything."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="pinion-e2e-guarded-"))
        self.numbers = itertools.count()
        self.certificates = Certificates(self.folder / "certificates")
        self.ports = {name: port_free() for name in LISTENERS}
        properties = self.folder / "properties"
        properties.write_text("\n".join(self.properties()) + "\n")
        self.broker = Broker(
            folder=self.folder / "broker", flags=["--properties", str(properties)]
        )

    def properties(self):
        listeners = "".join(f",{name}://127.0.0.1:{port}" for name, port in self.ports.items())
        advertised = "".join(f",{name}://localhost:{port}" for name, port in self.ports.items())
        protocols = "".join(f",{name}:{protocol[0]}" for name, protocol in LISTENERS.items())
        yield f"listeners=PLAINTEXT://127.0.0.1:@BROKER@,CONTROLLER://127.0.0.1:@CONTROLLER@{listeners}"
        yield f"advertised.listeners=PLAINTEXT://127.0.0.1:@BROKER@{advertised}"
        yield (
            f"listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT{protocols}"
        )
        yield "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer"
        yield "super.users=User:ANONYMOUS"
        yield "sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-512"
        # So that a look which would make a topic is found out.
        yield "auto.create.topics.enable=true"
        made = {}
        for name, (protocol, certificate, host, expired) in LISTENERS.items():
            prefix = f"listener.name.{name.lower()}"
            if certificate:
                if certificate not in made:
                    made[certificate] = self.certificates.make(certificate, host, expired=expired)
                yield f"{prefix}.ssl.keystore.type=PEM"
                yield f"{prefix}.ssl.keystore.location={made[certificate]}"
                yield f"{prefix}.ssl.truststore.type=PEM"
                yield f"{prefix}.ssl.truststore.location={self.certificates.authority}"
            if name == "MUTUAL":
                yield f"{prefix}.ssl.client.auth=required"
                yield f"{prefix}.ssl.principal.mapping.rules=RULE:^CN=(.*)$/$1/,DEFAULT"
            if protocol.startswith("SASL"):
                yield (
                    f"{prefix}.plain.sasl.jaas.config="
                    "org.apache.kafka.common.security.plain.PlainLoginModule required "
                    + " ".join(f'user_{user}="{PASSWORD}"' for user in USERS) + ";"
                )
                yield (
                    f"{prefix}.scram-sha-512.sasl.jaas.config="
                    "org.apache.kafka.common.security.scram.ScramLoginModule required;"
                )

    def end(self):
        self.broker.end()
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, listener, prefix, host="localhost"):
        return f"kafka://{host}:{self.ports[listener]}/{prefix}"

    def client(self, name, **changed):
        """A properties file: PLAIN over TLS as `name`; a property that is None is left out."""
        properties = {
            "security.protocol": "SASL_SSL",
            "sasl.mechanism": "PLAIN",
            "sasl.username": name,
            "sasl.password": PASSWORD,
            "ssl.ca.location": self.certificates.authority,
        }
        properties.update({key.replace("_", "."): value for key, value in changed.items()})
        path = self.folder / f"client-{name}-{next(self.numbers)}"
        path.write_text(
            "".join(f"{key}={value}\n" for key, value in properties.items() if value is not None)
        )
        return path

    # --- ACLs, in Kafka's own words: the client library of the tests can't make any ---

    def ask(self, key, version, body):
        host, port = self.broker.need().split(":")
        with socket.create_connection((host, int(port)), timeout=20) as connection:
            frame = struct.pack(">hhih", key, version, 7, 4) + b"test" + body
            connection.sendall(struct.pack(">i", len(frame)) + frame)
            file = connection.makefile("rb")
            (size,) = struct.unpack(">i", file.read(4))
            return file.read(size)[4:]

    def allow(self, rights, how=ALLOW):
        """rights: (user, operation, resource, name). Returns when the broker knows them all."""
        body = struct.pack(">i", len(rights))
        for user, operation, resource, name in rights:
            body += struct.pack(">b", RESOURCES[resource]) + text(name)
            body += struct.pack(">b", LITERAL) + text(f"User:{user}") + text("*")
            body += struct.pack(">bb", OPERATIONS[operation], how)
        answer = self.ask(30, 1, body)
        at = 8
        for right in rights:
            code, size = struct.unpack_from(">hh", answer, at)
            harness.check(code == 0, f"the right {right} is not made: error {code}")
            at += 4 + max(size, 0)
        last = rights[-1]
        look = (
            struct.pack(">b", RESOURCES[last[2]]) + text(last[3]) + struct.pack(">b", LITERAL)
            + text(f"User:{last[0]}") + text("*") + struct.pack(">bb", OPERATIONS[last[1]], how)
        )
        wait_for("the broker knows the rights", lambda: last[3].encode() in self.ask(29, 1, look))

    def forbid(self, right):
        """Takes away a right that was given. Returns when the broker no longer knows it."""
        user, operation, resource, name = right
        look = (
            struct.pack(">b", RESOURCES[resource]) + text(name) + struct.pack(">b", LITERAL)
            + text(f"User:{user}") + text("*") + struct.pack(">bb", OPERATIONS[operation], ALLOW)
        )
        self.ask(31, 1, struct.pack(">i", 1) + look)
        wait_for("the broker forgets the right", lambda: name.encode() not in self.ask(29, 1, look))


THE_ONE = []  # it serves all tests that need one


def broker():
    if not THE_ONE:
        THE_ONE.append(Guarded())
        THE_ONE[0].broker.need()
    return THE_ONE[0]


def end():
    for one in THE_ONE:
        one.end()
    THE_ONE.clear()


def text(value):
    return struct.pack(">h", len(value)) + value.encode()
