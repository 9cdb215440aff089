"""Names that are HTML and scripts are shown as text: nothing of them runs, and nothing is fetched for them."""

import datetime
import json

import pytest
from conftest import make_case
from test_dashboards import charts_of

RUN = "window.hostile = 1; alert(1)"
ELSEWHERE = "http://127.0.0.1:9/"
NAMES = [
    f"<script>{RUN}</script>",
    f'<img src="{ELSEWHERE}image" onerror="{RUN}">',
    f'<a href="javascript:{RUN}">a link</a>',
    f'<svg onload="{RUN}"><use href="{ELSEWHERE}use"/></svg>',
    f'"><iframe src="{ELSEWHERE}frame"></iframe>',
    f'<b style="background: url({ELSEWHERE}style)">bold</b>',
    "{{ 7 * 7 }}",
]
# Of the others Superset leaves out the attributes, before it shows the rest as text.
AS_THEY_ARE = [NAMES[0], NAMES[3], NAMES[-1]]


@pytest.fixture(scope="module")
def hostile(importer, servers, home, shown):
    """The dashboards show a database whose ids, names and rejected messages are hostile."""
    case = make_case(servers, home / "hostile")
    users = case.folder / "users.csv"
    quoted = ['"' + name.replace('"', '""') + '"' for name in NAMES]
    users.write_text("id,name,email,quota\n" + "".join(f"{name},{name},{name},1\n" for name in quoted))
    case.provision("--users", users)
    case.create_topic()
    now = int(datetime.datetime.now(datetime.UTC).timestamp())
    case.produce(
        json.dumps({"timestamp": now - back, "id": name, "antenna_id": name, "bytes": 5000, "app": name}).encode()
        for name in NAMES
        for back in (0, 3600)
    )
    case.produce(name.encode() for name in NAMES)
    case.speed()
    case.batch(datetime.datetime.fromtimestamp(now - 3600, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
    assert importer.run(case).returncode == 0
    yield case
    assert importer.run(shown).returncode == 0
    case.close()


@pytest.mark.parametrize("slug", ["total-bytes", "antenna-quota", "antenna-operation"])
def test_hostile_names_are_shown_as_text(browser, hostile, slug):
    asked, dialogs = [], []
    with browser.open(slug) as dashboard:
        dashboard.page.on("request", lambda request: asked.append(request.url))
        dashboard.page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
        texts = dashboard.wait(charts_of(slug))
        assert not dialogs
        assert dashboard.page.evaluate("window.hostile") is None
        assert not [url for url in asked if url.startswith(ELSEWHERE)]
        if slug != "antenna-operation":
            shown = "\n".join(texts.values())
            assert [name for name in AS_THEY_ARE if name in shown] == AS_THEY_ARE, shown
