"""Signing in with a browser: the token becomes a cookie that scripts and other sites cannot use."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from api.access import COOKIE, SIGN_IN
from api.context import Service
from api.dashboard.rendering import page
from store import tokens

router = APIRouter(include_in_schema=False)


@router.get(SIGN_IN)
def sign_in_page(request: Request) -> Response:
    """The form."""
    return page(request, "sign_in.html", message="")


@router.post(SIGN_IN)
def sign_in(
    token: Annotated[str, Form(max_length=200)], request: Request, service: Service
) -> Response:
    """Keep a known token as a cookie and go to the front page."""
    if tokens.of_secret(service.database, token.strip()) is None:
        message = "This token is not known here, or was deleted."
        return page(request, "sign_in.html", status=401, message=message)
    answer = RedirectResponse("/", 303)
    secure = request.url.scheme == "https"
    answer.set_cookie(COOKIE, token.strip(), httponly=True, samesite="strict", secure=secure)
    return answer
