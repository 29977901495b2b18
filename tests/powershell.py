"""A second reader of PowerShell: the grammar tree-sitter-powershell, which shares nothing with this kit.

It is a grammar and no PowerShell. It knows one quote character that ends a string, where PowerShell knows five; so the
other four are taken out of their pairs here, and a lone one is refused, as PowerShell would end the string there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import tree_sitter
import tree_sitter_powershell

_PARSER = tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language()))
_CURLED = "[\u2018\u2019\u201a\u201b]"


def is_broken(script: str) -> bool:
    """Whether the grammar finds a part that it cannot read, or that something is missing."""
    return _PARSER.parse(script.encode()).root_node.has_error


def commands(script: str) -> list[tuple[str, dict[str, Any]]]:
    """Every command of a script with its parameters, wherever it stands; a parameter without a value is True."""
    assert not is_broken(script)
    found = []
    for node in _all(_PARSER.parse(script.encode()).root_node, "command"):
        cmdlet, elements = node.children[0].text.decode(), node.children[1].children
        given: dict[str, Any] = {}
        name = ""
        for element in elements:
            if element.type == "command_parameter":
                name = element.text.decode().removeprefix("-")
                assert name not in given
                given[name] = True
            elif element.type != "command_argument_sep":
                assert given[name] is True, "a value without a parameter"
                given[name] = _value(element)
        found.append((cmdlet, given))
    return found


def _all(node: tree_sitter.Node, kind: str) -> Iterator[tree_sitter.Node]:
    if node.type == kind:
        yield node
    for child in node.children:
        yield from _all(child, kind)


def _value(node: tree_sitter.Node) -> Any:
    for entry in _all(node, "hash_entry"):
        (text,) = _all(entry, "verbatim_string_characters")
        return {entry.children[0].text.decode(): _text(text)}
    texts = [_text(one) for one in _all(node, "verbatim_string_characters")]
    return texts or node.text.decode()


def _text(node: tree_sitter.Node) -> str:
    inner = node.text.decode()[1:-1]
    assert not re.search(_CURLED, re.sub(f"({_CURLED})\\1", "", inner)), "PowerShell would end this string early"
    return re.sub(f"({_CURLED})\\1", r"\1", inner.replace("''", "'"))
