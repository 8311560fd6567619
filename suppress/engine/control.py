"""Say whether a customer is in a ruleset's control group, on whom rules are recorded and not obeyed.

Not a holdout: vendors withhold the message from a holdout; here the *suppression* is withheld, so that its effect can
be measured. The draw is a hash of the ruleset's name and the customer's id: the same every time, on every machine, and
independent between rulesets.
"""

import hashlib

from suppress.decisions.shares import SHARE_PARTS


def in_control_group(ruleset: str, customer_id: str | None, share: int) -> bool:
    """Whether the customer is drawn; `share` in parts per ten thousand. Nobody without an id is."""
    if not share or customer_id is None:
        return False
    digest = hashlib.sha256(f"{ruleset}\x00{customer_id}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") % SHARE_PARTS < share
