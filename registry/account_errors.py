"""What can be wrong with an account, by code with its English line; the console has its own words. Pure."""

from registry.roles import ROLES

RULES: dict[str, str] = {
    "name_bad": "a user's name must have 1 to 64 printable letters and no colon",
    "name_taken": "there is a user of this name already; upper and lower case count as one",
    "no_user": "there is no such user",
    "role_unknown": f"the role must be one of {', '.join(ROLES)}",
    "company_needed": "a contractor needs the company whose stations it sees",
    "company_unwanted": "only a contractor has a company",
    "company_unknown": "there is no such O&M company on the register",
    "county_unknown": "there is no such county on the register",
    "beyond_scope": "you can only give rights within the counties that you see yourself",
    "last_admin": "at least one administrator of the whole centre must be able to log in",
    "own_account": "nobody changes the rights of their own account, or shuts it",
    "password_short": "the password must have at least 10 letters",
    "password_long": "the password must have at most 200 letters",
    "password_name": "the password must not be the user's name",
    "password_common": "the password is one of those that are guessed first",
    "password_differs": "the two passwords differ",
    "password_wrong": "the present password is not right",
    "password_wait": "too many passwords were wrong; wait a moment",
}


class AccountError(Exception):
    """An account cannot be made or changed so.

    Attributes:
        code: which rule, a key of RULES.
        got: what was given; empty for passwords.
    """

    def __init__(self, code: str, got: str = "") -> None:
        self.code = code
        self.got = got
        super().__init__(f"{RULES[code]}{f' (got {got})' if got else ''}")
