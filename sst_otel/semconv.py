"""Every name that we write into telemetry, in one place (design 4.3).

``docs/semantic-conventions.md`` is made from this file by ``python -m tools.semconv_table``: a
``# ==`` line begins a table, a docstring begins with the type of its attribute, or what its metric
counts in, and ends in what it means.
"""

from __future__ import annotations

# == Events
EVENT_SHARE = "sst.data.share"
"""Somebody's data left in a call: one event a call and person, as a log record and, with the same
``sst.event.id``, on the client span."""
EVENT_COLLECT = "sst.data.collect"
"""A tag was first seen: who, what type, where from. In the audit log only."""
EVENT_OUTCOME = "sst.data.outcome"
"""What became of the call of the event with this ``sst.event.id``. In the audit log only."""
EVENT_ALIAS = "sst.owner.alias"
"""A visitor turned out to be a person who is known. In the audit log only."""
EVENT_GAP = "sst.audit.gap"
"""Records were lost: how many of what kind, between which times. In the audit log only."""

# == Attributes of sst.data.share
EVENT_ID = "sst.event.id"
"""string: UUIDv7, made in the application; the same in the log record, on the span, in the row."""
EVENT_TYPE = "sst.event.type"
"""string: what kind of call it was, one of the event types below."""
OWNER_REF = "enduser.pseudo.id"
"""string: keyed pseudonym of the person, the same in every service with the same ``SST_KEY``."""
OWNER_SEALED = "sst.owner.sealed"
"""string: the application's own id of the person, encrypted (AES-GCM) under a key derived from
``SST_KEY``; in the log record alone."""
DATA_TYPES = "sst.data.types"
"""string[]: data types, one entry a tag."""
TAG_IDS = "sst.tag.ids"
"""string[]: keyed ids of the data, parallel to ``sst.data.types``."""
RECEIVED_TAG_IDS = "sst.received.tag.ids"
"""string[]: ids under which the trusted service that called has sent data of this event: their
parents, or the very same ids where both services know the person under one id."""
EVIDENCE = "sst.evidence"
"""string[]: how each was recognised, one of the evidences below, parallel to ``sst.tag.ids``."""
PAYLOAD_PATHS = "sst.payload.paths"
"""string[]: where in the payload each was found, never what; parallel to ``sst.tag.ids``."""
DESTINATION = "sst.destination"
"""string: where it went, for people: ``OpenAI:responses.create``, ``postgresql users(email)``."""
RECIPIENT_NAME = "sst.recipient.name"
"""string: who stands behind the destination, ``unknown`` where the register does not say."""
RECIPIENT_PURPOSE = "sst.recipient.purpose"
"""string: what the recipient does with it (``advertising``, ``payment``), or ``unknown``."""
RECIPIENT_COUNTRY = "sst.recipient.country"
"""string: ISO 3166-1 alpha-2 code of the recipient's country, or ``unknown``."""
RECIPIENT_ROLE = "sst.recipient.role"
"""string: ``processor``, ``third_party``, ``first_party`` or ``unknown``."""
KEY_ID = "sst.key.id"
"""string: which ``SST_KEY`` the pseudonyms were made with."""
JOB = "sst.job"
"""string: what ran where no request did: ``task shop.remind``, ``command flask notify``, a scope's
name."""

# == Attributes of the client span
OUTCOME = "sst.outcome"
"""string: what became of the call, ``sent`` or ``failed``."""

# == Attributes of spans and log records while personal data is in play
TAG_SET = "sst.tag.set"
"""string: with more tags in play than ``sst.tag.ids`` names beside ``enduser.pseudo.id``, an id of
all of them."""

