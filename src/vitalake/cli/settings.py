"""Where the command line takes its defaults from.

First the option, then the environment (``VITALAKE_LAKE``), then ``vitalake.toml`` in the working directory,
then the one in the user's configuration folder.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Final

import platformdirs
from pydantic import PositiveFloat, PositiveInt, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from vitalake.cli.options import EngineName
from vitalake.errors import UserError

FILE: Final = "vitalake.toml"
PREFIX: Final = "VITALAKE_"


class Settings(BaseSettings):
    """What a user sets once instead of with every command."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, extra="forbid")

    lake: Path | None = None
    """The lake's folder."""
    engine: EngineName = EngineName.embedded
    """The engine that makes new lakes."""
    batch_rows: PositiveInt = 200_000
    """The most messages of one batch."""
    rules: Path | None = None
    """A file of rules (maximum ages, windows, assumptions) for new lakes."""
    publish_to: str | None = None
    """The Kafka brokers that get a lake's events."""
    kafka: dict[str, str | int | float | bool] = {}
    """Settings of Kafka's client by its own names: ``security.protocol``, ``sasl.username``, ..."""
    gold_every_s: PositiveFloat = 60
    """How often a run that follows brings Gold up to Silver."""
    stalled_after_s: PositiveFloat = 120
    """After how long without a message a run that follows calls its feed stalled."""

    @field_validator("lake", "rules")
    @classmethod
    def _expand_home(cls, path: Path | None) -> Path | None:
        try:
            return None if path is None else path.expanduser()
        except RuntimeError as error:  # ~NAME, and nobody is called so
            raise ValueError(error) from None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the parent's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Yield the places in the order in which they win."""
        files = (TomlConfigSettingsSource(settings_cls, path) for path in settings_files())
        return (init_settings, env_settings, *files)


def settings_files() -> tuple[Path, Path]:
    """Yield the two files that may hold settings: the working directory's, then the user's."""
    return Path(FILE), platformdirs.user_config_path("vitalake", appauthor=False) / FILE


def read_settings(**given: Any) -> Settings:
    """Yield the settings; what the command line gave (not None) wins."""
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        places = " or ".join(map(str, settings_files()))
        if first["type"] == "extra_forbidden":
            known = ", ".join(Settings.model_fields)
            raise UserError(f"There is no setting {name}", f"Known are {known}: correct {places}") from None
        hint = f"Correct it in {places}, or {PREFIX}{name.upper()}"
        raise UserError(f"The setting {name} can't be used ({first['msg']})", hint) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(
            f"{FILE} is no TOML ({error})", f"Correct {' or '.join(map(str, settings_files()))}"
        ) from None
    except OSError as error:
        raise UserError(
            f"{error.filename} can't be read ({error.strerror})", "Check its permissions, or take it away"
        ) from None
