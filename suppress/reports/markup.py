"""Write HTML that cannot be broken into: every text is escaped unless this module made it."""

from html import escape
from typing import Final

_ALIASES: Final = {"class_": "class", "for_": "for", "id_": "id", "type_": "type", "view_box": "viewBox"}


class Safe(str):
    """Markup that is meant to stand as it is."""

    __slots__ = ()


Content = str | None
"""A text to be escaped, markup (`Safe`), or nothing."""


def tag(element: str, /, *content: Content, **attributes: str | float | bool | None) -> Safe:
    """An element. `class_` is written `class`, `aria_label` `aria-label`; None and False leave an attribute out."""
    written = "".join(
        f" {_attribute(key)}" if value is True else f' {_attribute(key)}="{escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    return Safe(f"<{element}{written}>{join(*content)}</{element}>")


def void(element: str, /, **attributes: str | float | bool | None) -> Safe:
    """An element that has no content and no end tag."""
    return Safe(tag(element, **attributes).removesuffix(f"</{element}>"))


def join(*content: Content) -> Safe:
    """Texts and markup one after the other."""
    return Safe("".join(part if isinstance(part, Safe) else escape(part) for part in content if part is not None))


def _attribute(key: str) -> str:
    return _ALIASES.get(key, key.replace("_", "-"))
