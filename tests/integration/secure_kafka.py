"""A broker that is reached by TLS, with and without SASL."""

import os
import secrets

import issuer
import realm
from stack import Kafka, free_port

USER = "antenna"

# Listeners. TRUSTED wants a password, TOKEN a token, TICKET a ticket of Kerberos.
LISTENERS = {
    "TRUSTED": "SASL_SSL",
    "EXPIRED": "SSL",
    "ELSEWHERE": "SSL",
    "TOKEN": "SASL_SSL",
    "TICKET": "SASL_PLAINTEXT",
}

# The certificates that they show.
CERTIFICATES = {"TRUSTED": "trusted", "EXPIRED": "expired", "ELSEWHERE": "elsewhere", "TOKEN": "trusted"}

LOGIN = """\
listener.name.trusted.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-512
listener.name.trusted.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required \
user_{user}="{password}";
listener.name.trusted.scram-sha-512.sasl.jaas.config=\
org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.token.sasl.enabled.mechanisms=OAUTHBEARER
listener.name.token.oauthbearer.sasl.server.callback.handler.class=\
org.apache.kafka.common.security.oauthbearer.OAuthBearerValidatorCallbackHandler
listener.name.token.oauthbearer.sasl.jaas.config=\
org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required;
listener.name.token.oauthbearer.sasl.oauthbearer.jwks.endpoint.url={keys}
listener.name.token.oauthbearer.sasl.oauthbearer.expected.audience={audience}
listener.name.token.oauthbearer.connections.max.reauth.ms=60000
listener.name.ticket.sasl.enabled.mechanisms=GSSAPI
listener.name.ticket.sasl.kerberos.service.name=kafka
listener.name.ticket.gssapi.sasl.jaas.config=com.sun.security.auth.module.Krb5LoginModule required \
useKeyTab=true storeKey=true keyTab="{keytab}" principal="{principal}@{realm}";
"""


def properties(**changes):
    """Words of the command line that set librdkafka's properties."""
    return [word for name, value in changes.items() for word in ("-X", f"{name.replace('_', '.')}={value}")]


class SecureKafka(Kafka):
    """As Kafka, whose own port the tests use, with one more listener for each way to reach it by TLS or with a login.

    It knows the keys of an Issuer, and its own in a Realm.
    """

    def __init__(self, home, certificates, tokens, tickets):
        super().__init__(home, tied=True)
        self._certificates = certificates
        self._tokens = tokens
        self._tickets = tickets
        self._ports = {name: free_port() for name in LISTENERS}
        self.password = secrets.token_hex(12)

    def address_of(self, listener):
        """`host:port` of a listener, of which TICKET has the name that the realm knows."""
        return f"{'localhost' if listener == 'TICKET' else '127.0.0.1'}:{self._ports[listener]}"

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
        login = LOGIN.format(
            user=USER,
            password=self.password,
            keys=self._tokens.keys.as_uri(),
            audience=issuer.AUDIENCE,
            keytab=self._tickets.broker,
            principal=realm.BROKER,
            realm=realm.NAME,
        )
        return f"{text}\n{''.join(map(self._keystore, CERTIFICATES))}{login}"

    def _process_options(self):
        options = (
            f"-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls={self._tokens.keys.as_uri()}",
            f"-Djava.security.krb5.conf={self._tickets.configuration}",
        )
        return {"env": {**os.environ, "LC_ALL": "C.UTF-8", "JAVA_TOOL_OPTIONS": " ".join(options)}}

    def _keystore(self, listener):
        key, certificate = getattr(self._certificates, CERTIFICATES[listener])
        store = self.home / f"{listener.lower()}-keystore.pem"
        store.touch(mode=0o600)
        store.write_text(key.read_text() + certificate.read_text())
        prefix = f"listener.name.{listener.lower()}.ssl.keystore"
        return f"{prefix}.type=PEM\n{prefix}.location={store}\n"

    def _format_options(self):
        return ("--add-scram", f"SCRAM-SHA-512=[name={USER},password={self.password}]")
