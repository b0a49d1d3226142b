"""``SST_*`` variables and configuration files become one frozen, validated :class:`Settings`."""

from sst_otel.settings.layers import (
    ENVIRONMENT,
    OUR_FILE,
    Layer,
    layers,
    load_settings,
    say_misspelt,
    unknown_variables,
    variable,
)
from sst_otel.settings.table import (
    ADDRESS,
    DEFAULT_DATABASE_URL,
    OPTIONS,
    Option,
    Settings,
    plain,
    told,
)
from sst_otel.settings.values import LOG_INS

DEFAULT_OWNER_RULES: tuple[str, ...] = OPTIONS["owner"].default

__all__ = [
    "ADDRESS",
    "DEFAULT_DATABASE_URL",
    "DEFAULT_OWNER_RULES",
    "ENVIRONMENT",
    "LOG_INS",
    "OPTIONS",
    "OUR_FILE",
    "Layer",
    "Option",
    "Settings",
    "layers",
    "load_settings",
    "plain",
    "say_misspelt",
    "told",
    "unknown_variables",
    "variable",
]
