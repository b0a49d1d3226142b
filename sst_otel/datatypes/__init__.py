"""What personal data is: types, field names, value checks, normal forms and rarity."""

from sst_otel.datatypes.digests import digest_forms, digest_parts
from sst_otel.datatypes.forms import digit_run, normalise, renderings
from sst_otel.datatypes.names import FieldClassifier
from sst_otel.datatypes.rarity import bits
from sst_otel.datatypes.taxonomy import DataType, Taxonomy, default_taxonomy, load_taxonomy
from sst_otel.datatypes.values import classify_value, plausible, recognise

__all__ = [
    "DataType",
    "FieldClassifier",
    "Taxonomy",
    "bits",
    "classify_value",
    "default_taxonomy",
    "digest_forms",
    "digest_parts",
    "digit_run",
    "load_taxonomy",
    "normalise",
    "plausible",
    "recognise",
    "renderings",
]