# == Baggage to trusted hosts
BAGGAGE_OWNER = "sst.owner"
"""string: ``enduser.pseudo.id`` of the person the call is about."""
BAGGAGE_TAGS = "sst.tags"
"""string: ids of the tags in play, joined by dots; 40 at most."""
BAGGAGE_FINGERPRINTS = "sst.fp"
"""string: ``POSITION-TYPE-FINGERPRINT`` of those that are rare enough to be recognised, joined by
dots: a keyed digest of the value's normal form."""
BAGGAGE_TIME = "sst.t"
"""int: when it was written, in seconds since the epoch; it counts for five minutes."""
BAGGAGE_MAC = "sst.mac"
"""string: keyed digest over the trace id and all of the above."""

# == What only the audit log says of an event
AMBIGUOUS = "sst.ambiguous"
"""string[]: data types of which several people have the same value, and this person was chosen."""
UNREAD = "sst.unread"
"""int: parts of the payload that were too long or too deep to be read."""
ROWS_UNREAD = "sst.rows.unread"
"""int: rows of a batch that were not looked at."""
EXHAUSTED = "sst.exhausted"
"""string: the budget of the request that ran out before the call."""
OWNER = "sst.owner"
"""string: ``unknown`` where nobody knows whose data it is."""
REPEATED = "sst.repeated"
"""int: how often the same was left out as said already."""

# == Attributes of sst.data.collect
TAG_ID = "sst.tag.id"
"""string: keyed id of the datum."""
TAG_SOURCE = "sst.tag.source"
"""string: where the value came in: ``form_field:email``, ``db:users.email``."""
TAG_LINEAGE = "sst.tag.lineage"
"""string[]: ids of the tags that a computed value was made of, or under which a trusted service
sent it."""
TAG_TRANSFORMATIONS = "sst.tag.transformations"
"""string[]: the operations that made it."""

# == Attributes of sst.owner.alias
ALIAS_PSEUDONYM = "sst.alias.pseudonym"
"""string: ``enduser.pseudo.id`` of the visitor, whose rows are the person's from now on."""

# == Attributes of sst.audit.gap
GAP_ID = "sst.gap.id"
"""string: UUIDv7 of the gap."""
GAP_SINCE = "sst.gap.since"
"""double: when the first of the lost records was made, in seconds since the epoch; the last is as
old as the log record."""
GAP_LOST = "sst.gap.lost"
"""map: kind of record (``share``, ``tag``, ``outcome``, ``alias``) to how many were lost."""
GAP_REASON = "sst.gap.reason"
"""string: why: the disk's error, or ``refused`` by the receiver."""

# == OpenTelemetry's own attributes that we set
SERVICE_NAME = "service.name"
"""string: the service that shared; an attribute of the resource."""
SERVER_ADDRESS = "server.address"
"""string: the host that the application asked for."""
SERVER_PORT = "server.port"
"""int: the port at that host."""
HTTP_METHOD = "http.request.method"
"""string: the method of the call."""
HTTP_ROUTE = "http.route"
"""string: the route of the request that the call was made in."""
CODE_FILE = "code.file.path"
"""string: the application's file with the line that made the call."""
CODE_LINE = "code.line.number"
"""int: the number of that line."""
CODE_FUNCTION = "code.function.name"
"""string: the function that the line is in."""
CODE_STACKTRACE = "code.stacktrace"
"""string: the application's frames, outermost first, a line each; in the audit log alone."""
DB_SYSTEM = "db.system.name"
"""string: kind of database."""
DB_NAMESPACE = "db.namespace"
"""string: the database, index or keyspace."""
DB_COLLECTION = "db.collection.name"
"""string: the table or collection."""
DB_OPERATION = "db.operation.name"
"""string: the command (``INSERT``, ``bulk``)."""
DB_BATCH_SIZE = "db.operation.batch.size"
"""int: how many rows or commands were sent at once."""
GEN_AI_OPERATION = "gen_ai.operation.name"
"""string: ``chat``, ``embeddings`` and the like."""
GEN_AI_PROVIDER = "gen_ai.provider.name"
"""string: whose SDK made the call."""
GEN_AI_MODEL = "gen_ai.request.model"
"""string: the model that was asked."""
MESSAGING_SYSTEM = "messaging.system"
"""string: kind of broker."""
MESSAGING_BATCH = "messaging.batch.message_count"
"""int: how many messages were sent at once."""
RPC_SYSTEM = "rpc.system"
"""string: ``grpc``."""
RPC_SERVICE = "rpc.service"
"""string: the service that was called."""
RPC_METHOD = "rpc.method"
"""string: the method of the service."""
PROTOCOL = "network.protocol.name"
"""string: ``websocket``, where the call was a message on one."""
EXECUTABLE = "process.executable.name"
"""string: the program that was started with the data."""

