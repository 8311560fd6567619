"""Where facts and rules are found: flag > environment `SUPPRESS_*` > `suppress.toml` > default."""

import os
import tomllib
from collections.abc import Mapping
from typing import Any, Final, Literal, get_args, get_origin

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from suppress.errors import SettingsError

FILE: Final = "suppress.toml"
PREFIX: Final = "SUPPRESS_"
TEXT: Final = "text"
DEFAULT_DATABASE = "sqlite:///suppress.db"
DEFAULT_RULES = "rulesets"
DEFAULT_RULESET = "retail-default"
DEFAULT_RESERVE_HOURS = 24
DEFAULT_LOG_DIR = "decisions"
DEFAULT_LOG_KEEP_DAYS = 90


class Settings(BaseSettings):
    """`database`: a SQLAlchemy URL. `rules`: a folder or file. `ruleset`: which one of the folder decides.

    `lake`: folder of the columns scans read; None = beside the database. `reserve_hours`: how long a message keeps what
    it was given of stock that is shared out.

    `log_dir`: folder of the decision log's files; empty = the table alone. `log_key_file`: holds the key customer ids
    are hashed with; None = beside that folder, made when it is first needed. `log_customers`: `hashed`, or `plain` to
    log ids as they are. `log_keep_days`: what `suppress log prune` leaves.

    `on_log_failure`: what becomes of an answer of the service whose decision cannot be logged: given and counted as
    lost, or refused.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, toml_file=FILE, extra="ignore")

    database: str = DEFAULT_DATABASE
    rules: str = DEFAULT_RULES
    ruleset: str | None = None
    lake: str | None = None
    reserve_hours: int = Field(default=DEFAULT_RESERVE_HOURS, ge=1, le=8_760)
    log_dir: str = DEFAULT_LOG_DIR
    log_key_file: str | None = None
    log_customers: Literal["hashed", "plain"] = "hashed"
    log_keep_days: int = Field(default=DEFAULT_LOG_KEEP_DAYS, ge=1, le=36_500)
    on_log_failure: Literal["answer", "refuse"] = "answer"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Flags, then the environment, then `suppress.toml` in the working directory."""
        del dotenv_settings, file_secret_settings
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def load_settings(**flags: str | None) -> Settings:
    """The settings in force; flags that are None were not given. Raises SettingsError for what cannot be one."""
    given: dict[str, Any] = {name: value for name, value in flags.items() if value is not None}
    try:
        return Settings(**given)
    except ValidationError as error:
        raise SettingsError(_refused(error, given)) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{FILE} is not TOML: {error}. help: mend it, or move it away") from None
    except OSError as error:
        raise SettingsError(f"{FILE} cannot be read: {error.strerror}. help: let its reader read it") from None


def _refused(error: ValidationError, given: Mapping[str, Any]) -> str:
    """Every setting that cannot be, where it comes from, and what can be written there."""
    faults, places = [], []
    for fault in error.errors():
        name = str(fault["loc"][0])
        place, wanted = _place(name, given), _wanted(name)
        # What is meant to be text is not repeated: an address may hold a password.
        seen = "something else" if wanted == TEXT else f'"{fault["input"]}"'
        faults.append(f"{place} is {seen}; it must be {wanted}")
        places.append(place)
    return f"{', and '.join(faults)}. help: mend {' and '.join(places)}, or leave it out"


def _place(name: str, given: Mapping[str, Any]) -> str:
    """Who said it: flags go before the environment, and that before the file."""
    if name in given:
        return f"--{name.replace('_', '-')}"
    variable = f"{PREFIX}{name}".upper()
    return next((said for said in os.environ if said.upper() == variable), f"{name} in {FILE}")


def _wanted(name: str) -> str:
    setting = Settings.model_fields[name]
    if get_origin(setting.annotation) is Literal:
        return " or ".join(f'"{one}"' for one in get_args(setting.annotation))
    if setting.annotation is int:
        least = next(each.ge for each in setting.metadata if hasattr(each, "ge"))
        most = next(each.le for each in setting.metadata if hasattr(each, "le"))
        return f"a whole number from {least} to {most:,}"
    return TEXT
