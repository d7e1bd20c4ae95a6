"""What Schemathesis has to know of Sottovoce: who is signed in, which ids exist, and what an answer must never hold.

People and ids come in a file that the programme wrote. Most requests that name something name what exists, and half of them come
from the one who owns it: what is behind the refusals is reached as well as the refusals.
"""
import json
import os
import random
import re

import schemathesis

with open(os.environ["SOTTOVOCE_WORLD"], encoding="utf-8") as file:
    WORLD = json.load(file)
COUNT = os.environ["SOTTOVOCE_COUNT"]
CHANCE = random.Random(int(os.environ["SOTTOVOCE_SEED"]))
TRACE = re.compile(r"node_modules|\bat \S+ ?\(?\S+:\d+:\d+|\.(?:ts|js):\d+")
KNOWN = 0.8
# What is named in a body is mostly to be made: a message or a group that is known is a repetition, or somebody else's.
KNOWN_IN_BODY = {"messageId": 0.2, "conversationId": 0.2}
# Done by whoever is there for nothing else: the others would soon be nobody that may do anything.
ENDINGS = ["DELETE /v1/me/devices/{deviceId}", "POST /v1/conversations/{conversationId}/leave"]
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
PROBLEM = "application/problem+json"


@schemathesis.auth(refresh_interval=None)
class People:
    def get(self, case, context):
        if case.operation.label in ENDINGS:
            return CHANCE.choice(WORLD["leavers"])
        return WORLD["owner"] if CHANCE.random() < 0.5 else CHANCE.choice(WORLD["others"])

    def set(self, case, data, context):
        case.headers["Authorization"] = f"Bearer {data}"


def known_in(part, share_of):
    for name, known in WORLD["ids"].items():
        if UUID.fullmatch(str(part.get(name))) and CHANCE.random() < share_of(name):
            part[name] = CHANCE.choice(known)


def is_text(value, longest):
    return isinstance(value, str) and 3 <= len(value) <= longest


# What a schema refuses stays as it is: only what has the right form is put in the place of another.
@schemathesis.hook
def before_call(context, case, kwargs):
    if isinstance(case.path_parameters, dict):
        known_in(case.path_parameters, lambda name: KNOWN)
    body = case.body
    if not isinstance(body, dict):
        return
    known_in(body, lambda name: KNOWN_IN_BODY.get(name, KNOWN))
    if is_text(body.get("cursor"), 2048) and CHANCE.random() < KNOWN:
        body["cursor"] = WORLD["cursor"]
    # No schema says which text is a number; some of these are somebody's.
    if body.get("kind") == "phone" and is_text(body.get("value"), 254) and CHANCE.random() < KNOWN:
        body["value"] = CHANCE.choice(WORLD["numbers"])


@schemathesis.hook
def after_call(context, case, response):
    with open(COUNT, "a", encoding="utf-8") as file:
        file.write(f"{response.status_code} {case.operation.label}\n")


@schemathesis.check
def says_nothing_of_the_code(ctx, response, case):
    assert not TRACE.search(response.text or ""), f"The answer holds a trace: {response.text}"


@schemathesis.check
def refuses_with_a_problem(ctx, response, case):
    if response.status_code < 400 or case.method.upper() == "HEAD":
        return
    kind = (response.headers.get("content-type") or [""])[0]
    assert kind.startswith(PROBLEM), f"{response.status_code} came as {kind}"
    problem = json.loads(response.text)
    assert problem["status"] == response.status_code, "The problem names another status"
    assert re.fullmatch(r"[0-9a-f-]{36}", problem["requestId"]), "The problem has no request id"
