"""Turn `notify` as written into what will be told how a run ended: a command, or a webhook."""

from typing import Final
from urllib.parse import urlsplit

from suppress.rules.document import BrokenNode, ListNode, MapNode, Node
from suppress.rules.findings import Findings, quoted
from suppress.rules.keys import check_keys
from suppress.rules.literals import read_text, read_yes_no
from suppress.schedules.schedule import CommandNotice, WebhookNotice

_COMMAND_HELP: Final = "write program and arguments as a list, for example [notify-send, scan]; there is no shell"
_HELP: Final = 'write "notify: {command: [program, argument]}" or "notify: {webhook: https://...}"'


def read_notice(node: Node, findings: Findings) -> CommandNotice | WebhookNotice | None:
    """What to tell, or None after noting what is wrong."""
    if not isinstance(node, MapNode):
        if not isinstance(node, BrokenNode):
            findings.add("not-a-map", "notify is a map", node.position, _HELP)
        return None
    check_keys(
        node, "under notify", ("command", "webhook", "allow_private"), findings,
        helps={"url": 'write "webhook"', "argv": 'write "command"', "email": "use a command that sends it"},
    )  # fmt: skip
    command, webhook, private = node.get("command"), node.get("webhook"), node.get("allow_private")
    if (command is None) == (webhook is None):
        findings.add("missing-key", "notify needs one of command and webhook", node.position, _HELP)
        return None
    if command is not None:
        return _command(command, findings)
    allow_private = False if private is None else bool(read_yes_no(private, "allow_private", findings))
    return None if webhook is None else _webhook(webhook, allow_private, findings)


def _command(node: Node, findings: Findings) -> CommandNotice | None:
    if not isinstance(node, ListNode) or not node.items:
        findings.add("not-a-list", "a command is a list", node.position, _COMMAND_HELP)
        return None
    words = [read_text(item, "a part of the command", findings) for item in node.items]
    argv = tuple(word for word in words if word is not None)
    return CommandNotice(argv=argv) if len(argv) == len(words) else None


def _webhook(node: Node, allow_private: bool, findings: Findings) -> WebhookNotice | None:
    url = read_text(node, "webhook", findings)
    if url is None:
        return None
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    if not host or any(c.isspace() or not c.isprintable() for c in url):
        findings.add("bad-url", "the webhook is not an address", node.position, 'write "https://host/path"')
        return None
    if parts.username or parts.password:
        findings.add(
            "secret-in-url", "the webhook names a user or password", node.position,
            "put a secret into the path or query that the receiver gave you",
        )  # fmt: skip
        return None
    if parts.scheme != "https" and not (allow_private and parts.scheme == "http"):
        findings.add(
            "not-https", f"a webhook begins with https://, not {quoted(parts.scheme + '://')}", node.position,
            "use https; http is taken within the own network, with allow_private: yes",
        )  # fmt: skip
        return None
    return WebhookNotice(url=url, allow_private=allow_private)
