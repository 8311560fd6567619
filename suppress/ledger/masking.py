"""Turn what names a person into keyed hashes, so that the log tells one customer from another and nobody who they are.

The hash is HMAC-SHA256 over the kind of name and the name, base64url, its first 22 characters (132 bits). Without the
key nobody can find out whose it is by trying all ids; with it, whoever may can look a customer up.
"""

import base64
import binascii
import hmac
import os
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from suppress.errors import LedgerError
from suppress.facts import unjudged
from suppress.facts.message import Message

KEY_BYTES: Final = 32
LEAST_KEY_BYTES: Final = 16
HASH_CHARACTERS: Final = 22
CUSTOMER_ID: Final = "customer.id"


class Masks:
    """Hashes names with one key; with no key, names stay as they are. Threads may share it."""

    def __init__(self, key: bytes | None) -> None:
        self._keyed = None if key is None else hmac.new(key, digestmod=sha256)
        self.key_id = None if key is None else sha256(b"suppress log key\0" + key).hexdigest()[:8]
        """Tells one key from another, and nothing of the key; None where names stay as they are."""

    def customer(self, customer_id: str) -> str:
        """How the log knows a customer."""
        return self._hash("customer", customer_id)

    def message(self, message: Message) -> tuple[dict[str, Any], list[str]]:
        """A message in its JSON shape, masked, and the places that were. What it does not say is left out.

        Masked are customer_id, email, phone and the values of attributes, of which nobody knows what they tell.
        """
        told: dict[str, Any] = {"items": [_item(item.sku, item.placement, item.score) for item in message.items]}
        for name in ("message_id", "channel", "campaign_id", "slots"):
            value = getattr(message, name)
            if value is not None:
                told[name] = value
        if message.send_at is not None:
            told["send_at"] = message.send_at.isoformat()
        if message.campaign_tags:
            told["campaign_tags"] = list(message.campaign_tags)
        if message.replacements:
            told["replacements"] = list(message.replacements)
        masked: list[str] = []
        for name, kind in (("customer_id", "customer"), ("email", "email"), ("phone", "phone")):
            value = getattr(message, name)
            if value is not None:
                told[name] = self._hash(kind, value)
                masked.append(f"/input/{name}")
        if message.attributes:
            told["attributes"] = {name: self._hash("attribute", text) for name, text in message.attributes.items()}
            masked.append("/input/attributes")
        return told, masked if self._keyed else []

    def decision(self, told: Mapping[str, Any]) -> dict[str, Any]:
        """A decision's JSON shape without sentences, which its ruleset gives back, and without the customer's name.

        Where a rule looked at the customer's id, what it saw is hashed too. All else a rule saw stays: it explains.
        """
        customer_id = told["customer_id"]
        masked = {**told, "customer_id": None if customer_id is None else self.customer(customer_id)}
        masked["reasons"] = self._reasons(told["reasons"])
        for group in ("items", "replacements"):
            masked[group] = [
                {**item, "reasons": self._reasons(item["reasons"])} if item["reasons"] else item for item in told[group]
            ]
        return masked

    def _reasons(self, reasons: list[dict[str, Any]]) -> list[dict[str, Any]]:
        masked = []
        for reason in reasons:
            told = {**reason, "evidence": [self._evidence(evidence) for evidence in reason["evidence"]]}
            # What follows `on_unavailable` is no rule: no ruleset would give that sentence back.
            if reason["code"] != unjudged.CODE:
                del told["sentence"]
            masked.append(told)
        return masked

    def _evidence(self, evidence: dict[str, Any]) -> dict[str, Any]:
        if evidence["field"] != CUSTOMER_ID or evidence["seen"] is None:
            return evidence
        return {**evidence, "seen": self.customer(str(evidence["seen"]))}

    def _hash(self, kind: str, name: str) -> str:
        if self._keyed is None:
            return name
        keyed = self._keyed.copy()
        keyed.update(f"{kind}\0{name}".encode())
        return base64.urlsafe_b64encode(keyed.digest())[:HASH_CHARACTERS].decode("ascii")


def read_key(path: Path) -> bytes:
    """The key in a file (base64), made there when there is no file. Raises LedgerError when it cannot be had."""
    try:
        if not path.exists():
            _make_key(path)
        key = base64.b64decode(path.read_bytes().strip(), validate=True)
    except OSError as error:
        raise LedgerError(f"the key of the decision log cannot be read from {path}: {error.strerror}") from None
    except binascii.Error:
        key = b""
    if len(key) < LEAST_KEY_BYTES:
        raise LedgerError(
            f"{path} holds no key of {LEAST_KEY_BYTES} bytes or more in base64; make one with `openssl rand -base64 32`"
        )
    return key


def _make_key(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    made = path.with_name(f"{path.name}.{os.getpid()}.new")
    handle = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.write(handle, base64.b64encode(os.urandom(KEY_BYTES)) + b"\n")
        os.fsync(handle)
    finally:
        os.close(handle)
    try:
        os.link(made, path)
    except FileExistsError:
        # Another process was quicker: all must use the same key.
        pass
    finally:
        made.unlink()


def _item(sku: str, placement: str | None, score: float | None) -> dict[str, Any]:
    told: dict[str, Any] = {"sku": sku}
    if placement is not None:
        told["placement"] = placement
    if score is not None:
        told["score"] = score
    return told
