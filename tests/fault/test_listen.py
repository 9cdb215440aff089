"""What --listen says while a broker is away."""

import events
import pytest
from scraper import Scraper

pytestmark = pytest.mark.timeout(300)


def test_not_ready_without_kafka_and_ready_again_without_a_message(case):
    case.prepare()
    case.produce(events.draw(100))
    speed = case.start_speed("--listen", "0")
    scraper = Scraper(speed)
    case.wait_until_read(speed)
    scraper.wait_until_ready()
    case.kafka.kill()
    try:
        scraper.wait_until_not_ready("worker 1 reaches no Kafka broker")
        assert scraper.value("antenna_kafka_disconnects_total") == 1
        assert scraper.get("/healthz") == (200, "ok\n")
    finally:
        case.kafka.start()
    scraper.wait_until_ready()
    case.produce(events.draw(100, seed=2))
    speed.terminate()
    case.speed()
    case.check_exact()
