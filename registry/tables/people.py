"""The tables of places, companies and people: whom and what the centre serves, and who may log in."""

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from registry.tables.base import Base


class County(Base):
    """区县, by its GB/T 2260 code."""

    __tablename__ = "counties"
    code: Mapped[str] = mapped_column(String(12), primary_key=True)
    name: Mapped[str] = mapped_column(String(100))


class Town(Base):
    """乡镇 or 街道 of a county."""

    __tablename__ = "towns"
    __table_args__ = (UniqueConstraint("county_code", "name"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    county_code: Mapped[str] = mapped_column(ForeignKey("counties.code"))
    name: Mapped[str] = mapped_column(String(100))


class Company(Base):
    """运维单位."""

    __tablename__ = "companies"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    contact: Mapped[str] = mapped_column(String(100), default="")
    phone: Mapped[str] = mapped_column(String(40), default="")


class User(Base):
    """A person with a login; `counties` and `company_id` limit what is seen.

    `failed_logins` and `locked_until_ms` are of the first release and not used: see LoginFailure.
    """

    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    password_hash: Mapped[str] = mapped_column(String(255))
    role: Mapped[str] = mapped_column(String(16))
    counties: Mapped[list[str]] = mapped_column(default=list)
    company_id: Mapped[int | None] = mapped_column(ForeignKey("companies.id"))
    created_ms: Mapped[int]
    disabled_ms: Mapped[int | None]
    failed_logins: Mapped[int] = mapped_column(default=0)
    locked_until_ms: Mapped[int | None]


class LoginSession(Base):
    """A logged-in browser; the token itself is never stored."""

    __tablename__ = "sessions"
    token_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    created_ms: Mapped[int]
    last_used_ms: Mapped[int]
    address: Mapped[str] = mapped_column(String(64), default="")


class LoginFailure(Base):
    """How often a login failed lately, by `name` or `address`: hashed, for people type passwords as names."""

    __tablename__ = "login_failures"
    kind: Mapped[str] = mapped_column(String(8), primary_key=True)
    key_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    failures: Mapped[int]
    last_ms: Mapped[int] = mapped_column(index=True)
