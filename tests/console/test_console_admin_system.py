"""The system's page: services with figures, leases, stores, certificates, versions; and the way there."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from console_admin_browser import AdminBrowser
from console_centre import DAY_MS, HOSTILE, NOW_MS
from console_login import Limits
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from console import admin_stores
from console.admin_certificates import SOON_MS, certificates
from console.admin_stores import stores
from registry.identity.authority_folder import make_authority
from registry.services import report_health, take_lease
from registry.tables import Certificate, County, Presence, Station
from service.mqtt import Mqtt


@pytest.fixture
def admin(centre, tmp_path):
    browser = AdminBrowser(centre, tmp_path)
    with browser.client:
        yield browser


def certificate(path, name, *, ends_in_ms, begins_in_ms=-DAY_MS, hosts=()):
    """Write a certificate that ends so long after NOW_MS."""
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.fromtimestamp(NOW_MS / 1000, UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    building = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(milliseconds=begins_in_ms))
        .not_valid_after(now + timedelta(milliseconds=ends_in_ms))
    )  # fmt: skip
    if hosts:
        names = x509.SubjectAlternativeName([x509.DNSName(each) for each in hosts])
        building = building.add_extension(names, critical=False)
    made = building.sign(key, hashes.SHA256())
    with path.open("ab") as file:
        file.write(made.public_bytes(serialization.Encoding.PEM))
    return str(path)


def test_certificates_say_whose_they_are_and_when_they_end(centre, tmp_path):
    own = tmp_path / "console.pem"
    certificate(own, "console", ends_in_ms=SOON_MS - 1000, hosts=("console.example.cn", "desk.example.cn"))
    certificate(own, "intermediate", ends_in_ms=400 * DAY_MS)
    broken = tmp_path / "ca.crt"
    broken.write_text("nothing of the kind")
    settings = msgspec.structs.replace(
        centre.settings,
        console=msgspec.structs.replace(centre.settings.console, tls_cert_file=str(own)),
        mqtt=Mqtt(
            host="127.0.0.1", ca_file=str(broken),
            cert_file=certificate(tmp_path / "mqtt.crt", "centre", ends_in_ms=0, begins_in_ms=-2 * DAY_MS),
        ),
    )  # fmt: skip
    found = certificates(settings, NOW_MS)
    assert [(row.role, row.names, row.condition) for row in found] == [
        ("console", "CN=intermediate", "holds"),
        ("console", "console.example.cn, desk.example.cn", "ends_soon"),
        ("mqtt", "CN=centre", "ended"),
        ("authority", "", "unreadable"),
    ]
    assert found[2].until_ms == NOW_MS // 1000 * 1000
    assert certificates(settings, NOW_MS - 40 * DAY_MS)[1].condition == "not_yet"
    browser = AdminBrowser(centre._replace(settings=settings), tmp_path)
    with browser.client:
        text = browser.get("/admin/system").text
        numbers = browser.client.get("/metrics").text
    ends = {line.split('"')[1] for line in numbers.splitlines() if line.startswith("qingliu_certificate_end")}
    assert ends == {"console", "mqtt"}
    first_s = (NOW_MS + SOON_MS) // 1000 - 1  # of the two in the console's file
    assert float(numbers.partition('seconds{role="console"} ')[2].split()[0]) == pytest.approx(first_s, abs=1)
    for said in ("renew it now", "has ended", "cannot be read", "console.example.cn, desk.example.cn"):
        assert said in text
    assert str(tmp_path) not in text


def test_stores_have_their_size_and_the_room_that_is_left(centre, tmp_path, monkeypatch):
    folder = tmp_path / "reports" / "2026-10"
    folder.mkdir(parents=True)
    (folder / "report.xlsx").write_bytes(b"x" * 12_345)
    with centre.registry.reading() as session:
        found = {row.name: row for row in stores(session, centre.settings)}
        assert found["reports"].size_bytes == 12_345
        assert found["registry"].size_bytes >= (tmp_path / "registry.db").stat().st_size
        assert found["registry"].free_bytes > 0
        assert (found["registry"].kind, found["history"].kind) == ("SQLite", "SQLite")
        monkeypatch.setattr(admin_stores, "LITTLE_ROOM_BYTES", 10**18)
        monkeypatch.setattr(admin_stores, "LITTLE_ROOM_SHARE", 2.0)
        assert all(row.is_tight for row in stores(session, centre.settings) if row.free_bytes is not None)
        far = msgspec.structs.replace(
            centre.settings, history=msgspec.structs.replace(centre.settings.history, backend="influxdb")
        )
        (away,) = (row for row in stores(session, far) if row.name == "history")
        assert (away.kind, away.size_bytes, away.free_bytes) == ("InfluxDB", None, None)
    rooms = admin_stores.free_bytes(centre.settings)
    assert {"registry", "history", "reports"} <= rooms.keys()
    assert all(room > 0 for room in rooms.values())
    assert "history" not in admin_stores.free_bytes(far)


def test_the_page_tells_services_leases_and_versions(admin, centre):
    with centre.registry.writing() as session:
        report_health(session, "alerting", NOW_MS, {"stores": HOSTILE}, {"rounds": 12, "odd": "x"})
        take_lease(session, "reporting", "centre-17", NOW_MS - 5000, 60_000)
        take_lease(session, "notify", "centre-9", NOW_MS - DAY_MS, 60_000)
        session.get_one(Presence, "410882-0002").version = HOSTILE
    text = admin.get("/admin/system").text
    assert HOSTILE not in text
    assert "<code>rounds</code></dt><dd>12</dd>" in text
    assert "centre-17" in text
    lost = text.partition("centre-9")[2].partition("</tr>")[0]
    assert "has ended" in lost
    assert "SQLite 3." in text
    assert "0.1.0" in text
    assert "&lt;script&gt;" in text
    index = admin.get("/admin").text
    assert "not well: Alerting" in " ".join(index.replace("</span>", "").split())


def test_whoever_sees_a_county_counts_its_agents_only(centre, tmp_path):
    with centre.registry.writing() as session:
        session.add(County(code="410823", name="武陟县"))
        session.flush()
        session.add(Station(id="410823-0001", county_code="410823"))
        session.flush()
        session.add(Presence(station_id="410823-0001", last_seen_ms=NOW_MS, version="9.9.9"))
    for counties, is_seen in (((), True), (("410882",), False)):
        browser = AdminBrowser(centre, tmp_path, Limits("viewer", counties))
        with browser.client:
            assert ("9.9.9" in browser.get("/admin/system").text) is is_seen


@pytest.mark.parametrize("role", ["viewer", "operator", "manager", "admin"])
def test_each_role_is_led_to_what_it_may(centre, tmp_path, role):
    browser = AdminBrowser(centre, tmp_path, Limits(role))
    with browser.client:
        text = browser.get("/admin").text
        assert 'href="/admin/system"' in text
        for room in ("users", "channels", "audit"):
            assert (f'href="/admin/{room}"' in text) == (role == "admin")


def test_stations_whose_certificate_ends_soon_are_pointed_out(centre, admin):
    def certified(station, days, **more):
        number = f"{station}-{days}"
        return Certificate(
            serial=number, authority_sha256="a", purpose="station", station_id=station, names=station,
            sha256="b", issued_ms=NOW_MS, not_after_ms=NOW_MS + days * DAY_MS, issued_by="test", **more,
        )  # fmt: skip

    assert "None ends soon." in admin.get("/admin/system").text
    with centre.registry.writing() as session:
        session.add_all(Station(id=f"x-{n}", name=f"{HOSTILE} {n}", overrides={}) for n in range(4))
        session.flush()
        session.add_all([
            certified("x-0", 44), certified("x-1", -1), certified("x-2", 46),
            certified("x-3", 10, replaced_by="another"), certified("x-3", 11, revoked_ms=NOW_MS),
        ])  # fmt: skip
    page = admin.get("/admin/system").text
    table = page[page.index('class="ending"') :].partition("</table>")[0]
    assert [table.count(f"/stations/x-{n}") for n in range(4)] == [1, 1, 0, 0]
    assert table.index("x-1") < table.index("has ended") < table.index("x-0") < table.index("renew it now")
    assert HOSTILE not in page


def test_the_list_of_the_revoked_is_among_the_certificates(centre, tmp_path):
    authority = make_authority(tmp_path / "ca", "Centre", b"made up for this test", NOW_MS, 7300, 20)
    assert authority.certificate
    identity = msgspec.structs.replace(centre.settings.identity, path=str(tmp_path / "ca"))
    settings = msgspec.structs.replace(centre.settings, identity=identity)
    rows = {row.role: row.condition for row in certificates(settings, NOW_MS)}
    assert rows == {"own_authority": "holds", "revoked_list": "ends_soon"}
    rows = {row.role: row.condition for row in certificates(settings, NOW_MS + 20 * DAY_MS)}
    assert rows["revoked_list"] == "ended"
    (tmp_path / "ca" / "crl.pem").write_text("nothing of the kind")
    assert {row.role: row.condition for row in certificates(settings, NOW_MS)}["revoked_list"] == "unreadable"
