"""Targets of other files and of forms: settings, archives, certificates, checklists."""

import contextlib
import io
import math
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID
from hostile_folder import NOW_MS, ROOT, STATION, assert_finite, folder, laid, told
from hostile_target import Target, assert_lines

from console.admin_certificates import _rows
from edge_agent.commissioning.bundle import MEMBERS, bundle_of
from edge_agent.commissioning.enrol_words import WORDS
from edge_agent.commissioning.own_certificate import own_certificate
from edge_agent.config import AgentSettings, load_agent
from edge_agent.phone.asked import FormError, cookies_of, form_of, target_of
from edge_agent.phone.checklist import Checklist, ChecklistError, Content, sealed
from edge_agent.phone.signature import SignatureError, verified
from edge_agent.profile import Profile
from edge_agent.profile_file import SHIPPED, load_profile
from qingliu.backup_archive import packing
from qingliu.backup_error import BackupError
from qingliu.backup_manifest import FORMAT, REGISTRY, Manifest
from qingliu.backup_reading import read_archive
from registry.config import CentreSettings, load_centre
from registry.identity.authority_folder import authority_certificate
from registry.identity.certificates import new_authority, new_key, pem
from registry.identity.errors import IdentityError
from registry.identity.renewal import RenewalError, _asked_key


def agent_seeds() -> tuple[bytes, ...]:
    return ((ROOT / "configs/agent.toml").read_bytes(),)


def check_agent(data: bytes) -> None:
    with told():
        agent = load_agent(laid("agent.toml", data))
        assert_finite(agent.settings)
        assert agent.devices
        assert all(math.isfinite(each) for device in agent.devices for each in device.factors.values())


def centre_seeds() -> tuple[bytes, ...]:
    return ((ROOT / "configs/centre.toml").read_bytes(),)


def check_centre(data: bytes) -> None:
    with told():
        settings = load_centre(laid("centre.toml", data))
        assert isinstance(settings, CentreSettings)
        assert_finite(settings)
        assert settings.zone is not None


def profile_seeds() -> tuple[bytes, ...]:
    return tuple(path.read_bytes() for path in sorted(SHIPPED.glob("*.toml"))[:6])


def check_profile(data: bytes) -> None:
    laid("own.toml", data)
    with told():
        profile = load_profile("own", folder())
        assert isinstance(profile, Profile)
        assert_finite(profile)


NAME = "测试中心（虚构）"


@cache
def identity() -> dict[str, bytes]:
    authority = new_authority(NAME, NOW_MS, 3_650)
    key = new_key()
    request = x509.CertificateSigningRequestBuilder().subject_name(
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, STATION)])
    ).sign(key, hashes.SHA256())  # fmt: skip
    return {"ca.crt": pem(authority.certificate), "csr": request.public_bytes(serialization.Encoding.PEM)}


def bundle_seeds() -> tuple[bytes, ...]:
    import tarfile  # noqa: PLC0415 - here alone

    made = io.BytesIO()
    text = f'[station]\nid = "{STATION}"\nname = "北寨"\n[mqtt]\nhost = "broker.example.cn"\n'.encode()
    with tarfile.open(fileobj=made, mode="w:gz", compresslevel=1) as archive:
        for name, content in {
            "agent.toml": text,
            "ca.crt": identity()["ca.crt"],
            "password": b"secret\n",
        }.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return (made.getvalue(),)


def check_bundle(data: bytes) -> None:
    with told():
        bundle = bundle_of(data, Path("bundle.tar.gz"), WORDS["en"])
        assert set(bundle.files) <= set(MEMBERS)
        assert isinstance(bundle.settings, AgentSettings)


def backup_seeds() -> tuple[bytes, ...]:
    store, archive = laid("registry.db", b"SQLite format 3\x00" + bytes(200)), folder() / "seed.tar.gz"
    archive.unlink(missing_ok=True)
    with packing(archive, lambda _count: None) as made:
        made.add(REGISTRY, store, store)
        made.add("reports/2026-10/report.xlsx", store, store)
        made.close(Manifest(format=FORMAT, made_ms=NOW_MS, centre="c", version="0.1.0", revision="r",
                            registry="sqlite",
                            history="influxdb", config="/etc/c", rows={REGISTRY: {"station": 3}}, missing=[],
                            members=made.members))  # fmt: skip
    return (archive.read_bytes(),)


