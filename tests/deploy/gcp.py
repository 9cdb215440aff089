"""What Terraform makes of deploy/gcp, by our own hand: the user-data that the machine gets."""

import base64
import re

from debian import CHECKOUT

GCP = CHECKOUT / "deploy" / "gcp"
TEMPLATE = GCP / "cloud-init.yaml.tftpl"

# What stands for the parts of the template that Terraform fills in.
SETTINGS = {
    "name": "antenna",
    "project": "telco",
    "bucket": "telco-antenna-parts",
    "topic": "devices",
    "partitions": "8",
    "hours": "72",
    "workers": "2",
    "kafka_host": "10.10.0.2",
    "database_uri": "jdbc:postgresql://10.0.0.3:5432/antenna?sslmode=verify-ca",
    "authority": "nothing\n",
    "checksums": "nothing\n",
    "unit": (CHECKOUT / "deploy" / "systemd" / "kafka.service").read_text(),
    "setup": (GCP / "setup").read_text(),
}


def encode(text):
    """As base64encode of Terraform's does."""
    return base64.b64encode(text.encode()).decode()


def render(**changes):
    """The user-data; `changes` replaces some settings by name."""
    settings = SETTINGS | changes
    text = re.sub(r"\$\{base64encode\((\w+)\)\}", lambda match: encode(settings[match[1]]), TEMPLATE.read_text())
    return re.sub(r"\$\{(\w+)\}", lambda match: settings[match[1]], text)
