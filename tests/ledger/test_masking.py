"""The log knows customers by keyed hashes, and holds nothing that names a person."""

import base64
import hmac
import json
import stat
from hashlib import sha256
from pathlib import Path

import pytest

from suppress.errors import LedgerError
from suppress.ledger.masking import Masks, read_key
from suppress.ledger.recording import Recorder
from tests.ledger.example import KEY, SENTENCE, decision, entry, recorder

PERSONAL = ("ada@shop.example", "+41 44 123 45 67", "Lovelace", '"ada"')


def test_a_customer_is_a_keyed_hash() -> None:
    """The hash is the beginning of HMAC-SHA256 in base64url, so that whoever has the key can look a customer up."""
    digest = hmac.digest(KEY, b"customer\0C-1", sha256)

    assert base64.urlsafe_b64encode(digest)[:22].decode() == Masks(KEY).customer("C-1")


def test_other_keys_give_other_hashes() -> None:
    """Another key, another customer or another kind of name gives another hash."""
    masks = Masks(KEY)
    hashes = {masks.customer("a"), masks.customer("b"), Masks(b"k" * 32).customer("a"), masks._hash("email", "a")}

    assert 4 == len(hashes)


def test_nothing_personal_is_logged() -> None:
    """A record holds no customer id, address, number or attribute of the message, and says what it masked."""
    body = recorder().record(entry()).body.decode()
    record = json.loads(body)
    customer = Masks(KEY).customer("ada")

    assert [] == [word for word in PERSONAL if word in body]
    assert {customer} == {
        record["input"]["customer_id"],
        record["result"]["customer_id"],
        recorder().record(entry()).customer,
    }
    assert customer == record["result"]["items"][0]["reasons"][0]["evidence"][1]["seen"]
    assert {
        "/input/customer_id",
        "/input/email",
        "/input/phone",
        "/input/attributes",
        "/result/customer_id",
    } == set(record["masked"])


def test_what_explains_stays() -> None:
    """What rules looked at, which of them fired, what was asked and how old the facts were is in the record."""
    record = json.loads(recorder().record(entry()).body)
    reason = record["result"]["items"][0]["reasons"][0]

    assert "already-bought" == reason["rule"]
    assert {"field": "bought.same_item_group", "seen": 2} == {
        name: reason["evidence"][0][name] for name in ("field", "seen")
    }
    assert [{"sku": "TEA", "placement": "hero", "score": 0.5}, {"sku": "MUG-ö"}] == record["input"]["items"]
    assert ("spring", "email", ["POT"]) == tuple(
        record["input"][name] for name in ("campaign_id", "channel", "replacements")
    )
    assert {"name": "retail-default", "version": 3, "fingerprint": "sha256:abc"} == record["ruleset"]
    assert {"orders": "2026-11-23T09:00:00Z", "stock": None} == record["facts_as_of"]
    assert ("r-1", "k-1", 900) == (record["request_id"], record["key_id"], record["took_us"])
    assert {"host": "here", "log_key": Masks(KEY).key_id} == record["labels"]


def test_sentences_are_left_to_the_ruleset() -> None:
    """Sentences are in no record: the ruleset's version gives them back. The decision itself keeps them."""
    decided = decision()

    assert SENTENCE not in recorder().record(entry()).body.decode()
    assert SENTENCE == decided.items[0].reasons[0].sentence


def test_what_no_rule_says_stays() -> None:
    """The sentence of a decision without facts is in the record, for no ruleset has it."""
    told = decision().to_dict()
    told["reasons"] = [{"rule": "on_unavailable", "code": "facts_unavailable", "sentence": "Why.", "evidence": []}]

    assert "Why." == Masks(KEY).decision(told)["reasons"][0]["sentence"]


def test_names_stay_where_they_are_wanted() -> None:
    """Without a key names are logged as they are, and nothing is said to be masked."""
    record = Recorder(Masks(None), {}).record(entry())
    body = json.loads(record.body)

    assert "ada" == record.customer
    assert [] == body["masked"]
    assert "Dear Ada Lovelace" == body["input"]["attributes"]["greeting"]
    assert {} == body["labels"]


def test_nobody_is_nobody() -> None:
    """Where the recipient could not be found the record knows no customer."""
    assert recorder().record(entry(customer_id=None)).customer is None


def test_a_key_is_made_once(tmp_path: Path) -> None:
    """The first use makes a key of 32 random bytes that only its owner can read; later ones read it."""
    path = tmp_path / "log" / "decisions.key"
    first, again = read_key(path), read_key(path)

    assert first == again
    assert 32 == len(first)
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)
    assert [path] == list(path.parent.iterdir())


@pytest.mark.parametrize("content", ["", "c2hvcnQ=", "no base64!", "ä"])
def test_a_bad_key_is_refused(content: str, tmp_path: Path) -> None:
    """A key that is empty, short or no base64 is refused, with how to make one."""
    path = tmp_path / "key"
    path.write_text(content)
    with pytest.raises(LedgerError, match="openssl rand -base64 32"):
        read_key(path)


def test_a_key_that_cannot_be_read(tmp_path: Path) -> None:
    """Where the key cannot be read the error names the file."""
    with pytest.raises(LedgerError, match="cannot be read from"):
        read_key(tmp_path)
