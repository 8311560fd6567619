"""Turn an e-mail address or a phone number as typed into the exact form identities are compared in.

E-mail: syntax checked, domain lower-cased and in Unicode form, local part lower-cased; `+tag` and dots are kept,
because only some providers ignore them. Phone: E.164. Both libraries are imported on first use: they are heavy and many
shops never need them.
"""

from suppress.errors import FactsError


def normal_email(text: str) -> str:
    """The compared form of an e-mail address. Raises FactsError when it is not one; the address is not repeated."""
    from email_validator import EmailNotValidError, validate_email  # noqa: PLC0415

    try:
        return validate_email(text.strip(), check_deliverability=False, strict=True).normalized.lower()
    except EmailNotValidError as error:
        raise FactsError(f"not an e-mail address: {error}") from None


def normal_phone(text: str, country: str | None = None) -> str:
    """The E.164 form (`+41446681800`) of a phone number. `country` (ISO 3166 alpha-2) is needed for national numbers.

    Raises FactsError when it is not a possible number.
    """
    import phonenumbers  # noqa: PLC0415

    try:
        number = phonenumbers.parse(text.strip(), country.upper() if country else None)
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_valid_number(number):
        remedy = "" if country else "; write it with its country code, e.g. +41 44 668 18 00, or give the country"
        raise FactsError(f"not a phone number{remedy}")
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
