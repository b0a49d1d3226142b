"""The Merkle tree, held against RFC 6962's reference vectors and against itself."""

from __future__ import annotations

import hashlib

import pytest

from sst_otel.audit.seals import tree

# Leaves and roots of the reference implementation's tests
# (https://github.com/google/certificate-transparency, merkletree/merkle_tree_test.cc).
INPUTS = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
PATHS = {  # (leaf, from 0, of so many leaves): the reference's audit paths
    (0, 8): (
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ),
    (5, 8): (
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ),
    (2, 3): ("fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",),
}


def hashed(value: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + value).digest()


REFERENCE = [hashed(value) for value in INPUTS]
LEAVES = [hashed(str(number).encode()) for number in range(130)]


@pytest.mark.parametrize("size", range(9))
def test_roots_of_the_reference(size: int) -> None:
    assert tree.root(REFERENCE[:size]).hex() == ROOTS[size]


@pytest.mark.parametrize("place", sorted(PATHS))
def test_paths_of_the_reference(place: tuple[int, int]) -> None:
    index, size = place
    found = tree.path(index, REFERENCE[:size])
    assert tuple(one.hex() for one in found) == PATHS[place]


def recursive(leaves: list[bytes]) -> bytes:
    """The definition of section 2.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    both = recursive(leaves[:split]) + recursive(leaves[split:])
    return hashlib.sha256(b"\x01" + both).digest()


def test_every_proof_leads_to_the_root_and_no_other_does() -> None:
    for size in range(1, 130):
        leaves = LEAVES[:size]
        root = recursive(leaves)
        assert tree.root(leaves) == root
        for index in range(size):
            path = tree.path(index, leaves)
            assert tree.root_by(path, leaves[index], index, size) == root
            for wrong in (index - 1, index + 1, size):
                if not 0 <= wrong < size:
                    assert tree.root_by(path, leaves[index], wrong, size) is None
                else:
                    assert tree.root_by(path, leaves[index], wrong, size) != root
            assert tree.root_by(path, hashed(b"other"), index, size) != root
            assert tree.root_by([*path, root], leaves[index], index, size) != root
            if path:
                assert tree.root_by(path[1:], leaves[index], index, size) != root
                turned = [bytes([path[0][0] ^ 1]) + path[0][1:], *path[1:]]
                assert tree.root_by(turned, leaves[index], index, size) != root


@pytest.mark.parametrize("index", [-1, 3])
def test_there_is_no_proof_of_what_is_not_there(index: int) -> None:
    with pytest.raises(ValueError, match="no such leaf"):
        tree.path(index, LEAVES[:3])
