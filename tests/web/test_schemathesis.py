"""What schemathesis makes of the OpenAPI document finds no answer that the document does not describe.

One of its checks is left out: that whatever fits the schema is accepted. A schema cannot say that a message needs a
recipient, that rules must pass their cases, or which page tokens were given out. Another is told that what breaks the
schema by its mere size may be refused as too large.
"""

import schemathesis
from hypothesis import seed, settings
from schemathesis.checks import load_all_checks
from schemathesis.specs.openapi.checks import positive_data_acceptance

from suppress.web.app import make_app
from tests.conftest import LONG, SEED
from tests.web.fakes import key_of, make_service

load_all_checks()
REFUSED = ["400", "401", "403", "404", "405", "409", "413", "414", "415", "422", "428", "429", "431"]
CONFIG = schemathesis.Config.from_dict({"checks": {"negative_data_rejection": {"expected-statuses": REFUSED}}})
SCHEMA = schemathesis.openapi.from_asgi("/openapi.json", make_app(make_service()), config=CONFIG)


@SCHEMA.parametrize()
@seed(SEED)
@settings(LONG, max_examples=8)
def test_every_answer_is_described(case: schemathesis.Case) -> None:
    """No 5xx, no status, media type, header or body that is not in the document, whatever is asked; nothing unasked."""
    case.call_and_validate(headers={"Authorization": key_of("admin")}, excluded_checks=[positive_data_acceptance])
