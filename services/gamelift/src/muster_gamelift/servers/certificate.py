"""A certificate for `wss://` on this machine, made here and trusted by nobody who is not told to.

Source: C++ Server SDK 5.4.0 always speaks TLS, accepts any certificate, and wants TLS 1.2 or newer.
"""

import ipaddress
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

FROM: Final = datetime(2000, 1, 1, tzinfo=UTC)
UNTIL: Final = datetime(2099, 12, 31, tzinfo=UTC)
"""It proves nothing to anybody else, so it need not run out either; and a frozen clock shall not make it invalid."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate and its key, as PEM files.

    Attributes:
        certificate: what clients may be told to trust.
        key: readable by this user only.
    """

    certificate: Path
    key: Path

    def context(self) -> ssl.SSLContext:
        """Return the server's side of TLS, 1.2 or newer.

        Raises:
            OSError: the files cannot be read, or do not belong together.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(self.certificate, self.key)
        return context


def certificate_in(folder: Path, hosts: tuple[str, ...]) -> Certificate:
    """Return the certificate that lies in *folder*; when there is none, make one.

    Args:
        folder: made when it does not exist. `certificate.pem` and `key.pem` may be the user's own.
        hosts: names and IP addresses that a new certificate is for, beside localhost.

    Raises:
        OSError: the folder cannot be written.
    """
    found = Certificate(folder / "certificate.pem", folder / "key.pem")
    if not (found.certificate.is_file() and found.key.is_file()):
        folder.mkdir(parents=True, exist_ok=True)
        key = ec.generate_private_key(ec.SECP256R1())
        found.key.touch(mode=0o600)
        found.key.chmod(0o600)
        found.key.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        found.certificate.write_bytes(_signed(key, hosts).public_bytes(serialization.Encoding.PEM))
    return found


def _signed(key: ec.EllipticCurvePrivateKey, hosts: tuple[str, ...]) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Local GameLift")])
    names = dict.fromkeys(("localhost", "127.0.0.1", "::1", *hosts))
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(FROM)
        .not_valid_after(UNTIL)
        .add_extension(x509.SubjectAlternativeName([_general(one) for one in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )


def _general(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
