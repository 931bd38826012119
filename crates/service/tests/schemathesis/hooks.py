"""Who calls and about what, for schemathesis: `cargo xtask test --only interface`.

The environment's FURNISHED is what the example `furnished` says of the service that it runs.
"""

import http.client
import itertools
import json
import os
import threading
from urllib.parse import urlsplit

import schemathesis

FURNISHED = json.loads(os.environ["FURNISHED"])
COOKIE = "ondemand-operator"
# Each credential has a rate of its own, so calls are spread over as many as are never too fast together.
SIGN_INS = 16
# What an operator hears of goes on until the sign-in is over.
LISTENING_SECS = 0.3

SCHEMA_OF = {"token_id": "EnrolmentTokenId"}


def call(method, path, headers, body=None):
    connection = http.client.HTTPConnection(urlsplit(FURNISHED["url"]).netloc, timeout=30)
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    if answer.status >= 300:
        raise RuntimeError(f"{method} {path}: {answer.status} {content!r}")
    return answer, content


class SignIn:
    """An operator who is signed in."""

    def __init__(self, login):
        body = json.dumps({"login": login, "password": FURNISHED["password"]})
        answer, content = call("POST", "/operator/v1/sign-in", {"Content-Type": "application/json"}, body)
        self.cookie = answer.headers["Set-Cookie"].split(";")[0].split("=", 1)[1]
        self.csrf = json.loads(content)["csrf_token"]

    def sign_out(self):
        call("POST", "/operator/v1/sign-out", {"Cookie": f"{COOKIE}={self.cookie}", "X-CSRF-Token": self.csrf})


ADMINISTRATORS = itertools.cycle([SignIn(FURNISHED["logins"]["administrator"]) for _ in range(SIGN_INS)])
ELSEWHERE = FURNISHED["logins"]["elsewhere"]
AGENTS = itertools.cycle(FURNISHED["agents"])
LEAVING = itertools.cycle(FURNISHED["leaving"])


def or_one_of(there, schema):
    return {"anyOf": [{"enum": there}, schema]}


def widen(schema):
    """What is called int32 and begins at 0 is unsigned, and has twice the range."""
    if isinstance(schema, dict):
        if schema.get("format") == "int32" and schema.get("minimum") == 0:
            schema["format"] = "int64"
        schema = list(schema.values())
    if isinstance(schema, list):
        for part in schema:
            widen(part)


def takes_away(method, path):
    """Whether it leaves less behind for those who call afterwards."""
    return method in ("delete", "patch") or path.endswith(
        ("/cancel", "/end", "/one-time-password", "/permissions", "/take")
    )


@schemathesis.hook
def before_load_schema(context, raw_schema):
    """What there is can be asked for, beside what there is not."""
    widen(raw_schema)
    schemas = raw_schema["components"]["schemas"]
    for path, item in raw_schema["paths"].items():
        for method, operation in item.items():
            for parameter in operation.get("parameters", []):
                there = FURNISHED["to_lose"].get(parameter["name"])
                if there and takes_away(method, path):
                    parameter["schema"] = or_one_of(there, {"type": "string"})
    for parameter, there in FURNISHED["lasting"].items():
        name = SCHEMA_OF.get(parameter) or "".join(part.capitalize() for part in parameter.split("_"))
        schemas[name] = or_one_of(there, schemas[name])
    # Who is newer may name more than the service knows, and is not refused for it.
    for name in ("Action", "Permission"):
        schemas[name] = {"anyOf": [schemas[name], {"type": "string"}]}
    schemas["SessionCode"] = or_one_of(FURNISHED["codes"], schemas["SessionCode"])
    events = raw_schema["paths"]["/agent/v1/events"]["get"]["parameters"]
    after = next(it for it in events if it["name"] == "after")
    after["schema"] = or_one_of([FURNISHED["cursor"]], after["schema"])


@schemathesis.hook
def before_call(context, case, kwargs):
    """No wait is longer than it takes to see that there is one, and WebSockets are asked for by the console's page."""
    if case.path.endswith("/desktop"):
        case.headers["Origin"] = FURNISHED["url"]
    try:
        if int(case.query["wait_secs"]) > 1:
            case.query["wait_secs"] = 1
    except (KeyError, TypeError, ValueError):
        pass


def named(case):
    values = [str(value) for value in (case.path_parameters or {}).values()]
    return next((value for value in values if value in FURNISHED["owners"]), None)


@schemathesis.auth(refresh_interval=None).apply_to(path_regex="^/agent/")
class Agent:
    """The agent that it is about, or any."""

    def get(self, case, context):
        if case.path.endswith("/leave"):
            return next(LEAVING)
        if case.path.endswith("/tunnel"):
            return FURNISHED["tickets"].get(named(case)) or "no ticket"
        return FURNISHED["owners"].get(named(case)) or next(AGENTS)

    def set(self, case, token, context):
        case.headers["Authorization"] = f"Bearer {token}"


@schemathesis.auth(refresh_interval=None).apply_to(path_regex="^/operator/")
class Operator:
    """An administrator; of another organisation where operators could be shut out, and for once where the sign-in ends."""

    def get(self, case, context):
        if case.path.endswith("/sign-out"):
            return SignIn(FURNISHED["logins"]["administrator"])
        if case.path.endswith("/policy"):
            return SignIn(ELSEWHERE)
        if case.path.endswith("/live"):
            listener = SignIn(FURNISHED["logins"]["administrator"])
            threading.Timer(LISTENING_SECS, listener.sign_out).start()
            return listener
        return next(ADMINISTRATORS)

    def set(self, case, who, context):
        case.cookies[COOKIE] = who.cookie
        case.headers["X-CSRF-Token"] = who.csrf
