"""The page is one well-formed file that fetches nothing, says what the report says, and cannot be broken into."""

import re
from html.parser import HTMLParser
from typing import Any

import pytest

from suppress.decisions.report import HoldBucket, Holds, Items, Sample, ScanReport, Verdicts
from suppress.reports.html import render
from suppress.reports.markup import tag, void
from tests.reports.small import AS_OF, prevented, small_report, with_texts

VOID = {"meta", "link", "input"}
HOSTILE = "\"><script>alert(1)</script><img src=x onerror=alert(1)>&amp;'</style>"


class Page(HTMLParser):
    """What a browser would make of the page: elements that are open and closed in order, texts, addresses."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert tag == self.open.pop()

    def handle_data(self, data: str) -> None:
        if not {"style", "script"} & set(self.open):
            self.text += data


def named(page: Page, name: str) -> list[dict[str, str | None]]:
    """The attributes of all elements of that name."""
    return [attributes for tag, attributes in page.tags if tag == name]


def test_elements_are_closed_in_order_and_ids_are_unique() -> None:
    """Every element that is opened is closed, inside the one it was opened in; no id comes twice."""
    page = Page(render(small_report()))
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]

    assert [] == page.open
    assert len(set(ids)) == len(ids)


def test_nothing_is_fetched() -> None:
    """No address of another place, nothing to load; the policy says so to the browser, too."""
    text = render(small_report())
    page = Page(text)
    addresses = [
        value or ""
        for _, attributes in page.tags
        for name, value in attributes.items()
        if name in {"src", "href", "action", "data", "poster", "srcset"}
    ]
    policy = next(meta["content"] for meta in named(page, "meta") if meta.get("http-equiv"))

    assert "://" not in text
    assert [] == [one for one in addresses if not one.startswith("#") and one != "data:,"]
    assert not re.search(r"@import|url\((?!#)", text)
    assert (policy or "").startswith("default-src 'none'; ")
    assert "unsafe" not in (policy or "")
    assert [] == [attributes for _, attributes in page.tags if "style" in attributes or "onclick" in attributes]


def test_hostile_names_stay_text() -> None:
    """Whatever rules, skus, titles, customers and currencies are called, the page has the elements it has anyway."""
    report = small_report(prevented=(prevented(code="a_code_of_its_own", clues=()),))
    tame, wild = Page(render(report)), Page(render(with_texts(report, lambda text: text + HOSTILE)))

    assert [tag for tag, _ in tame.tags] == [tag for tag, _ in wild.tags]
    assert f"“Blue mattress 140 cm{HOSTILE}”" in wild.text
    assert 1 == len(named(wild, "script"))
    assert [] == [attributes for _, attributes in wild.tags if "onerror" in attributes]


def test_the_page_says_what_the_report_says() -> None:
    """The figures stand there with thousands separators, and words beside every picture."""
    page = Page(render(small_report()))
    text = page.text.replace("\N{NO-BREAK SPACE}", " ")

    for words in (
        "Of 2,000,000 messages, 1,712,331 go out, 12,000 wait and 275,669 stay home.",
        "“Blue mattress 140 cm” (CHF 899.00) two days after buying it.",
        "would have dropped 350,000 more items (2.9 %)",
        "nine hours old: too old, six hours allowed",
        "never loaded",
        "Did not fire: Seldom needed.",
        "80.0 %",
        "2,000 more",
        "the rule is gone",
        "They get 9 messages and see 11 items that others would not.",
    ):
        assert words in text
    assert [] == [svg for svg in named(page, "svg") if not (svg.get("aria-hidden") == "true" or svg.get("aria-label"))]


def test_messages_due_at_one_time_need_no_picture() -> None:
    """One column would say nothing a sentence does not."""
    only = Holds(buckets=(HoldBucket(starts_at=AS_OF, messages=46),))
    page = Page(render(small_report(holds=only)))

    assert "46 messages, all from 22 November 2026 09:00 UTC on." in page.text
    assert 0 == len(named(page, "figure"))
    assert 1 == len(named(Page(render(small_report())), "figure"))


def test_every_table_has_a_caption_and_heads() -> None:
    """A caption, column heads and row heads in each; a frame that the keyboard can scroll."""
    page = Page(render(small_report()))
    tables = len(named(page, "table"))

    assert tables == len(named(page, "caption")) == len(named(page, "thead"))
    assert tables == len([div for div in named(page, "div") if div.get("role") == "region" and div["tabindex"] == "0"])
    assert [] == [th for th in named(page, "th") if th.get("scope") not in {"col", "row"}]


def test_links_on_the_page_lead_somewhere() -> None:
    """Every entry of the contents has its heading."""
    page = Page(render(small_report()))
    ids = {attributes["id"] for _, attributes in page.tags if "id" in attributes}

    assert [] == [a["href"] for a in named(page, "a") if (a["href"] or "").removeprefix("#") not in ids]


def test_a_delta_shows_the_whole_and_says_what_else_is_of_a_part() -> None:
    """The picture of the verdicts is of the whole campaign; each further section says which messages it counts."""
    whole = Verdicts(send=1_900_000, hold=40_000, suppress=60_000)
    text = render(small_report(decided_anew=15, whole=whole, verdicts=Verdicts(send=9, suppress=6)))
    page = Page(text)
    (picture,) = [a["aria-label"] for a in named(page, "svg") if "bar-tall" in (a["class"] or "")]
    sections = text.split("<section")[1:]
    of_a_part = [section for section in sections if "the other 1,999,985 are as the scan before left them" in section]

    assert "Of 2,000,000 messages: 1,900,000 go out, 40,000 wait, 60,000 stay home" == picture
    assert ["before-you-send"] == [
        re.findall(r'aria-labelledby="([^"]+)"', section)[0] for section in sections if section not in of_a_part
    ]
    assert "Of the whole campaign." in page.text
    assert "decided again" not in Page(render(small_report())).text


EMPTY: dict[str, Any] = {
    "verdicts": Verdicts(), "items": Items(), "rules": (), "figures": (), "shares": (), "prices": (), "prevented": (),
    "budgets": None, "unknown": (), "sources": (), "control": None, "holds": Holds(), "campaigns": (), "channels": (),
    "previous": None, "sample": Sample(), "as_of_from": None, "as_of_to": None, "customers": 0, "unknown_customers": 0,
    "campaign": None,
}  # fmt: skip


@pytest.mark.parametrize("missing", [*((name,) for name in EMPTY if name not in {"rules", "figures"}), tuple(EMPTY)])
def test_what_there_is_not_leaves_no_hole(missing: tuple[str, ...]) -> None:
    """Without one part of the report, and without all of them, the page is whole."""
    report: ScanReport = small_report(**{name: EMPTY[name] for name in missing})
    page = Page(render(report))

    assert [] == page.open
    assert "None" not in page.text


def test_the_same_report_is_the_same_page() -> None:
    """No clock, no chance: byte for byte."""
    assert render(small_report()) == render(small_report())


def test_text_is_escaped_unless_it_is_markup() -> None:
    """A text never becomes an element; attributes cannot be left."""
    made = tag("p", "<b>", tag("i", "&"), None, class_='"x"', hidden=True, id_=None)

    assert '<p class="&quot;x&quot;" hidden>&lt;b&gt;<i>&amp;</i></p>' == made
    assert '<meta name="a">' == void("meta", name="a")
