"""Tokens over HTTP, for whoever has the role admin."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Body, Path
from pydantic import BaseModel, ConfigDict, Field

from api.context import Service
from api.pages import Page
from api.problems import documented
from store import tokens

router = APIRouter(prefix="/v1/tokens", tags=["tokens"])

Role = Literal["read", "submit", "admin"]
Id = Annotated[UUID, Path(description="The token's id.")]


class TokenRequest(BaseModel):
    """A token to be made."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(
        min_length=1,
        max_length=tokens.LONGEST_NAME,
        pattern=tokens.NAME,
        description="Whose it is: the owner of what is made with it.",
    )
    role: Role = Field(
        default="submit",
        description="read: look. submit: also submit, cancel, change and delete. "
        "admin: also manage tokens.",
    )


class Token(BaseModel):
    """One token, without its secret."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    name: str
    role: Role
    created_at: datetime


class NewToken(Token):
    """A token that was just made."""

    token: str = Field(description="The secret. It is shown this once and stored nowhere.")


@router.post("", status_code=201, responses=documented(400, 409, 413, 422))
def create_token(body: Annotated[TokenRequest, Body()], service: Service) -> NewToken:
    """Make a token."""
    token, secret = tokens.create(service.database, body.name, body.role)
    return NewToken(token=secret, **vars(token))


@router.get("")
def list_tokens(service: Service) -> Page[Token]:
    """All tokens, by name."""
    return Page(items=[Token.model_validate(token) for token in tokens.known(service.database)])


@router.delete("/{id:uuid}", status_code=204, responses=documented(404, 422))
def delete_token(id: Id, service: Service) -> None:
    """Let nobody in with this token from now on."""
    tokens.delete(service.database, str(id))
