"""The tables of the seals, those of the store that hold nobody's data."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Identity, Integer, String, Text

from sst_otel.audit.base import Base
from sst_otel.audit.columns import NUMBER, UtcTime


class SealBlock(Base):  # type: ignore[misc]
    """The leaves of what one transaction wrote (:mod:`sst_otel.audit.seals.leaves`)."""

    __tablename__ = "seal_blocks"

    id = Column(NUMBER, Identity(), primary_key=True)
    leaves = Column(Integer, nullable=False)
    body = Column(Text, nullable=False)
    """A line a leaf."""
    batch = Column(BigInteger, index=True)
    """``seal_batches.seq``; None until it is sealed."""


class SealBatch(Base):  # type: ignore[misc]
    """The signed header of a batch of blocks, chained to the one before."""

    __tablename__ = "seal_batches"

    seq = Column(BigInteger, primary_key=True, autoincrement=False)
    """From 1, without gaps."""
    sealed_at = Column(UtcTime, nullable=False)
    first_block = Column(BigInteger)
    last_block = Column(BigInteger)
    """None in an empty batch."""
    leaves = Column(BigInteger, nullable=False)
    lasting = Column(BigInteger, nullable=False)
    """How many of them are of people, data and acts, which do not go by their age."""
    newest = Column(UtcTime)
    """The latest time of the others; None where there is none."""
    root = Column(String, nullable=False)
    """Of the Merkle tree over the leaves, in hex."""
    previous = Column(String, nullable=False)
    """``hash`` of the batch before; zeros before the first."""
    hash = Column(String, nullable=False)
    """SHA-256 of all the columns above, in hex."""
    key_id = Column(String, nullable=False)
    signature = Column(String, nullable=False)
    """Ed25519, of the checkpoint that this batch makes; base64."""


class Verification(Base):  # type: ignore[misc]
    """What `sst-otel verify` found; whoever can write here can say that all is well."""

    __tablename__ = "seal_verifications"

    at = Column(UtcTime, primary_key=True)
    problems = Column(BigInteger, nullable=False)
    first_event = Column(String)
    """The first event that a problem is about."""


class SealSalt(Base):  # type: ignore[misc]
    """What the leaves of a person or a datum are salted with; erasure deletes it."""

    __tablename__ = "seal_salts"

    id = Column(String, primary_key=True)
    """``subjects.subject`` or ``provenance_records.id``."""
    salt = Column(String, nullable=False)
