"""What functions say, as a digest: their syntax, that of all they call, and the constants that they read.

Finished work and compiled code are found again by it, so that an edited policy is never served old numbers, and an
edited comment costs nothing. It is of the functions in memory: where a file was edited since it was loaded, its text
does not count.
"""

from __future__ import annotations

import ast
import dataclasses
import dis
import enum
import functools
import hashlib
import inspect
import re
import sys
import textwrap
import types
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np


def fingerprint(*things: Any) -> str:
    """Digest of functions or classes with all that they call: their syntax, and the constants that they read.

    Comments, docstrings and formatting do not enter. Libraries other than the package and those of the things
    themselves count by name only; so does a function with the attribute `by_name`, on which no number depends.

    Returns
    -------
    str
        32 hexadecimal digits.
    """
    description = _Description({_package(thing) for thing in things} | {"banditlab"})
    for thing in things:
        description.add(thing)
    return hashlib.sha256("\n".join(description.words).encode()).hexdigest()[:32]


SCALARS = (int, float, complex, str, bytes, bool, np.generic, enum.Enum, types.NoneType)


class _Description:
    """What functions and classes say, with all that they read; those of the packages in `own` word by word."""

    def __init__(self, own: set[str]):
        self.own = own
        self.words: list[str] = []
        self.seen: set[Any] = set()

    def add(self, thing: Any) -> None:
        if isinstance(thing, functools.partial):
            thing = (thing.func, thing.args, thing.keywords)
        elif callable(thing):
            thing = inspect.unwrap(thing)  # compiled and cached functions too
        if isinstance(thing, types.FunctionType | type):
            self._add_code(thing)
        elif isinstance(thing, np.ndarray):
            self.words.append(f"{thing.dtype} {thing.shape} {hashlib.sha256(thing.tobytes()).hexdigest()}")
        elif isinstance(thing, tuple | list | Mapping):
            self.words.append(f"{type(thing).__name__} of {len(thing)}")
            for item in thing.items() if isinstance(thing, Mapping) else thing:
                self.add(item)
        elif isinstance(thing, set | frozenset):
            self.words.append(f"set {sorted(map(repr, thing))}")
        elif dataclasses.is_dataclass(thing):
            self.words.append(_name(thing))
            self.add(vars(thing))
        else:
            # the representation that every object inherits shows its address, which differs in each process
            addressed = type(thing).__repr__ is object.__repr__ or callable(thing)
            self.words.append(_name(thing) if addressed else repr(thing))
            if not is_library(type(thing)):
                self._add_code(type(thing))
                self.add(getattr(thing, "__dict__", {}))

    def _add_code(self, thing: Any) -> None:
        if (_package(thing) not in self.own and is_library(thing)) or getattr(thing, "by_name", False):
            self.words.append(_name(thing))
        elif thing not in self.seen:
            self.seen.add(thing)
            self.words.append(_syntax(thing))
            for value in _read(thing):
                self.add(value)


def _name(thing: Any) -> str:
    return f"{getattr(thing, '__module__', '')}.{getattr(thing, '__qualname__', type(thing).__qualname__)}"


def _package(thing: Any) -> str:
    return (getattr(thing, "__module__", None) or "").partition(".")[0]


def is_library(thing: Any) -> bool:
    """Tell whether a function or class is of the standard library, or of an installed package other than this one."""
    name = _package(thing)
    if name in sys.stdlib_module_names:
        return name != "__main__"
    place = getattr(sys.modules.get(name), "__file__", None) or ""
    return name != "banditlab" and ("site-packages" in place or "dist-packages" in place)


def _syntax(thing: Any) -> str:
    """Return what a function or a class says: syntax trees without docstrings, and a class's fields.

    A class is read function by function, since the source of a class in a notebook cannot be found.
    """
    if isinstance(thing, type):
        fields = re.sub(" at 0x[0-9a-f]+", "", repr(getattr(thing, "__annotations__", {})))
        return repr((fields, [(name, _written(function)) for name, function in _functions(thing)]))
    return _written(thing)


@functools.lru_cache(maxsize=4096)
def _written(function: types.FunctionType) -> str:
    tree = _tree(function)
    if tree is None:
        return repr(_instructions(function.__code__))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return ast.unparse(tree)  # the same for every version of Python, which a dump of the tree is not


