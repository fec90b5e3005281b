"""What the tool is taught about this API."""

import json

import schemathesis


@schemathesis.serializer("application/x-ndjson")
def lines(context, value):
    """A line of JSON for each item."""
    items = value if isinstance(value, list) else [value]
    return "\n".join(json.dumps(item) for item in items).encode()


def whole(value):
    """5.0 is an integer to JSON Schema, and none to us."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [whole(item) for item in value]
    if isinstance(value, dict):
        return {name: whole(item) for name, item in value.items()}
    return value


@schemathesis.hook
def before_call(context, case, kwargs):
    """A cursor is an answer of the list itself: none can be made up."""
    if case.query:
        case.query.pop("cursor", None)
    if isinstance(case.body, (dict, list)):
        case.body = whole(case.body)
