"""What the doctor finds in a case."""

import json

# The test's server has no fsync, on purpose. The topics have Kafka's default, by which senders stamp their messages.
EXPECTED_WARNINGS = {"postgres_durability", "kafka_timestamps"}


class Findings(dict):
    """{check: finding}; a check that found several things has the last of them."""

    def __init__(self, result):
        self.code = result.code
        self.report = json.loads(result.out)
        super().__init__((finding["check"], finding) for finding in self.report["checks"])

    def of(self, result):
        """The checks with a result."""
        return {name for name, finding in self.items() if finding["result"] == result}

    def tells(self, check, result, *words):
        """Asserts what a check found."""
        finding = self[check]
        assert finding["result"] == result, finding
        for word in words:
            assert word in finding["found"], finding
        assert result not in ("failed", "warning") or finding["fix"], finding
        assert self.code in ((3, 5) if self.of("failed") else (0,))
        return self

    def fails_alone(self, check, *words):
        """Asserts that this is the one thing that would stop a job."""
        self.tells(check, "failed", *words)
        assert self.of("failed") == {check}
        return self

    def warns_alone(self, check, *words):
        """Asserts that this is the one thing that is not as it should be."""
        self.tells(check, "warning", *words)
        assert self.of("warning") - EXPECTED_WARNINGS == {check}
        assert not self.of("failed")
        return self


def arguments(case, *options, login=None, server=None, topic=None):
    return (
        *("doctor", *(login or case.login), "--json", "--kafka-server", server or case.kafka.address),
        *("--topic", topic or case.topic, "--storage-root", case.root, *options),
    )


def examine(case, *options, environment=None, **changes):
    result = case.program.run(*arguments(case, *options, **changes), environment=environment)
    assert result.err == "", result.err
    return Findings(result)
