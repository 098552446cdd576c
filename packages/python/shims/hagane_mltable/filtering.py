"""Simple filters: ``col("age") >= 18 and not (name == "x")``."""

import operator
import re

from .errors import MLTableError

_TOKEN = re.compile(
    r"""\s*(?:(?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)|(?P<text>"[^"\\]*"|'[^'\\]*')"""
    r"""|(?P<compare>==|!=|<=|>=|<|>)|(?P<mark>[()])|(?P<word>[A-Za-z_]\w*))"""
)
_COMPARE = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}


def parse_filter(text):
    """
    The filter as nested tuples: ("and"|"or", a, b), ("not", a), (comparison, column, value). Throws MLTableError for what is
    more than comparisons of a column with a value, joined by and, or, not and parentheses.
    """
    tokens = _tokens(text)
    tree, rest = _either(text, tokens)
    if rest:
        raise _refusal(text, "{!r} is not expected here".format(rest[0][1]))
    return tree


def _refusal(text, why):
    return MLTableError(
        'filter: {!r}: {}. Done here: col("x") > 1, ==, !=, <, <=, >, >= with a number, text, True or False, '
        "joined by and, or, not and parentheses. Do the rest in your script".format(text, why)
    )


def _tokens(text):
    tokens, at = [], 0
    text = text.rstrip()
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise _refusal(text, "cannot read {!r}".format(text[at:at + 10]))
        tokens.append((found.lastgroup, found.group(found.lastgroup)))
        at = found.end()
    return tokens


def _joined(text, tokens, word, part):
    left, tokens = part(text, tokens)
    while tokens and tokens[0] == ("word", word):
        right, tokens = part(text, tokens[1:])
        left = (word, left, right)
    return left, tokens


def _either(text, tokens):
    return _joined(text, tokens, "or", _both)


def _both(text, tokens):
    return _joined(text, tokens, "and", _single)


def _single(text, tokens):
    if tokens and tokens[0] == ("word", "not"):
        inner, tokens = _single(text, tokens[1:])
        return ("not", inner), tokens
    if tokens and tokens[0] == ("mark", "("):
        inner, tokens = _either(text, tokens[1:])
        if not tokens or tokens[0] != ("mark", ")"):
            raise _refusal(text, "a closing parenthesis is missing")
        return inner, tokens[1:]
    return _comparison(text, tokens)


def _comparison(text, tokens):
    left, tokens = _side(text, tokens)
    if not tokens or tokens[0][0] != "compare":
        raise _refusal(text, "a comparison is missing")
    sign = tokens[0][1]
    right, tokens = _side(text, tokens[1:])
    if left[0] == right[0]:
        raise _refusal(text, "one side is a column, the other a value")
    if left[0] == "column":
        return (sign, left[1], right[1]), tokens
    return (_MIRRORED[sign], right[1], left[1]), tokens


def _side(text, tokens):
    if not tokens:
        raise _refusal(text, "it ends too early")
    kind, value = tokens[0]
    if kind == "number":
        return ("value", float(value) if re.search(r"[.eE]", value) else int(value)), tokens[1:]
    if kind == "text":
        return ("value", value[1:-1]), tokens[1:]
    if kind == "word" and value in ("True", "False"):
        return ("value", value == "True"), tokens[1:]
    if kind == "word" and value == "col" and [token[0] for token in tokens[1:4]] == ["mark", "text", "mark"]:
        return ("column", tokens[2][1][1:-1]), tokens[4:]
    if kind == "word" and value not in ("and", "or", "not") and tokens[1:2] != [("mark", "(")]:
        return ("column", value), tokens[1:]
    raise _refusal(text, "{!r} is not expected here".format(value))


def rows_where(frame, text):
    """True for each row that the filter keeps. A comparison with a missing value is false."""
    return _rows(frame, parse_filter(text), text)


def _rows(frame, tree, text):
    if tree[0] == "not":
        return ~_rows(frame, tree[1], text)
    if tree[0] in ("and", "or"):
        join = operator.and_ if tree[0] == "and" else operator.or_
        return join(_rows(frame, tree[1], text), _rows(frame, tree[2], text))
    sign, name, value = tree
    if name not in frame.columns:
        raise _refusal(text, "there is no column {!r}; columns are {}".format(name, ", ".join(frame.columns)))
    column = frame[name]
    try:
        return _COMPARE[sign](column, value) & column.notna()
    except TypeError:
        raise _refusal(text, "column {!r} cannot be compared with {!r}".format(name, value))