def _tree(function: types.FunctionType) -> ast.Module | None:
    """Return the syntax tree of a function; None where its source is not found, or was edited since it was loaded."""
    code = function.__code__
    try:
        found = _nested(_compiled("".join(inspect.findsource(function)[0])))
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        return None
    place = code.co_qualname, code.co_firstlineno
    same = [part for part in found if (part.co_qualname, part.co_firstlineno) == place]
    return tree if same and _instructions(same[0]) == _instructions(code) else None


@functools.lru_cache(maxsize=64)
def _compiled(source: str) -> types.CodeType:
    return compile(source, "<source>", "exec", dont_inherit=True)


def _instructions(code: types.CodeType) -> list[tuple[str, Any]]:
    return [
        (step.opname, None if isinstance(step.argval, types.CodeType) else step.argval)
        for part in _nested(code)
        for step in dis.get_instructions(part)
    ]


def _read(thing: Any) -> Iterator[Any]:
    """Yield what a function reads: globals, module attributes, closure cells, defaults; and what a class holds."""
    if isinstance(thing, type):
        yield from (value for _, value in _constants(thing))
    for _, function in _functions(thing):
        yield function.__defaults__
        yield function.__kwdefaults__
        for cell in function.__closure__ or ():
            yield cell.cell_contents
        yield from _imported(function)
        for path in global_paths(function.__code__):
            value = function.__globals__.get(path[0])
            for attribute in path[1:]:
                if not isinstance(value, types.ModuleType):
                    break
                value = getattr(value, attribute, None)
            if value is not None and not isinstance(value, types.ModuleType):
                yield value


def _imported(function: types.FunctionType) -> Iterator[Any]:
    """Yield what a function imports within its body by `from module import name`."""
    for module, name in _imports(function.__code__):
        yield getattr(sys.modules.get(module), name, None)


@functools.lru_cache(maxsize=4096)
def _imports(code: types.CodeType) -> tuple[tuple[str, str], ...]:
    found, module = [], ""
    for part in _nested(code):
        for step in dis.get_instructions(part):
            if step.opname == "IMPORT_NAME":
                module = step.argval
            elif step.opname == "IMPORT_FROM":
                found.append((module, step.argval))
    return tuple(found)


def _attributes(cls: type) -> list[tuple[str, Any]]:
    """Return the attributes of a class, its own before those that it inherits, but none that Python generates."""
    found: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        if not is_library(base):
            found |= vars(base)
    written = {name: value for name, value in found.items() if not name.startswith("__") or name == "__post_init__"}
    return sorted((name, value) for name, value in written.items() if name not in ASIDE)


def _functions(thing: Any) -> Iterator[tuple[str, types.FunctionType]]:
    """Yield a function, or the functions of a class, with names."""
    if isinstance(thing, types.FunctionType):
        yield thing.__name__, thing
        return
    for name, value in _attributes(thing):
        for wrapper, inner in WRAPPERS.items():
            value = getattr(value, inner) if isinstance(value, wrapper) else value
        if isinstance(value, types.FunctionType) and not is_library(value):
            yield name, value


#: What a class says beside the game, so that no number of a run depends on it.
ASIDE = frozenset({"bounds", "cite", "plot", "sketch", "_repr_html_"})
WRAPPERS = {staticmethod: "__func__", classmethod: "__func__", property: "fget", functools.cached_property: "func"}


def _constants(cls: type) -> Iterator[tuple[str, Any]]:
    """Yield the constants and classes within a class; defaults of a dataclass are parameters, which count elsewhere."""
    parameters = getattr(cls, "__dataclass_fields__", ())
    for name, value in _attributes(cls):
        if name not in parameters and isinstance(value, (*SCALARS, tuple, list, Mapping, np.ndarray, type)):
            yield name, (name, value)


def _nested(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _nested(constant)


@functools.lru_cache(maxsize=4096)
def global_paths(code: types.CodeType) -> tuple[tuple[str, ...], ...]:
    """Return the global names and dotted paths that a function reads: ("dot",), ("math", "sqrt")."""
    paths: dict[tuple[str, ...], None] = {}
    for part in _nested(code):
        path: tuple[str, ...] = ()
        for instruction in dis.get_instructions(part):
            if instruction.opname == "LOAD_GLOBAL":
                paths[path] = None
                path = (instruction.argval,)
            elif path and instruction.opname in ("LOAD_ATTR", "LOAD_METHOD"):
                path = (*path, instruction.argval)
            elif instruction.opname != "CACHE":
                paths[path] = None
                path = ()
    return tuple(path for path in paths if path)
