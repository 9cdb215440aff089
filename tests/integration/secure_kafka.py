"""A broker that is reached by TLS, with and without SASL."""

import secrets

from stack import Kafka, free_port

USER = "antenna"

# Listeners and the certificates that they show; the first one asks for a login.
LISTENERS = {"TRUSTED": "SASL_SSL", "EXPIRED": "SSL", "ELSEWHERE": "SSL"}

LOGIN = """\
listener.name.trusted.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-512
listener.name.trusted.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required \
user_{user}="{password}";
listener.name.trusted.scram-sha-512.sasl.jaas.config=\
org.apache.kafka.common.security.scram.ScramLoginModule required;
"""


class SecureKafka(Kafka):
    """As Kafka, whose own port the tests use, with one more listener for each way to reach it by TLS."""

    def __init__(self, home, certificates):
        super().__init__(home, tied=True)
        self._certificates = certificates
        self._ports = {name: free_port() for name in LISTENERS}
        self.password = secrets.token_hex(12)

    def address_of(self, listener):
        """`host:port` of a listener, TRUSTED, EXPIRED or ELSEWHERE."""
        return f"127.0.0.1:{self._ports[listener]}"

    def _properties(self, data):
        lines = super()._properties(data).splitlines()
        addresses = "".join(f",{name}://{self.address_of(name)}" for name in LISTENERS)
        protocols = "".join(f",{name}:{protocol}" for name, protocol in LISTENERS.items())
        more = {
            "listeners=": addresses,
            "advertised.listeners=": addresses,
            "listener.security.protocol.map=": protocols,
        }
        text = "\n".join(line + more.get(line[: line.index("=") + 1], "") for line in lines)
        return f"{text}\n{''.join(map(self._keystore, LISTENERS))}{LOGIN.format(user=USER, password=self.password)}"

    def _keystore(self, listener):
        key, certificate = getattr(self._certificates, listener.lower())
        store = self.home / f"{listener.lower()}-keystore.pem"
        store.touch(mode=0o600)
        store.write_text(key.read_text() + certificate.read_text())
        prefix = f"listener.name.{listener.lower()}.ssl.keystore"
        return f"{prefix}.type=PEM\n{prefix}.location={store}\n"

    def _format_options(self):
        return ("--add-scram", f"SCRAM-SHA-512=[name={USER},password={self.password}]")
