"""A private Apache Kafka and PostgreSQL on loopback, for the tests, the benchmarks and the demo.

The servers are the real ones: Kafka's jars from `.deps/kafka/libs`, PostgreSQL's programs from Debian. Each keeps its
data in a folder of its own, listens on 127.0.0.1 only, and keeps its port over a restart.
"""

from stack.kafka import Kafka
from stack.postgres import Postgres
from stack.process import ServerError, Service
from stack.server import free_port

__all__ = ["Kafka", "Postgres", "ServerError", "Service", "free_port"]
