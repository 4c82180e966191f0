"""Signing in with a browser: the token becomes a cookie that scripts and other sites cannot use."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.access import COOKIE, SIGN_IN
from api.context import Service
from store import tokens

router = APIRouter(include_in_schema=False)

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Sign in - Solenoid</title>
<main>
<h1>Solenoid</h1>
<form method="post" action="{action}">
<p><label>Token <input type="password" name="token" autocomplete="current-password" required>
</label> <button>Sign in</button>
<p role="alert">{message}
</form>
</main>
</html>
"""


@router.get(SIGN_IN)
def sign_in_page() -> HTMLResponse:
    """The form."""
    return HTMLResponse(PAGE.format(action=SIGN_IN, message=""))


@router.post(SIGN_IN)
def sign_in(
    token: Annotated[str, Form(max_length=200)], request: Request, service: Service
) -> Response:
    """Keep a known token as a cookie and go to the front page."""
    if tokens.of_secret(service.database, token.strip()) is None:
        message = "This token is not known here, or was deleted."
        return HTMLResponse(PAGE.format(action=SIGN_IN, message=message), 401)
    answer = RedirectResponse("/", 303)
    secure = request.url.scheme == "https"
    answer.set_cookie(COOKIE, token.strip(), httponly=True, samesite="strict", secure=secure)
    return answer
