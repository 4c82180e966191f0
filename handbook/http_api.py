"""The reference of the HTTP API, from the same OpenAPI document that the service serves."""

from collections.abc import Iterator, Mapping
from typing import Any

from api.app import create_app
from handbook.markdown import code, sentence, table
from store.settings import Settings

Document = Mapping[str, Any]
TOP = """# HTTP API

All that client, command line and dashboard do goes through these addresses. The service serves the
same description as OpenAPI at `/openapi.json`. Problems are answered as [errors](errors.md) says;
with tokens, `Authorization: Bearer TOKEN` goes with every request
([who may do what](../operations.md)).

"""


def page() -> str:
    """Operations by subject, then the documents that they take and give."""
    document = create_app(Settings()).openapi()
    subjects: dict[str, list[str]] = {}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            tag = operation.get("tags", ["service"])[0]
            subjects.setdefault(tag, []).append(_operation(method, path, operation))
    parts = [f"## {tag.capitalize()}\n\n{''.join(texts)}" for tag, texts in subjects.items()]
    return TOP + "".join(parts) + "## Documents\n\n" + "".join(_schemas(document))


def _operation(method: str, path: str, operation: Document) -> str:
    said = sentence(operation.get("description") or operation["summary"])
    parameters = (
        (code(each["name"]), each["in"], _type(each["schema"]), _said(each, each["schema"]))
        for each in operation.get("parameters", ())
    )
    return (
        f"### {method.upper()} {path}\n\n{said}\n\n"
        f"{table(('parameter', 'in', 'type', ''), parameters)}"
        f"{_body(operation)}{_answers(operation['responses'])}"
    )


def _body(operation: Document) -> str:
    content = operation.get("requestBody", {}).get("content", {})
    taken = [f"{code(form)}: {_type(each.get('schema', {}))}" for form, each in content.items()]
    return f"Body: {'; '.join(taken)}.\n\n" if taken else ""


def _answers(responses: Document) -> str:
    good = (
        f"{code(status)} {_content(response.get('content', {}))}".strip()
        for status, response in responses.items()
        if status.startswith("2")
    )
    refused = ", ".join(code(status) for status in sorted(responses) if status >= "4")
    return f"Answers {', '.join(good)}; problems {refused}.\n\n"


def _content(content: Document) -> str:
    """What is answered; its media type where that is not JSON."""
    said = {form: _type(each.get("schema", {})) for form, each in content.items()}
    plain = {"application/json": "{}"}
    return " or ".join(
        plain.get(form, f"{{}} ({form})").format(what) for form, what in said.items()
    )


def _schemas(document: Document) -> Iterator[str]:
    for name, schema in sorted(document["components"]["schemas"].items()):
        needed = schema.get("required", ())
        rows = (
            (code(field), _type(part), "yes" if field in needed else "", _said(part, part))
            for field, part in schema.get("properties", {}).items()
        )
        said = sentence(schema["description"].split("\n\n")[0]) if "description" in schema else ""
        alternatives = "" if "properties" in schema else f"{_type(schema)}\n\n"
        listed = table(("field", "type", "always", ""), rows)
        yield f"### {name}\n\n{said}\n\n{alternatives}{listed}"


def _said(holder: Document, schema: Document) -> str:
    """The description, and the default where it is a plain value."""
    said = sentence(holder.get("description", ""))
    default = schema.get("default")
    if default is None or isinstance(default, dict | list):
        return said
    return f"{said} Default {code(default)}.".strip()


def _type(schema: Document) -> str:
    """The type in a few words, other documents by link."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            return " or ".join(dict.fromkeys(_type(option) for option in schema[several]))
    if "const" in schema or "enum" in schema:
        return " or ".join(code(value) for value in schema.get("enum", [schema.get("const")]))
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    if isinstance(schema.get("additionalProperties"), dict):
        return f"object of {_type(schema['additionalProperties'])}"
    return str(schema.get("format") or schema.get("type") or "anything")
