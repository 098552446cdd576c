"""The part of YAML that MLTable files are written in, for environments without PyYAML.

Block and flow collections, quoted and plain scalars, comments. Anchors, tags, block texts (``|``, ``>``) and several
documents are refused by name rather than misread.
"""

import json
import re

from .errors import MLTableError

_KEY = re.compile(r"""("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s\[\]{},"'#&*!|>%@`-][^:#]*?|-[^\s:][^:]*?)\s*:(?:\s+|$)""")
_INT = re.compile(r"[-+]?[0-9]+$")
_FLOAT = re.compile(r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=e))(e[-+]?[0-9]+)?$", re.IGNORECASE)
_WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}
_REFUSED = {"&": "an anchor", "*": "an alias", "!": "a tag", "|": "a block text", ">": "a block text"}


def parse(text):
    """The document as dicts, lists and scalars. Throws MLTableError with the line of what is not understood."""
    lines = [_Line(number, raw) for number, raw in enumerate(text.lstrip("\ufeff").splitlines(), 1)]
    lines = [line for line in lines if line.text and not re.match(r"(---|%YAML)(\s|$)", line.text)]
    if not lines:
        return None
    value, rest = _block(lines, 0)
    if rest < len(lines):
        raise lines[rest].error("indentation does not fit the lines above")
    return value


class _Line(object):
    def __init__(self, number, raw):
        self.number = number
        self.text = _without_comment(raw).strip()
        self.indent = len(raw) - len(raw.lstrip(" "))
        if self.text and raw[self.indent] == "\t":
            raise self.error("a tab indents this line; YAML takes spaces only")

    def error(self, what):
        return MLTableError(
            "MLTable, line {}: {} ({!r}). Write it as plain YAML, or add pyyaml to the environment".format(
                self.number, what, self.text
            )
        )


def _without_comment(raw):
    quote = ""
    for at, letter in enumerate(raw):
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "\"'" and (at == 0 or raw[at - 1] in " \t[{,:-"):
            quote = letter
        elif letter == "#" and (at == 0 or raw[at - 1] in " \t"):
            return raw[:at]
    return raw


def _block(lines, at):
    first = lines[at]
    if _is_item(first.text):
        return _sequence(lines, at, first.indent)
    if _KEY.match(first.text):
        return _mapping(lines, at, first.indent)
    return _scalar(first, first.text), at + 1


def _is_item(text):
    return text == "-" or text.startswith("- ")


def _sequence(lines, at, indent):
    items = []
    while at < len(lines) and lines[at].indent == indent and _is_item(lines[at].text):
        line = lines[at]
        inner = line.text[1:].lstrip()
        if inner == "":
            value, at = _nested(lines, at + 1, indent + 1)
        elif _is_item(inner) or _KEY.match(inner):
            # "- key: value" opens a mapping whose indentation is where the key stands
            line.indent += len(line.text) - len(inner)
            line.text = inner
            value, at = _block(lines, at)
        else:
            value, at = _scalar(line, inner), at + 1
        items.append(value)
    return items, at


def _mapping(lines, at, indent):
    result = {}
    while at < len(lines) and lines[at].indent == indent:
        line = lines[at]
        key = _KEY.match(line.text)
        if key is None:
            break
        value = line.text[key.end():].strip()
        if value == "":
            # a sequence below a key may stand at the key's own indentation
            following = lines[at + 1] if at + 1 < len(lines) else None
            same = following is not None and following.indent == indent and _is_item(following.text)
            result[_scalar(line, key.group(1))], at = _nested(lines, at + 1, indent if same else indent + 1)
        else:
            result[_scalar(line, key.group(1))], at = _scalar(line, value), at + 1
    return result, at


def _nested(lines, at, least):
    if at >= len(lines) or lines[at].indent < least:
        return None, at
    return _block(lines, at)


def _scalar(line, text):
    if text[0] in "[{":
        value, rest = _flow(line, text, 0)
        if text[rest:].strip():
            raise line.error("something follows the closing bracket")
        return value
    return _atom(line, text)


def _atom(line, text):
    if text[:1] in _REFUSED:
        raise line.error("{} is not read here".format(_REFUSED[text[0]]))
    if text[:1] == '"':
        try:
            return json.loads(text)
        except ValueError:
            raise line.error("a quoted text that does not end, or with an unknown escape")
    if text[:1] == "'":
        if len(text) < 2 or text[-1] != "'":
            raise line.error("a quoted text that does not end")
        return text[1:-1].replace("''", "'")
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    if _INT.match(text):
        return int(text)
    return float(text) if _FLOAT.match(text) else text


def _flow(line, text, at):
    """One flow value from `at`: the value and where it ends."""
    opening = text[at]
    if opening not in "[{":
        found = re.compile(r""""(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^,\]}:]+(?::[^\s,\]}][^,\]}:]*)*""").match(text, at)
        if found is None:
            raise line.error("a value is missing")
        return _atom(line, found.group().strip()), found.end()
    result = [] if opening == "[" else {}
    closing = "]" if opening == "[" else "}"
    at = _skip(text, at + 1)
    while at < len(text) and text[at] != closing:
        value, at = _flow(line, text, at)
        at = _skip(text, at)
        if opening == "[":
            result.append(value)
        elif text[at:at + 1] == ":":
            result[value], at = _flow(line, text, _skip(text, at + 1))
            at = _skip(text, at)
        else:
            raise line.error("a key without a value")
        if text[at:at + 1] == ",":
            at = _skip(text, at + 1)
        elif text[at:at + 1] != closing:
            raise line.error("a comma or {!r} is missing".format(closing))
    if at >= len(text):
        raise line.error("{!r} is not closed on its line".format(opening))
    return result, at + 1


def _skip(text, at):
    while at < len(text) and text[at] == " ":
        at += 1
    return at


def dump(value, indent=0):
    """A document of dicts, lists and scalars as block YAML."""
    pad = " " * indent
    if isinstance(value, dict) and value:
        return "".join("{}{}:{}".format(pad, key, _below(inner, indent + 2)) for key, inner in value.items())
    if isinstance(value, list) and value:
        return "".join(pad + "- " + dump(inner, indent + 2).lstrip(" ") for inner in value)
    return "{}{}\n".format(pad, json.dumps(value))


def _below(value, indent):
    holds = isinstance(value, (dict, list)) and len(value) > 0
    return "\n" + dump(value, indent) if holds else " " + dump(value)
