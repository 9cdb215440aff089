"""What the Spark job counts and the strict rules reject: an option each, off by default and named by the reject."""

import events
import pytest
from oracle import at

pytestmark = pytest.mark.timeout(60)

ISO = events.encode("2022-02-20T10:00:00+01:00", user_id="iso")
ISO_WITHOUT_OFFSET = events.encode("2022-02-20 09:00:00", user_id="without offset")
NUMERIC = events.encode(user_id=17, antenna_id=-4)

ACCEPTED = {
    "nothing": ([], set()),
    "times": (["--accept", "iso-timestamps"], {"iso", "without offset"}),
    "numbers": (["--accept", "numeric-ids"], {"17"}),
    "both": (["--accept", "iso-timestamps,numeric-ids"], {"iso", "without offset", "17"}),
    "both, one by one": (["--accept", "numeric-ids", "--accept", "iso-timestamps"], {"iso", "without offset", "17"}),
}


@pytest.mark.parametrize(("options", "users"), ACCEPTED.values(), ids=ACCEPTED)
def test_what_is_accepted(case, options, users):
    case.prepare(partitions=1)
    case.produce([ISO, ISO_WITHOUT_OFFSET, NUMERIC])
    case.speed(*options)
    totals = case.totals()
    assert {key[2] for key in totals if key[1] == "user_bytes_total"} == users
    assert {key[0] for key in totals} <= {at(events.BEGIN)}
    assert ("-4" in {key[2] for key in totals}) == ("17" in users)
    rejected = case.query("SELECT reason, detail FROM antenna.rejected")
    assert len(rejected) == 3 - len(users)
    assert all(reason == "wrong_type" and "--accept" in detail for reason, detail in rejected)
    case.batch_pending()
    case.verify("--deep")


@pytest.mark.parametrize("value", ["iso", "iso-timestamps,", "numeric-ids,x", ""])
def test_wrong_words(case, value):
    case.prepare()
    case.program.run(*case.speed_arguments("--accept", value)).fails("ANT-U003", "accept")
