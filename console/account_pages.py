"""One's own account: password, where one is logged in, language."""

from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException

from console.access import NOT_ALLOWED, Route
from console.desk import Desk
from console.form import Form, form_of
from console.gate import SESSION, Gate, give_cookie
from console.person import Person, client_address, person_of
from console.queries import active_alarm_count
from registry.accounts import set_password
from registry.login_delay import begin_try, end_try
from registry.login_sessions import sessions_of
from registry.passwords import weakness
from registry.tables import Company, County, User


def account_routes(desk: Desk, gate: Gate) -> list[Route]:
    """The pages of this room."""
    own = _AccountPages(desk, gate)
    return [
        Route("/account", own.page, "see"),
        Route("/account/password", own.change_password, "see", ("POST",)),
        Route("/account/sessions", own.end, "see", ("POST",)),
    ]


class _AccountPages:
    def __init__(self, desk: Desk, gate: Gate) -> None:
        self._desk = desk
        self._gate = gate

    def page(self, request: Request) -> Response:
        """Who one is, and where logged in."""
        return self._shown(request)

    def change_password(self, request: Request) -> Response:
        """Set one's own password: every login ends, and this browser gets a new one."""
        person, form = _own(request), form_of(request)
        now, address = self._desk.clock_ms(), client_address(request)
        wrong = self._fault(person, form, address, now)
        if wrong:
            return self._shown(request, wrong)
        hashed = self._desk.passwords.hashed(form.secret("fresh"))
        with self._desk.writing() as session:
            user = session.get_one(User, person.user_id)
            set_password(session, user, hashed, person.by(request, now))
        response = RedirectResponse("/account?changed=1", 303)
        give_cookie(request, response, SESSION, self._gate.begin(user, address))
        return response

    def end(self, request: Request) -> Response:
        """Log one of one's own browsers out."""
        person = _own(request)
        self._gate.end(person, form_of(request).field("key", 64))
        return RedirectResponse("/account", 303)

    def _fault(self, person: Person, form: Form, address: str, now_ms: int) -> str:
        """Which rule a change of password breaks; empty for none. A stolen login cannot try passwords out."""
        with self._desk.writing() as session:
            if begin_try(session, person.name, address, now_ms):
                return "password_wait"
            kept = session.get_one(User, person.user_id).password_hash
        if not self._desk.passwords.check(kept, form.secret("present")).is_right:
            return "password_wrong"
        with self._desk.writing() as session:
            end_try(session, person.name, address)
        if form.secret("fresh") != form.secret("again"):
            return "password_differs"
        return weakness(form.secret("fresh"), person.name) or ""

    def _shown(self, request: Request, wrong: str = "") -> Response:
        person = person_of(request)
        with self._desk.reading() as session:
            own = person.user_id
            counties = sorted(person.scope.counties or ())
            company = person.scope.company_id
            values = {
                "alarm_count": active_alarm_count(session, person),
                "sessions": []
                if own is None
                else sessions_of(session, own, self._desk.clock_ms(), self._gate.lifetime),
                "counties": [session.get(County, code) or County(code=code, name=code) for code in counties],
                "company": None if company is None else session.get_one(Company, company).name,
                "wrong": wrong,
                "is_changed": request.query_params.get("changed") == "1" and not wrong,
                "settings": self._desk.settings.console,
            }
        return self._desk.page(request, "account.html", values, 400 if wrong else 200)


def _own(request: Request) -> Person:
    """Who has an account; the demo's operator has none."""
    person = person_of(request)
    if person.is_demo:
        raise HTTPException(403, NOT_ALLOWED)
    return person
