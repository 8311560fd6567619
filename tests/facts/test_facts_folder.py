"""What a manifest of a facts folder says, also where it says nothing."""

import json
from pathlib import Path

import pytest

from suppress.errors import FactsError
from suppress.facts.facts_folder import (
    MANIFEST,
    Mask,
    by_masks,
    feeds_of,
    line_files_of,
    masks_of,
    read_manifest,
    sent_files_of,
)
from suppress.facts.snapshot import Source


def test_what_a_manifest_leaves_out() -> None:
    """Sources, lines and masks that are not named are none; the sent log has its usual file."""
    bare = {"format": 1}

    assert dict.fromkeys(Source) == feeds_of(bare)
    assert ((), ("sent.parquet",), ()) == (line_files_of(bare), sent_files_of(bare), masks_of(bare))


def test_a_mask_holds_for_older_files_alone() -> None:
    """Pairs void the first so many files of lines; files under the same pairs are read together, in their order."""
    masks = [Mask("p", 2), Mask("q", 3)]

    told = json.loads(json.dumps({"replaced": [mask.told() for mask in masks]}))

    assert tuple(masks) == masks_of(told)
    assert [(("p", "q"), ["a", "b"]), (("q",), ["c"]), ((), ["d", "e"])] == list(by_masks("abcde", masks).items())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "cannot be read"),
        ("{", "cannot be read"),
        ("[]", "no map"),
        ('{"format": 2}', "format 2; this version reads 1"),
    ],
)
def test_what_is_no_manifest(text: str | None, said: str, tmp_path: Path) -> None:
    """A missing or damaged manifest, or one of another format, is refused and the folder named."""
    if text is not None:
        (tmp_path / MANIFEST).write_text(text)

    with pytest.raises(FactsError, match=f"{tmp_path} is .*{said}"):
        read_manifest(tmp_path)
