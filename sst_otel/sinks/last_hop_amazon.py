"""The last place before a message leaves for SQS or SNS, or the payload of a Lambda function.

A queue, a topic and a function are trusted by name, all of an account's by the endpoint's host.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sst_otel.patching import named_arguments
from sst_otel.sinks.carriers import without
from sst_otel.sinks.wrapping import Args, Kwargs
from sst_otel.telemetry.baggage import PREFIX

if TYPE_CHECKING:
    from sst_otel.sinks.last_hop import LastHop, Targets

_ARGUMENTS = ("api_params", "operation_model", "endpoint_url")
_ATTRIBUTES = "MessageAttributes"
_BATCHES = ("Entries", "PublishBatchRequestEntries")
_PAYLOAD = "Payload"
_DESTINATIONS = ("QueueUrl", "TopicArn", "TargetArn")


def to_amazon(
    hop: LastHop,
) -> Callable[[Any, Args, Kwargs], tuple[Args, Kwargs] | None]:
    """Return what looks at the parameters of an operation; nothing is added.

    Of attributes ten are allowed, and a function's payload is the application's.
    """

    def note(_client: Any, args: Args, kwargs: Kwargs) -> tuple[Args, Kwargs] | None:
        given = named_arguments(_ARGUMENTS, args, kwargs)
        params = given["api_params"]
        changed = _stripped(params)
        if changed is None or hop.leads_home(
            lambda: _aws_targets(params, given.get("endpoint_url"))
        ):
            return None
        return ((changed, *args[1:]), kwargs) if args else (args, {**kwargs, "api_params": changed})

    return note


def _stripped(params: Any) -> Any:
    """Return a copy of an operation's parameters, or a message's, without what is ours."""
    if not isinstance(params, dict):
        return None
    found = {}
    if _ATTRIBUTES in params:
        found[_ATTRIBUTES] = without(params[_ATTRIBUTES])
    if _PAYLOAD in params:
        found[_PAYLOAD] = _payload(params[_PAYLOAD])
    for name in _BATCHES:
        if isinstance(params.get(name), list):
            entries = [_stripped(entry) for entry in params[name]]
            if any(entry is not None for entry in entries):
                pairs = zip(entries, params[name], strict=True)
                found[name] = [before if entry is None else entry for entry, before in pairs]
    changed = {name: value for name, value in found.items() if value is not None}
    return {**params, **changed} if changed else None


def _aws_targets(params: dict[str, Any], endpoint: Any) -> Targets:
    url = urlsplit(endpoint if isinstance(endpoint, str) else "")
    yield url.hostname or "", url.port or (443 if url.scheme == "https" else 80)
    for name in _DESTINATIONS:
        if isinstance(params.get(name), str):
            yield params[name].replace(":", "/").rpartition("/")[2], None
    function = params.get("FunctionName")
    if isinstance(function, str):  # a name or an ARN, with an alias or not
        yield function.rpartition("function:")[2].partition(":")[0], None


def _payload(payload: Any) -> Any:
    """Return a payload without what is ours in its ``headers``, where OpenTelemetry puts them.

    None where nothing is; else it is written anew, as OpenTelemetry does.
    """
    if not isinstance(payload, (str, bytes)):
        return None
    prefix: Any = PREFIX if isinstance(payload, str) else PREFIX.encode()
    if prefix not in payload:
        return None
    try:
        tree = json.loads(payload)
    except (ValueError, RecursionError):
        return None
    headers = tree.get("headers") if isinstance(tree, dict) else None
    left = without(headers) if isinstance(headers, dict) else None
    if left is None:
        return None
    made = json.dumps({**tree, "headers": left})
    return made.encode() if isinstance(payload, bytes) else made
