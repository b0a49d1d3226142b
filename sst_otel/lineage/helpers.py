"""The names rewritten code calls, and how it finds them.

They live in :mod:`builtins`: what is not found in a module's globals is looked up there, so nothing
is added to the application's modules and ``vars(module)``, ``from module import *``, ``dir()``,
``inspect.getmembers`` and pickling see what they see without us. They stay when tracking stops,
because rewritten functions live on; without marks they only hand results through.
"""

from __future__ import annotations

import builtins
from typing import Any

from sst_otel.lineage import calls, fstrings, growing, methods, operators, rowkeys
from sst_otel.lineage.functions import protobuf
from sst_otel.registry.identity import IDS, MARKABLE
from sst_otel.scope import current_scope

HELPERS: dict[str, Any] = {
    **{f"_sst_{name}": operators.binary(name) for name in operators.SYMBOLS},
    **{f"_sst_i{name}": operators.inplace(name) for name in operators.SYMBOLS},
    "_sst_neg": operators.unary("-", "neg"),
    "_sst_leaf1": operators.leaf1,
    "_sst_leaf2": operators.leaf2,
    "_sst_leaves": operators.leaves,
    "_sst_leaf_mod": operators.leaf_mod,
    "_sst_leaf_slice": operators.leaf_slice,
    "_sst_right_add": growing.right_of_add,
    "_sst_right_iadd": growing.right_of_iadd,
    "_sst_slice2": operators.slice2,
    "_sst_slice3": operators.slice3,
    "_sst_after_attribute": methods.attribute,
    "_sst_attribute": operators.attribute,
    "_sst_metadata": methods.metadata,
    "_sst_after_item": methods.item,
    "_sst_key": rowkeys.key,
    "_sst_key_of": rowkeys.key_of,
    "_sst_key_in": rowkeys.item_of,
    "_sst_item": operators.item,
    "_sst_formatted": fstrings.formatted,
    "_sst_formatted_spec": fstrings.formatted_spec,
    "_sst_converted": fstrings.converted,
    "_sst_joined": fstrings.joined,
    "_sst_kept": fstrings.kept,
    "_sst_into_message": protobuf.into_message,
    "_sst_made1": fstrings.made1,
    "_sst_made2": fstrings.made2,
    "_sst_made": fstrings.made,
    "_sst_piece": fstrings.piece,
    "_sst_method": methods.method,
    "_sst_method_args": methods.method_of_arguments,
    "_sst_callee": calls.callee,
    "_sst_given": calls.given,
    "_sst_joined_characters": methods.joined_characters,
    "_sst_after_method0": methods.after_method0,
    "_sst_after_method": methods.after_method,
    "_sst_call1": calls.call1,
    "_sst_call": calls.call,
    "_sst_after_call": calls.after_call,
    "_sst_scope": current_scope,
    "_sst_id": id,
    "_sst_ids": IDS,
    "_sst_type": type,
    "_sst_holders": frozenset(map(id, (dict, list, tuple, bytes))),
    "_sst_plain": frozenset(map(id, (*MARKABLE, bool, type(None)))),
}


def provide() -> None:
    """Make the helpers reachable for rewritten code, in every module and for good."""
    for name, helper in HELPERS.items():
        setattr(builtins, name, helper)
