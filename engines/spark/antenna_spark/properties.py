"""The properties of Kafka's Java client that may be given (-X), and those that the engine relies on.

It needs nothing of Spark.
"""

from antenna_spark.command import MistakeError

# Properties that the job relies on. {name: (value, what another value does)}; no value: the property cannot be given.
PROPERTIES = {
    "bootstrap.servers": (None, "the engine would ask other brokers than it reads from"),
    "isolation.level": ("read_committed", "aborted transactions would be counted"),
    "check.crcs": ("true", "corrupt messages would be counted"),
    "auto.offset.reset": ("none", "messages that retention deleted would be skipped silently"),
    "enable.auto.commit": ("false", "the offsets are in antenna.progress"),
    "allow.auto.create.topics": ("false", "a misspelt topic would be made"),
    "key.deserializer": (None, "Spark reads bytes"),
    "value.deserializer": (None, "Spark reads bytes"),
    "interceptor.classes": (None, "an interceptor may change or drop messages"),
    "group.protocol": ("classic", "Spark assigns partitions by itself"),
    "group.instance.id": (None, "Spark has many consumers at once"),
}

# Spark sets these itself and refuses a job that names them.
SPARKS_OWN = ("auto.offset.reset", "enable.auto.commit", "group.protocol")


def checked(properties):
    """The properties for Spark's source, of those that were given. Raises MistakeError."""
    given = {name.lower(): value for name, value in properties.items()}  # as Spark reads names
    for name, value in given.items():
        own, reason = PROPERTIES.get(name, (value, ""))
        if own is None or value.lower() != own.lower():
            needed = "" if own is None else f"; antenna needs {name}={own}"
            raise MistakeError(f"Kafka property {name}={value} is refused: {reason}", f"remove it{needed}")
    own = {name: value for name, (value, _) in PROPERTIES.items() if value is not None}
    return {name: value for name, value in {**given, **own}.items() if name not in SPARKS_OWN}
