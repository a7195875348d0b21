"""The three kinds of signing keys: what each is drawn, published and signed with; and the secret beside each.

A key tells its kind itself, so a ring may hold several: when the configured algorithm changes, the next key is of the
new kind, and the ones before go on being good until their tokens are over.
"""

import base64
from collections.abc import Mapping

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from jwt.algorithms import Algorithm, ECAlgorithm, HMACAlgorithm, OKPAlgorithm, RSAAlgorithm
from jwt.utils import der_to_raw_signature

RS256 = "RS256"
ES256 = "ES256"
EDDSA = "EdDSA"
HS256 = "HS256"

KEY_BITS = 2048
"""Source: RFC 7518 section 3.3 asks for at least this; the published design uses it, and each signature costs time."""
PUBLIC_EXPONENT = 65_537

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey


class SteadyES256(ECAlgorithm):
    """ES256 whose signatures hold no randomness, so that a repeated answer carries the same token.

    Verifiers cannot tell. Source: RFC 6979.
    """

    def sign(self, msg: bytes, key: ec.EllipticCurvePrivateKey) -> bytes:  # type: ignore[explicit-override]  # 3.11 has no decorator for it
        """Return the signature of *msg*, raw as RFC 7518 section 3.4 has it."""
        how = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
        return der_to_raw_signature(key.sign(msg, how), key.curve)


SIGNATURES: Mapping[str, Algorithm] = {
    RS256: RSAAlgorithm(RSAAlgorithm.SHA256),
    ES256: SteadyES256(ECAlgorithm.SHA256, ec.SECP256R1),
    EDDSA: OKPAlgorithm(),
    HS256: HMACAlgorithm(HMACAlgorithm.SHA256),
}
"""What signs, by algorithm: always the same for the same input."""


def drawn(algorithm: str) -> PrivateKey:
    """Return a new key for *algorithm*; finding the primes of RSA takes up to a second of processor time.

    Raises:
        ValueError: there is no such algorithm here.
    """
    match algorithm:
        case "RS256":
            return rsa.generate_private_key(public_exponent=PUBLIC_EXPONENT, key_size=KEY_BITS)
        case "ES256":
            return ec.generate_private_key(ec.SECP256R1())
        case "EdDSA":
            return ed25519.Ed25519PrivateKey.generate()
        case _:
            raise ValueError(algorithm)


def algorithm_of(private: object) -> str | None:
    """Return what a private key signs with: one key, one algorithm. None for a kind or strength that we do not use.

    Source: RFC 8725 section 3.1.
    """
    match private:
        case rsa.RSAPrivateKey() if private.key_size >= KEY_BITS:
            return RS256
        case ec.EllipticCurvePrivateKey() if isinstance(private.curve, ec.SECP256R1):
            return ES256
        case ed25519.Ed25519PrivateKey():
            return EDDSA
        case _:
            return None


def refresh_secret(private_pem: str) -> bytes:
    """Return the 32 bytes that refresh tokens are signed with while the key of *private_pem* is in the ring.

    Derived from the text as it is stored, which no release of a library writes differently; it tells nothing of the
    private key. Source: RFC 5869 (HKDF).
    """
    derivation = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"muster refresh token")
    return derivation.derive(private_pem.strip().encode())


def jwk_of(key_id: str, public: PublicKey) -> Mapping[str, str]:
    """Return the public key as a JSON Web Key: for RSA the six members that the published design has, in its order.

    Built from the public numbers alone, so that nothing private can slip in.
    """
    match public:
        case rsa.RSAPublicKey():
            numbers = public.public_numbers()
            exponent, modulus = _base64url(_octets(numbers.e)), _base64url(_octets(numbers.n))
            return {"alg": RS256, "e": exponent, "kid": key_id, "kty": "RSA", "n": modulus, "use": "sig"}
        case ec.EllipticCurvePublicKey():
            point = public.public_numbers()
            x, y = (_base64url(part.to_bytes(32, "big")) for part in (point.x, point.y))
            return {"alg": ES256, "crv": "P-256", "kid": key_id, "kty": "EC", "use": "sig", "x": x, "y": y}
        case _:
            x = _base64url(public.public_bytes_raw())
            return {"alg": EDDSA, "crv": "Ed25519", "kid": key_id, "kty": "OKP", "use": "sig", "x": x}


def _octets(number: int) -> bytes:
    """Return *number* as RFC 7518 section 2 has it: big-endian, no leading zero octet."""
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def _base64url(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()
