"""Turn a ScanReport into one HTML file that needs nothing else: no network, no fonts, no scripts of others."""

import base64
import hashlib
from importlib.resources import files

from suppress.decisions.report import ScanReport
from suppress.reports import charts, front, gaps, lookup, places, rule_tables
from suppress.reports.markup import Safe, join, tag, void
from suppress.reports.words import headline


def render(report: ScanReport) -> str:
    """The page. What it shows is in the file; a Content-Security-Policy keeps browsers from fetching anything else."""
    style, script = _asset("page.css"), _asset("page.js")
    sections = [
        ("messages", "Messages", front.verdicts(report)),
        ("spared", "What customers were spared", front.spared(report)),
        ("rules", "Rules", rule_tables.rules(report)),
        ("prices", "Category over price", places.prices(report)),
        ("campaigns", "Campaigns and channels", places.audiences(report)),
        ("held", "When held ones are due", places.held(report)),
        ("stock", "Stock shared out", gaps.budgets(report)),
        ("unknown", "What nobody knew", gaps.unknown(report)),
        ("control-group", "Control group", front.control(report)),
        ("previous", "Since the run before", gaps.compared(report)),
        ("look-it-up", "Look it up", lookup.lookup(report)),
    ]
    there = [(anchor, name, section) for anchor, name, section in sections if section is not None]
    head = tag(
        "head",
        void("meta", charset="utf-8"),
        void("meta", http_equiv="Content-Security-Policy", content=_policy(style, script)),
        void("meta", name="viewport", content="width=device-width, initial-scale=1"),
        void("meta", name="color-scheme", content="light dark"),
        void("meta", name="robots", content="noindex"),
        tag("title", f"{report.campaign or report.ruleset}: {headline(report)}"),
        void("link", rel="icon", href="data:,"),
        tag("style", Safe(style)),
    )
    body = tag(
        "body",
        charts.PATTERNS,
        tag("a", "Skip to the figures", href="#figures", class_="skip"),
        tag(
            "div",
            front.masthead(report),
            tag(
                "nav",
                tag("ul", *(tag("li", tag("a", name, href=f"#{anchor}")) for anchor, name, _ in there)),
                aria_label="On this page",
            ),
            tag("main", front.warnings(report), *(section for _, _, section in there), id_="figures", tabindex=-1),
            _colophon(report),
            class_="page",
        ),
        tag("script", Safe(script)),
    )
    return f"<!doctype html>\n{tag('html', head, body, lang='en')}\n"


def _colophon(report: ScanReport) -> Safe:
    return tag(
        "footer",
        tag(
            "p",
            join("Ruleset ", tag("code", report.ruleset), ", ", tag("code", report.fingerprint, class_="fingerprint")),
            f", decided on {report.engine}. The same numbers are in report.json.",
        ),
        class_="muted small",
    )


def _policy(style: str, script: str) -> str:
    return (
        f"default-src 'none'; img-src data:; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _asset(name: str) -> str:
    return files("suppress.reports").joinpath(name).read_text(encoding="utf-8")
