"""Where facts and rules are found: flag > environment `SUPPRESS_*` > `suppress.toml` > default."""

from typing import Any, Literal

from pydantic import Field
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

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

    model_config = SettingsConfigDict(env_prefix="SUPPRESS_", toml_file="suppress.toml", extra="ignore")

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
    """The settings in force; flags that are None were not given."""
    given: dict[str, Any] = {name: value for name, value in flags.items() if value is not None}
    return Settings(**given)
