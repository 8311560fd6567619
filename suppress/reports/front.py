"""Write the top of the page: what was decided in one sentence and one picture, and what customers were spared."""

from suppress.decisions.report import Prevented, ScanReport
from suppress.reports import charts
from suppress.reports.markup import Safe, join, tag
from suppress.reports.prevented import told
from suppress.reports.scope import scope
from suppress.reports.words import (
    between_words,
    changed_sentence,
    counted,
    headline,
    items_sentence,
    number,
    parts_share,
    share,
    share_sentence,
    source_name,
    whole_verdicts,
)

VERDICTS = (
    ("send", "go out", "sent as they stand, or with fewer or other items"),
    ("hold", "wait", "held, and due later"),
    ("suppress", "stay home", "suppressed: not sent at all"),
)


def masthead(report: ScanReport) -> Safe:
    """Whose report this is, and the sentence it all comes down to."""
    about = [f"Ruleset {report.ruleset}"]
    if report.as_of_to is not None and report.as_of_from is not None:
        about.append(f"decided as of {between_words(report.as_of_from, report.as_of_to)}")
    return tag(
        "header",
        tag("p", report.campaign or "Campaign scan", class_="eyebrow"),
        tag("h1", headline(report)),
        tag("p", items_sentence(report), class_="lead"),
        tag("p", changed_sentence(report), class_="lead") if report.previous else None,
        tag("p", " · ".join(about), class_="muted"),
        class_="masthead",
    )


def warnings(report: ScanReport) -> Safe | None:
    """What an operator must know before anything is sent; nothing when all is well."""
    lines = [
        share_sentence(passed, _name(report, passed.rule) if passed.rule else "Messages that do not go out now")
        for passed in report.passed
    ]
    lines.extend(
        f"{source_name(source.source)}: too old, so that what rules asked of it counted as unknown"
        for source in report.sources
        if source.stale
    )
    if not lines:
        return None
    return tag(
        "section",
        tag("h2", "Before you send", id_="before-you-send"),
        tag("ul", *(tag("li", f"{line}.") for line in lines)),
        class_="warning",
        aria_labelledby="before-you-send",
    )


def verdicts(report: ScanReport) -> Safe:
    """The verdicts of the whole campaign as a picture, each with its number and word, and the figures beside."""
    counts = whole_verdicts(report)
    numbers = {"send": counts.send, "hold": counts.hold, "suppress": counts.suppress}
    legend = [
        tag(
            "li",
            charts.swatch(verdict),
            tag("span", number(numbers[verdict]), class_="big"),
            tag("span", f"{word} · {share(numbers[verdict], counts.messages)}", class_="word"),
            tag("span", meaning, class_="muted small"),
        )
        for verdict, word, meaning in VERDICTS
    ]
    says = ", ".join(f"{number(numbers[verdict])} {word}" for verdict, word, _ in VERDICTS)
    items = report.items
    facts = [
        ("Customers", number(report.customers), "different ones"),
        ("Items shown", number(items.shown), "in messages that go out"),
        ("Items taken out", number(items.dropped), f"{share(items.dropped, items.asked)} of those recommended"),
        ("Replaced", number(items.replaced), "of those, by something better"),
    ]
    if report.unknown_customers:
        facts.append(("Unknown recipients", number(report.unknown_customers), "messages nobody knows the customer of"))
    return tag(
        "section",
        tag("h2", "Messages", id_="messages"),
        charts.verdict_bar(counts, f"Of {counted(counts.messages, 'message')}: {says}"),
        tag("ul", *legend, class_="legend"),
        scope(report),
        tag("dl", *(_fact(*fact) for fact in facts), class_="facts"),
        aria_labelledby="messages",
    )


def spared(report: ScanReport) -> Safe | None:
    """The examples, as cards; nothing when nothing was prevented."""
    if not report.prevented:
        return None
    count = len(report.prevented)
    lead = "Ten" if count == 10 else counted(count, "apology", "apologies") if count == 1 else number(count)
    return tag(
        "section",
        tag("h2", "What customers were spared", id_="spared"),
        scope(report),
        tag("p", f"{lead} apologies nobody has to write." if count > 1 else "An apology nobody has to write."),
        tag("ol", *(tag("li", _card(one, report)) for one in report.prevented), class_="cards"),
        aria_labelledby="spared",
    )


def _card(one: Prevented, report: ScanReport) -> Safe:
    words = told(one, report)
    sentence = join(words.lead, tag("strong", words.product) if words.product else None, words.rest)
    instead = one.replaced_by_title or one.replaced_by
    rule = report.rule(one.rule)
    return join(
        tag("p", sentence, tag("span", f" {words.aside}", class_="aside") if words.aside else None, class_="sentence"),
        tag(
            "p",
            f"{rule.name if rule else one.rule}",
            f" · shown instead: “{instead}”" if instead else None,
            " · ",
            tag("span", f"message {one.message_id}", class_="whole"),
            class_="muted small",
        ),
    )


def _fact(name: str, figure: str, meaning: str) -> Safe:
    return tag(
        "div",
        tag("dt", name),
        tag("dd", tag("span", figure, class_="figure"), tag("span", meaning, class_="muted small")),
    )


def _name(report: ScanReport, rule_id: str) -> str:
    rule = report.rule(rule_id)
    return rule.name if rule else rule_id


def control(report: ScanReport) -> Safe | None:
    """The control group, when the ruleset has one."""
    group = report.control
    if group is None:
        return None
    return tag(
        "section",
        tag("h2", "Control group", id_="control-group"),
        scope(report),
        tag(
            "p",
            f"For {parts_share(group.share)} of customers rules are recorded and not obeyed, so that their effect can "
            f"be measured: {counted(group.customers, 'customer')} with {counted(group.messages, 'message')} here. They "
            f"get {counted(group.messages_spared, 'message')} and see {counted(group.items_spared, 'item')} that "
            "others would not.",
        ),
        aria_labelledby="control-group",
    )