# == Metrics
METRIC_SHARES = "sst.shares"
"""counter, {share}: outgoing calls that carried somebody's data, once a person and data type; with
``sst.recipient.name`` and ``sst.recipient.purpose`` (``other`` after 200 recipients) and
``sst.data.type``."""
METRIC_TAGS = "sst.tags"
"""counter, {tag}: tags noted in the audit log, once a source; with ``sst.data.type``."""
METRIC_MATCH_DURATION = "sst.match.duration"
"""histogram, s: time to look through an outgoing call; with ``sst.event.type``. Calls that are not
looked at, as nothing of anybody is known in the process, are not in it."""
METRIC_REGISTRY_SIZE = "sst.registry.size"
"""up-down counter, {value}: tagged values in memory."""
METRIC_ERRORS = "sst.errors"
"""counter, {error}: failures of tracking itself, none of which reached the application; with
``sst.error.place``."""
METRIC_OUTBOX_BUFFERED = "sst.outbox.buffered"
"""up-down counter, By: audit records that are in memory only: more than a moment's worth says that
the disk is full or read-only."""
METRIC_OUTBOX_SIZE = "sst.outbox.size"
"""up-down counter, By: journals in the directory of this process; beyond 8 MB a process the store
is behind."""
METRIC_OUTBOX_LOST = "sst.outbox.lost"
"""counter, {record}: audit records that nobody will see, as the disk was full or a receiver refused
them for good; with ``sst.record.kind``. Any is a reason to look, and the log tells of the gap."""

# == Attributes of metrics
RECORD_KIND = "sst.record.kind"
"""string: ``share``, ``tag``, ``outcome``, ``alias``; ``unreadable`` where it is
not known."""
DATA_TYPE = "sst.data.type"
"""string: one data type."""
ERROR_PLACE = "sst.error.place"
"""string: the part that failed: ``sink.requests``, ``audit.journal``."""

# == Event types
EXTERNAL_API = "external_api"
"""A call to somebody else's service."""
HTTP_REQUEST = "http_request"
"""A call to a service of one's own (``SST_FIRST_PARTY_HOSTS``)."""
DATABASE_WRITE = "database_write"
"""A statement or command that stores."""
DATABASE_READ = "database_read"
"""What was asked of a database that is somebody else's."""
EMAIL_SEND = "email_send"
"""A message by SMTP."""
FILE_WRITE = "file_write"
"""A file or a log that is watched."""
MESSAGE_PUBLISH = "message_publish"
"""A message to a broker."""
RPC = "rpc"
"""A call by gRPC."""
SOCKET = "socket"
"""Bytes on a connection that no library known to us wrote."""

# == Evidences
EXACT = "exact"
"""The value as it came in."""
NORMALIZED = "normalized"
"""The value in another spelling: case, blanks, a phone number's form."""
ENCODED = "encoded"
"""The value in an encoding: Base64, percent escapes, hex."""
HASHED = "hashed"
"""A digest of the value."""
DERIVED = "derived"
"""Computed of it."""
COMPOSED = "composed"
"""Text that the program put together with it."""
FIELD = "field"
"""A value that others have too, under a key that names its type."""

# == Outcomes
SENT = "sent"
"""The call returned."""
FAILED = "failed"
"""The call raised or was refused; what had left by then has left."""

# Not names of their own:
DATABASES = frozenset({DATABASE_WRITE, DATABASE_READ})
