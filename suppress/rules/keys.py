"""Check the keys of a map against those it may have, and note what is unknown or missing."""

from collections.abc import Mapping, Sequence

from suppress.rules.document import MapNode
from suppress.rules.findings import Findings, quoted, suggestion


def check_keys(
    node: MapNode,
    where: str,
    known: Sequence[str],
    findings: Findings,
    *,
    helps: Mapping[str, str] | None = None,
) -> None:
    """Note every key that is not known. `where` is said in the message; `helps`: what to say of keys from elsewhere."""
    for key, _ in node.entries:
        if key.text in known:
            continue
        help_ = (
            (helps or {}).get(key.text)
            or suggestion(key.text, known)
            or suggestion(key.text.lower(), known)
            or f"known are {', '.join(known)}"
        )
        findings.add("unknown-key", f"no key {quoted(key.text)} {where}", key.position, help_)


def require_keys(node: MapNode, where: str, required: Sequence[tuple[str, str]], findings: Findings) -> None:
    """Note every required key that is absent. `required`: the key, and what to write."""
    for key, help_ in required:
        if all(written.text != key for written, _ in node.entries):
            findings.add("missing-key", f"{where} has no {quoted(key)}", node.position, help_)
