"""What a client may ask to be told when something has ended, and what became of it."""

from typing import Annotated, Literal

import httpx
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from api.problems import BadRequest
from store import hooks
from store.settings import Settings

HIGHEST_PORT = 65535


def _url(text: str) -> str:
    """The parser that will deliver is the one that checks."""
    try:
        url = httpx.URL(text)
        host = url.host
    except (httpx.InvalidURL, UnicodeError) as invalid:
        raise ValueError(f"not a URL: {invalid}") from None
    if url.scheme not in ("http", "https") or not host:
        raise ValueError("a webhook is an http or https URL with a host")
    if (url.port or 0) > HIGHEST_PORT:
        raise ValueError(f"not a URL: no port is above {HIGHEST_PORT}")
    if url.userinfo:
        raise ValueError("a webhook must not carry a user name or a password")
    return text


class OnEnd(BaseModel):
    """Whom to tell of the end: exactly one of a command and a webhook."""

    model_config = ConfigDict(extra="forbid")

    command: str | None = Field(
        default=None,
        max_length=100,
        pattern=r"^[A-Za-z0-9_-][A-Za-z0-9_.-]*$",
        description="An executable of the installation's hooks folder, by its name.",
    )
    webhook: Annotated[str, AfterValidator(_url)] | None = Field(
        default=None,
        max_length=2000,
        pattern=r"^[\x21-\x7e]+$",
        description="An http or https URL; the document is posted to it.",
    )

    @model_validator(mode="after")
    def _exactly_one(self) -> "OnEnd":
        if (self.command is None) == (self.webhook is None):
            raise ValueError("give exactly one of command and webhook")
        return self


class HookState(BaseModel):
    """Whom the end is told, and how far that has come."""

    command: str | None
    webhook: str | None = Field(
        description="Its host alone: who knows the rest of a URL may post to it."
    )
    state: Literal["waiting", "delivered", "failed"]
    attempts: int
    error: str | None = Field(description="Why the last attempt told nobody.")


def receiver(settings: Settings, asked: OnEnd | None) -> hooks.Receiver | None:
    """Whom to tell; raises `BadRequest` for a command that is not there."""
    if asked is None:
        return None
    known = hooks.commands(settings.resolved_hooks_dir)
    if asked.command is not None and asked.command not in known:
        there = f"there are {', '.join(known)}" if known else "it has none"
        raise BadRequest(
            "on_end.command",
            asked.command,
            f"the hooks folder of this installation has no such executable; {there}",
        )
    return hooks.Receiver(asked.command, asked.webhook)


def state(hook: hooks.Hook | None) -> HookState | None:
    """A hook as the API answers it."""
    if hook is None:
        return None
    return HookState(
        command=hook.receiver.command,
        webhook=None if hook.receiver.webhook is None else _host(hook.receiver.webhook),
        state=hook.state,
        attempts=hook.attempts,
        error=hook.error,
    )


def _host(webhook: str) -> str:
    """A webhook as everybody may see it who may look at everything."""
    url = httpx.URL(webhook)
    host = f"{url.scheme}://{url.netloc.decode()}/"
    return host if url.raw_path == b"/" and not url.fragment else f"{host}..."
