"""Signing in with a browser: the token becomes a cookie that scripts and other sites cannot use."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from api.access import COOKIE, SIGN_IN, SIGN_OUT
from api.context import Service
from api.dashboard.rendering import page
from store import tokens

router = APIRouter()


@router.get(SIGN_IN)
def sign_in_page(request: Request, to: str = "/") -> Response:
    """The form; `to` is the page that was asked for."""
    return page(request, "sign_in.html", to=to, message="")


@router.post(SIGN_IN)
def sign_in(
    token: Annotated[str, Form(max_length=200)],
    request: Request,
    service: Service,
    to: Annotated[str, Form()] = "/",
) -> Response:
    """Keep a known token as a cookie and go on to the page that was asked for."""
    if tokens.of_secret(service.database, token.strip()) is None:
        message = "This token is not known here, or was deleted."
        return page(request, "sign_in.html", status=401, to=to, message=message)
    answer = RedirectResponse(to if _is_page_of_ours(to) else "/", 303)
    secure = request.url.scheme == "https"
    # Lax rather than strict: whoever follows a link from elsewhere is still signed in. Another
    # site's page cannot read the answer, nor change anything: that takes more than a link.
    answer.set_cookie(COOKIE, token.strip(), httponly=True, samesite="lax", secure=secure)
    return answer


@router.post(SIGN_OUT)
def sign_out() -> Response:
    """Forget the cookie; the token itself stays good."""
    answer = RedirectResponse(SIGN_IN, 303)
    answer.delete_cookie(COOKIE)
    return answer


def _is_page_of_ours(address: str) -> bool:
    """Whether it is a path here; browsers read // and /\\ as the beginning of another host."""
    return address.startswith("/") and address[1:2] not in ("/", "\\") and address.isprintable()
