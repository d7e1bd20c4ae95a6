"""What Schemathesis has to know of Sottovoce: who is signed in, which ids exist, and what an answer must never hold.

People and ids come in a file that the programme wrote; every second request with an id in its path gets one that exists.
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
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
PROBLEM = "application/problem+json"


@schemathesis.auth(refresh_interval=None)
class People:
    def get(self, case, context):
        return CHANCE.choice(WORLD["tokens"])

    def set(self, case, data, context):
        case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    for name in path_parameters or {}:
        known = WORLD["ids"].get(name)
        if known and CHANCE.random() < 0.5:
            path_parameters[name] = CHANCE.choice(known)
    return path_parameters


@schemathesis.hook
def map_body(context, body):
    if isinstance(body, dict):
        for name, known in WORLD["ids"].items():
            if UUID.fullmatch(str(body.get(name))) and CHANCE.random() < 0.5:
                body[name] = CHANCE.choice(known)
    return body


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