def check_backup(data: bytes) -> None:
    """Nothing is written beside the folder, and what is read is what was put in."""
    archive, into = laid("backup.tar.gz", data), folder() / "unpacked"
    try:
        manifest = read_archive(archive, into, lambda _name: True, lambda _share: None)
    except BackupError as error:
        assert_lines([str(error)])
    else:
        assert set(manifest.rows) <= {each.name for each in manifest.members}
        assert all(each.mode & ~0o777 == 0 for each in manifest.members)
    finally:
        written = sorted(into.rglob("*"), reverse=True) if into.exists() else []
        for path in (*written, into):
            with contextlib.suppress(FileNotFoundError):
                path.rmdir() if path.is_dir() else path.unlink()


def request_seeds() -> tuple[bytes, ...]:
    return (identity()["csr"],)


def check_request(data: bytes) -> None:
    with contextlib.suppress(RenewalError):
        _asked_key(data.decode(errors="replace"), STATION)


def certificate_seeds() -> tuple[bytes, ...]:
    return (identity()["ca.crt"],)


def check_certificate(data: bytes) -> None:
    """A certificate of anybody: the system page shows it or says that it cannot be read."""
    path = laid("ca.crt", data)
    assert _rows("authority", path, NOW_MS)
    with contextlib.suppress(IdentityError):
        authority_certificate(folder())
    with contextlib.suppress(ValueError):
        list(own_certificate(path, STATION, NOW_MS / 1000, is_dated=True))


def checklist_seeds() -> tuple[bytes, ...]:
    made = Checklist(software="0.1.0", station=STATION, name="北寨", installer="王工", note="",
                     signed_at="2026-11-22T08:00:00Z",
                     clock_is_set=True, items={}, meters=[], scan=[], checks=[], link=None)  # fmt: skip
    return (sealed(Content(checklist=made, algorithm="", certificate=""), ""),)


def check_checklist(data: bytes) -> None:
    with contextlib.suppress(ChecklistError, SignatureError):
        verdict = verified(data)
        assert verdict.station == ""
        assert data == checklist_seeds()[0] or verdict.checklist is not None


BOUNDARY = b"qingliuboundary"


def form_seeds() -> tuple[bytes, ...]:
    part = b'--%b\r\nContent-Disposition: form-data; name="%b"%b\r\n\r\n%b\r\n'
    multi = part % (BOUNDARY, b"token", b"", b"abc") + part % (
        BOUNDARY,
        b"bundle",
        b'; filename="a.tar.gz"',
        b"\x1f\x8b\x00",
    )
    return b"token=abc&unit=1&unit=2&note=%E7%AB%99", multi + b"--%b--\r\n" % BOUNDARY


def check_form(data: bytes) -> None:
    kind = f"multipart/form-data; boundary={BOUNDARY.decode()}"
    for each in (kind, "application/x-www-form-urlencoded", data[:80].decode("latin-1")):
        with contextlib.suppress(FormError):
            form_of(each, data)
    line = data[:2_000].decode("latin-1")
    cookies_of(line)
    with contextlib.suppress(FormError):
        target_of(line)


TARGETS = (
    Target("agent-toml", agent_seeds, check_agent, 25),
    Target("centre-toml", centre_seeds, check_centre, 20),
    Target("profile", profile_seeds, check_profile, 20),
    Target("bundle", bundle_seeds, check_bundle, 40),
    Target("backup", backup_seeds, check_backup, 20),
    Target("certificate-request", request_seeds, check_request, 40),
    Target("certificate", certificate_seeds, check_certificate, 40),
    Target("checklist", checklist_seeds, check_checklist, 40),
    Target("phone-form", form_seeds, check_form, 60),
)
