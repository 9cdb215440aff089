"""A private Apache Kafka, PostgreSQL and Apache Superset on loopback, for the tests, the benchmarks and the demo.

The servers are the real ones: Kafka's jars from `.deps/kafka/libs`, PostgreSQL's programs from Debian, Superset from
`.deps/superset`. Each keeps its data in a folder of its own, listens on 127.0.0.1 only, and keeps its port over a
restart.
"""

from stack.kafka import Kafka
from stack.postgres import Postgres
from stack.process import Job, ServerError, Service
from stack.server import configured_port, free_port, running
from stack.superset import Superset

__all__ = ["Job", "Kafka", "Postgres", "ServerError", "Service", "Superset", "configured_port", "free_port", "running"]
