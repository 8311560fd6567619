"""Tell amounts of money: minor units and an ISO 4217 code in, `CHF 1,899.00` out."""

from typing import Final

_NO_DECIMALS: Final = frozenset(
    ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF",
     "XPF")
)  # fmt: skip
_THREE_DECIMALS: Final = frozenset(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"))


def decimals_of(currency: str | None) -> int:
    """How many decimals amounts of the currency have; an unknown currency has two, as most do."""
    if currency is None:
        return 2
    return 0 if currency.upper() in _NO_DECIMALS else 3 if currency.upper() in _THREE_DECIMALS else 2


def price(minor: int, currency: str | None) -> str:
    """An amount with its currency and all its decimals."""
    return _with(currency, _amount(minor, decimals_of(currency)))


def round_price(minor: int, currency: str | None) -> str:
    """An amount with its currency, without decimals that are all nought."""
    decimals = decimals_of(currency)
    whole, rest = divmod(minor, 10**decimals)
    return _with(currency, f"{whole:,}" if not rest else _amount(minor, decimals))


def _amount(minor: int, decimals: int) -> str:
    whole, rest = divmod(abs(minor), 10**decimals)
    sign = "-" if minor < 0 else ""
    return f"{sign}{whole:,}.{rest:0{decimals}}" if decimals else f"{sign}{whole:,}"


def _with(currency: str | None, amount: str) -> str:
    return f"{currency}\N{NO-BREAK SPACE}{amount}" if currency else amount
