"""The flow of docs/clients.md does in Node-RED what the page says."""

import json
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.live_clients.conftest import Shop
from tests.live_clients.packages import packages
from tests.live_clients.page import blocks
from tests.live_clients.program import running
from tests.npm import NODE

Node = dict[str, Any]
SETTINGS = {
    "uiHost": "127.0.0.1",
    "uiPort": 0,
    "flowFile": "flows.json",
    "httpAdminRoot": False,
    "credentialSecret": False,
    "telemetry": {"enabled": False},
    "externalModules": {"autoInstall": False, "palette": {"allowInstall": False, "allowUpload": False}},
}
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def node_red(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where Node-RED listens. It has the flow as it is, one whose service is gone, and one whose key is refused."""
    (flow,) = (json.loads(block) for block in blocks("json"))
    folder = tmp_path_factory.mktemp("node-red")
    flows = (
        flow + copied(flow, "gone", "SUPPRESS_URL", NOWHERE) + copied(flow, "refused", "SUPPRESS_KEY", "supp_live_x")
    )
    (folder / "flows.json").write_text(json.dumps(flows))
    (folder / "settings.js").write_text(f"module.exports = {json.dumps(SETTINGS)};")
    command = (str(NODE), str(packages() / "node-red" / "red.js"), "--userDir", str(folder))
    known = {"SUPPRESS_URL": shop.url, "SUPPRESS_KEY": shop.key}
    with running(command, folder, folder / "node-red.log", known) as program:
        url, _ = program.said(r"now running at (http://127\.0\.0\.1:\d+)", r"(Started flows)")
        yield url


def copied(flow: list[Node], name: str, variable: str, value: str) -> list[Node]:
    """The same flow at another address, with another value of an environment variable."""
    ids = {node["id"]: f"{name}-{node['id']}" for node in flow}
    text = json.dumps(flow)
    for old, new in ids.items():
        text = text.replace(f'"{old}"', f'"{new}"')
    copy: list[Node] = json.loads(text)
    for node in copy:
        if node["type"] == "tab":
            node["env"] = [{"name": variable, "value": value, "type": "str"}]
        if node["type"] == "http in":
            node["url"] = f"/{name}{node['url']}"
    return copy


def mailed(node_red: str, path: str, to: str, *products: str) -> dict[str, Any]:
    """What the flow did with a mail."""
    with closing(HTTPConnection(urlsplit(node_red).netloc, timeout=30)) as connection:
        mail = {"id": f"m-{to}", "to": to, "products": products}
        connection.request("POST", path, json.dumps(mail), {"Content-Type": "application/json"})
        got = connection.getresponse()
        text = got.read().decode()
    assert 200 == got.status, text
    told: dict[str, Any] = json.loads(text)
    return told


def test_a_mail_goes_the_way_of_its_verdict(node_red: str) -> None:
    """It is sent with what may be shown, held until it may go, or left with the reason in words."""
    assert {"mailed": ["MUG-BLUE"]} == mailed(node_red, "/mails", "ada", "TEA-100", "MUG-BLUE", "POT-1")
    assert {"mailed": ["TEA-100"]} == mailed(node_red, "/mails", "bob", "TEA-100", "POT-1")
    assert mailed(node_red, "/mails", "bea", "TEA-100")["held_until"].endswith("Z")
    (sentence,) = mailed(node_red, "/mails", "ada", "TEA-100", "POT-1")["left"]
    assert "Do not send the message when no item is left." == sentence


@pytest.mark.parametrize(
    ("path", "to", "why"),
    [
        ("/gone/mails", "ada", "ECONNREFUSED"),
        ("/refused/mails", "ada", "401 "),
        ("/mails", "", "422 the message cannot be read"),
    ],
    ids=["nobody there", "refused key", "bad mail"],
)
def test_what_is_no_decision_goes_its_own_way(node_red: str, path: str, to: str, why: str) -> None:
    """With the reason, so that the flow's author says what happens then."""
    told = mailed(node_red, path, to, "TEA-100")

    assert ["unchecked"] == list(told)
    assert why in told["unchecked"]
