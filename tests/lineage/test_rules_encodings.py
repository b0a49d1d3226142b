from __future__ import annotations

import pytest

from tests.lineage.rule_support import Rows, inherited

FLOWS: Rows = [
    ("import base64\nr = base64.b64encode(email.encode())", "email:ada"),
    ("import base64\nr = base64.b64encode(email.encode()).decode()", "email:ada"),
    (
        "from base64 import urlsafe_b64encode as e\nr = e(note.encode())",
        "composed name:ada email:ada",
    ),
    ("import base64\nr = base64.b64decode(base64.b64encode(email.encode())).decode()", "email:ada"),
    ("import base64\nr = base64.b64encode(email.encode()).rstrip(b'=')", "email:ada"),
    ("import base64\nr = base64.b85encode(name.encode())", "email:ada".replace("email", "name")),
    ("import binascii\nr = binascii.hexlify(email.encode())", "email:ada"),
    ("r = email.encode().hex()", "email:ada"),
    ("r = bytes.fromhex(email.encode().hex())", "email:ada"),
    ("import codecs\nr = codecs.encode(name, 'rot13')", "name:ada"),
    ("import quopri\nr = quopri.encodestring(city.encode())", "city:ada"),
    ("import zlib\nr = zlib.compress(note.encode())", "composed name:ada email:ada"),
    ("import zlib\nr = zlib.decompress(zlib.compress(email.encode()))", "email:ada"),
    ("import gzip\nr = gzip.compress(email.encode(), mtime=0)", "email:ada"),
    (
        "import bz2, lzma\nr = lzma.decompress(lzma.compress(bz2.compress(name.encode())))",
        "name:ada",
    ),
    ("import struct\nr = struct.pack('>d', out)", "spending:ada"),
    ("import struct\nr = struct.unpack('>d', struct.pack('>d', out))[0]", "spending:ada"),
    ("r = inc.to_bytes(4, 'big')", "income:ada"),
    ("r = int.from_bytes(inc.to_bytes(4, 'big'), 'big')", "derived(from_bytes):ada"),
    ("import hashlib\nr = hashlib.sha256(email.encode()).hexdigest()", "email:ada"),
    (
        "import hashlib\nr = hashlib.md5(('salt' + email).encode()).hexdigest()",
        "email:ada",
    ),
    ("import hashlib\nr = hashlib.new('sha1', email.encode()).digest()", "email:ada"),
    (
        "import hashlib\nh = hashlib.sha256()\nh.update(b'pepper')\nh.update(email.encode())\n"
        "r = h.hexdigest()",
        "email:ada",
    ),
    (
        "import hashlib\nh = hashlib.sha256(name.encode())\nh.update(email.encode())\n"
        "r = h.copy().hexdigest()",
        "name:ada email:ada",
    ),
    ("import hashlib\nr = hashlib.sha256(email.encode()).hexdigest()[:16]", "email:ada"),
    ("import hashlib\nr = hashlib.sha256(email.encode()).hexdigest()[:4]", "derived(slice):ada"),
    ("from hashlib import sha512\nr = sha512(email.encode()).hexdigest().upper()", "email:ada"),
    ("import hashlib\nr = int(hashlib.md5(email.encode()).hexdigest(), 16)", "derived(int):ada"),
    ("import hashlib\nr = hashlib.pbkdf2_hmac('sha256', email.encode(), b's', 1)", "email:ada"),
    ("import hmac\nr = hmac.new(b'key', email.encode(), 'sha256').hexdigest()", "email:ada"),
    ("import hmac\nr = hmac.digest(b'key', email.encode(), 'sha256')", "email:ada"),
    ("import uuid\nr = uuid.uuid5(uuid.NAMESPACE_DNS, email)", "email:ada"),
    ("import uuid\nr = str(uuid.uuid5(uuid.NAMESPACE_DNS, email))", "email:ada"),
    ("import uuid\nr = uuid.uuid3(uuid.NAMESPACE_DNS, email).hex", "email:ada"),
    ("import zlib\nr = zlib.crc32(email.encode())", "derived(crc32):ada"),
    ("import zlib\nr = format(zlib.crc32(email.encode()), 'x')", "derived(crc32):ada"),
    (
        "from itsdangerous import URLSafeSerializer as S\nr = S('key').dumps({'e': email})",
        "email:ada",
    ),
    (
        "from itsdangerous import URLSafeSerializer\ns = URLSafeSerializer('key')\n"
        "r = s.loads(s.dumps({'e': email, 'n': name}))['n']",
        "name:ada",
    ),
    (
        "import jwt\nr = jwt.encode({'sub': email}, 'k' * 32, algorithm='HS256')",
        "email:ada",
    ),
    (
        "import jwt\nt = jwt.encode({'sub': email}, 'k' * 32, algorithm='HS256')\n"
        "r = jwt.decode(t, 'k' * 32, algorithms=['HS256'])['sub']",
        "email:ada",
    ),
]
CLEAN = [
    "import hashlib\nr = hashlib.sha256(b'constant').hexdigest()",
    "import hashlib\nh = hashlib.sha256(email.encode())\nr = h.name",
    "import base64\nr = base64.b64encode(b'constant')",
    "import uuid\nr = uuid.uuid5(uuid.NAMESPACE_DNS, 'example.com')",
    "import hmac\nr = hmac.compare_digest(email, email)",
    "import zlib\nr = zlib.crc32(b'constant')",
]


@pytest.mark.parametrize(("code", "expected"), FLOWS, ids=[code for code, _ in FLOWS])
def test_encoded_inherits(code: str, expected: str) -> None:
    assert inherited(code) == expected


@pytest.mark.parametrize("code", CLEAN)
def test_encoded_inherits_nothing(code: str) -> None:
    assert inherited(code) == ""
