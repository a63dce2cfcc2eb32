"""The reason codes that the source of alerting can give, found by reading it."""

import ast
from itertools import product
from pathlib import Path

ROOM = Path(__file__).parent.parent / "alerting"
KINDS = {"kind": {"power", "flow"}}
"""What the names in a composed code may stand for."""


def state_reasons():
    """Every reason that a judgement with a state can have."""
    return _reasons("state")


def day_reasons():
    """Every reason that a judgement with a day's verdict can have."""
    return _reasons("verdict")


def _reasons(word):
    trees = {path.name: ast.parse(path.read_text()) for path in sorted(ROOM.glob("*.py"))}
    constants = dict(pair for tree in trees.values() for pair in _constants(tree))
    places = dict(pair for tree in trees.values() for pair in _judgements(tree, word))
    assert places, f"no judgement with a {word} found"
    found = set()
    for name, tree in trees.items():
        for call in ast.walk(tree):
            for expression in _given(call, places, word):
                codes = _texts(expression, constants)
                assert codes, f"{name}:{call.lineno}: cannot tell which reason {ast.unparse(expression)} is"
                found |= codes
    return found


def _judgements(tree, word):
    """The classes that carry a word with its reason and evidence, and where the reason stands in them."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            fields = [each.target.id for each in node.body if isinstance(each, ast.AnnAssign)]
            if {word, "reason", "evidence"} <= set(fields):
                yield node.name, fields.index("reason")


def _given(call, places, word):
    """The reasons that a call gives; also where a judgement is changed with `_replace`."""
    if not isinstance(call, ast.Call):
        return
    named = [each.value for each in call.keywords if each.arg == "reason"]
    if isinstance(call.func, ast.Name) and call.func.id in places:
        place = places[call.func.id]
        yield from named or call.args[place : place + 1]
    elif isinstance(call.func, ast.Attribute) and word in {each.arg for each in call.keywords}:
        yield from named


def _constants(tree):
    """The texts that have a name in a module, by name."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            for target in node.targets:
                if isinstance(target, ast.Name) and isinstance(node.value.value, str):
                    yield target.id, node.value.value


def _texts(node, constants):
    """Every text that an expression may be; none if that cannot be told."""
    match node:
        case ast.Constant(value=str(text)):
            return {text}
        case ast.IfExp(body=one, orelse=other):
            either = _texts(one, constants), _texts(other, constants)
            return either[0] | either[1] if all(either) else set()
        case ast.Name(id=name):
            return {constants[name]} if name in constants else KINDS.get(name, set())
        case ast.JoinedStr(values=parts):
            return {"".join(texts) for texts in product(*(_texts(part, constants) for part in parts))}
        case ast.FormattedValue(value=value):
            return _texts(value, constants)
    return set()
