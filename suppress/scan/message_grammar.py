"""What plain text, plain times and plain lines of JSON look like, as regular expressions (RE2)."""

from typing import Final

# Characters that are their own NFC form whatever stands beside them, and neither blanks nor control characters:
# Latin with all its accents, Greek, Cyrillic, Hebrew, Arabic, dashes and quotes, kana, CJK and Hangul.
_FOREIGN: Final = (
    "¡-¬®-ſƠơƯư\u1ea0-\u1ef9\u0391-\u03a1\u03a3-\u03ceЀ-҂А-ҁ\u05d0-\u05ea\u0621-\u063a\u0641-\u064a"
    "–-„…€ぁ-ゔァ-ヴ一-鿋\uac00-\ud7a3"
)
PLAIN: Final = f" -~{_FOREIGN}"
_PLAIN_IN_JSON: Final = rf" !#-\[\]-~{_FOREIGN}"
INSTANT: Final = (
    "(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]"
    r"(:[0-5][0-9](\.[0-9]{3}|\.[0-9]{6})?)?(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])"
)
_GAP: Final = " *"
_TEXT_OR_NUMBER: Final = f'("[{_PLAIN_IN_JSON}]*"|0|[1-9][0-9]{{0,17}})'
_SCORE: Final = r"-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,17})?([eE][+-]?[0-9]{1,2})?"


def _listed(entry: str) -> str:
    return rf"\[{_GAP}({entry}{_GAP}(,{_GAP}{entry}{_GAP})*)?\]"


def _pair(name: str, value: str) -> str:
    return f"{name}{_GAP}:{_GAP}{value}{_GAP}"


def _pairs(pair: str) -> str:
    return rf"\{{{_GAP}({pair}(,{_GAP}{pair})*)?\}}"


def _item_in_json() -> str:
    sku = _pair('"sku"', _TEXT_OR_NUMBER)
    placement = _pair('"placement"', f"({_TEXT_OR_NUMBER}|null)")
    score = _pair('"score"', f"({_SCORE}|null)")
    then = f",{_GAP}"
    return rf"\{{{_GAP}{sku}(({then}{placement})?({then}{score})?|{then}{score}{then}{placement})\}}"


ATTRIBUTES_TEXT: Final = _pairs(_pair(f'"[{_PLAIN_IN_JSON}]*"', f"({_TEXT_OR_NUMBER}|true|false)"))
PLAIN_LINE: Final = (
    _GAP
    + _pairs(
        "("
        + "|".join(
            (
                _pair('"(message_id|customer_id|channel|campaign_id|email|phone)"', f"({_TEXT_OR_NUMBER}|null)"),
                _pair('"(campaign_tags|replacements)"', _listed(_TEXT_OR_NUMBER)),
                _pair('"send_at"', f'("{INSTANT}"|null)'),
                _pair('"slots"', "(0|[1-9][0-9]{0,2}|1000|null)"),
                _pair('"items"', f"({_listed(_TEXT_OR_NUMBER)}|{_listed(_item_in_json())})"),
                _pair('"attributes"', ATTRIBUTES_TEXT),
            )
        )
        + ")"
    )
    + _GAP
    + r"\r?"
)
