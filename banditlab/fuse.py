"""A loop is a template, a pair fills it in: binding verbs to a loop, compiling the copy, caching it.

This is the only file that knows Numba's options.

Numba caches a function under its file, its qualified name and its signature, and its stamp covers that one file
alone. A bound copy therefore carries a fingerprint of everything it calls in its name, so that an edited policy can
never be served by an older machine code.
"""

from __future__ import annotations

import functools
import hashlib
import os
import re
import tempfile
import types
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numba
import numpy as np
from numba.core.dispatcher import Dispatcher
from numba.core.errors import NumbaError

from banditlab.fingerprint import fingerprint, global_paths, is_library

OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
#: Lets a sum be reordered into vector lanes; never `fastmath=True`, which would also assume that NaN cannot occur.
REASSOCIATED = {"reassoc", "contract", "nsz"}
#: Switches off Numba's runtime, and with it reference counting. The one option here that Numba does not document; it
#: refuses options that it does not know.
UNCOUNTED: dict[str, Any] = {"_nrt": False}
#: Verbs become part of the loop before it is optimised, once: it compiles a third faster than as calls.
INLINED: dict[str, Any] = {"inline": "always", "no_cpython_wrapper": True, "no_cfunc_wrapper": True}


class CacheError(OSError):
    """The folder for compiled code cannot be written."""


def kernel(
    function: Callable | None = None, *, reassociate: bool = False, inline: bool = True, counted: bool = True
) -> Any:
    """Compile a function of arrays and scalars on first use, for verbs and other kernels to call.

    Parameters
    ----------
    function : callable
        A function within Numba's language.
    reassociate : bool
        Allow its sums to be reordered (vector lanes). For dot products and quadratic forms only: the last bits then
        depend on the CPU's vector width. A portable run compiles it without.
    inline : bool
        False for a long function that is called from several places: it is compiled once, and not into each of them.
    counted : bool
        False for one that borrows all its arrays: it counts no references to them, nor to views of them, which takes
        half of the time of short kernels. It makes no arrays, returns none, and raises no error with arguments; Numba
        refuses to compile one that does.
    """
    if function is None:
        return functools.partial(kernel, reassociate=reassociate, inline=inline, counted=counted)
    options = OPTIONS if counted else OPTIONS | UNCOUNTED
    if reassociate:
        # not inlined: vector lanes, and with them the last bits, should not depend on the caller
        return numba.njit(**options, no_cfunc_wrapper=True, fastmath=REASSOCIATED)(function)
    # inlined, a kernel holds no reference to the generator: half of the time of a Thompson round otherwise
    return numba.njit(**options, no_cfunc_wrapper=True, forceinline=inline)(function)


def fuse(
    template: Callable, verbs: Mapping[Callable, Callable], *, portable: bool = False, arguments: tuple = ()
) -> Callable:
    """Compile a copy of a loop in which verbs stand for their stubs; cached on disk.

    Parameters
    ----------
    template : function
        The loop; it calls stubs, or functions that do.
    verbs : dict of function to function
        What stands for each stub. A user's own function that happens to have a verb's name stays what it is.
    portable : bool
        Drop the permission to reorder sums, so that the bits are the same on every x86-64 CPU.
    arguments : tuple, optional
        What it will be called with: compiled code reads the fields of a `NamedTuple` by their place, and is stored
        with the name of its class, so that both are part of what is cached.

    Returns
    -------
    callable
        The compiled function. Compilation happens at its first call, or is loaded from the cache. Verbs that were
        defined in a notebook cell are compiled anew in each process.

    Raises
    ------
    CacheError
        No folder for compiled code can be written.
    """
    bound = _Binder(verbs, portable, compiled=True).copy(template)
    importable = all(verb.__module__ != "__main__" for verb in verbs.values())
    stubs = sorted(verbs, key=lambda stub: stub.__name__)
    code = fingerprint(kernel, template, *(verbs[stub] for stub in stubs))
    words = [code, [stub.__name__ for stub in stubs], portable, layout(arguments), INLINED]
    digest = hashlib.sha256(repr(words).encode()).hexdigest()[:20]
    bound.__qualname__ = f"{template.__name__}_{digest}"
    folder = numba.config.CACHE_DIR
    try:
        if folder:  # where it cannot be written, Numba would silently take another one
            os.makedirs(folder, exist_ok=True)
            tempfile.TemporaryFile(dir=folder).close()
        return numba.njit(**OPTIONS, cache=importable)(bound)
    except (OSError, RuntimeError) as error:
        place = folder or "the package's folder and the user's cache folder"
        raise CacheError(
            f"cannot write compiled code to {place}: set NUMBA_CACHE_DIR to a folder that can be written"
        ) from error


def plain(template: Callable, verbs: Mapping[Callable, Callable], *, portable: bool = False) -> Callable:
    """Bind the same copy as `fuse`, left in Python; the kernels it calls stay compiled, so its bits are the same."""
    return _Binder(verbs, portable, compiled=False).copy(template)


def bind(template: Callable, names: Mapping[str, Any]) -> Callable:
    """Return a copy of a function, not compiled, in which free names stand for the given functions or constants."""
    bound = template.__globals__ | dict(names)
    return types.FunctionType(template.__code__, bound, template.__name__, template.__defaults__, template.__closure__)


def bind_stubs(template: Callable, verbs: Mapping[Callable, Callable]) -> Callable:
    """Return such a copy in which functions stand for stubs, also in the functions of its own file that it calls."""
    names, values = {}, template.__globals__
    for name in {path[0] for path in global_paths(template.__code__)}:
        value = values.get(name)
        if isinstance(value, types.FunctionType) and value in verbs:
            names[name] = verbs[value]
        elif isinstance(value, types.FunctionType) and value.__module__ == template.__module__ and value != template:
            names[name] = bind_stubs(value, verbs)
    return bind(template, names)


class _Binder:
    """Copies functions with verbs in place of their stubs, and the functions that they call likewise."""

    def __init__(self, verbs: Mapping[Callable, Callable], portable: bool, compiled: bool):
        self.verbs, self.portable, self.compiled = verbs, portable, compiled
        self.done: dict[Any, Callable] = {}

    def copy(self, function: types.FunctionType) -> types.FunctionType:
        copy = bind(function, {})
        names = copy.__globals__
        for name, *attributes in global_paths(function.__code__):
            value = names.get(name)
            if isinstance(value, types.FunctionType | Dispatcher):
                names[name] = self._callee(value)
            elif isinstance(value, types.ModuleType) and attributes:
                names[name] = self._module(value, attributes[0])
        return copy

    def _module(self, module: types.ModuleType, name: str) -> types.ModuleType:
        """Return a module in whose copy a function that is called as `module.name` is bound."""
        value = getattr(module, name, None)
        if not isinstance(value, types.FunctionType | Dispatcher) or is_library(value):
            return module
        copy = types.ModuleType(module.__name__)
        vars(copy).update(vars(module))
        setattr(copy, name, self._callee(value))
        return copy

    def _callee(self, value: Any) -> Callable:
        value = self.verbs.get(value, value)
        if not isinstance(value, types.FunctionType | Dispatcher):
            return value
        if value not in self.done:
            self.done[value] = value  # a function that calls itself
            if not isinstance(value, Dispatcher):
                copy = self.copy(value)
                self.done[value] = numba.njit(**OPTIONS, **INLINED)(copy) if self.compiled else copy
            elif self.portable:
                self.done[value] = numba.njit(**OPTIONS)(self.copy(value.py_func))
        return self.done[value]


GENERAL = ("Failed in", "- Resolution failure")  #: how lines of Numba's messages begin that give no reason
LOCATED = re.compile(r'^File "(.+)", line (\d+):', re.M)


def _why(error: Exception) -> str:
    """Return in one line why Numba cannot compile something, and where, as far as it says so."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    reason = next((line for line in lines if not line.startswith(GENERAL)), type(error).__name__)
    reason = re.sub(r" at 0x[0-9a-f]+", "", reason).rstrip(":")
    place = LOCATED.search(str(error))
    return f"{reason}, in {Path(place[1]).name}, line {place[2]}" if place else reason


DAMAGED = "is damaged: delete its files (they end in .nbi and .nbc) and run again"


def prepare(
    template: Callable, verbs: Mapping[Callable, Callable], arguments: tuple, *, portable: bool = False
) -> tuple[Callable, str]:
    """Compile the bound loop for these arguments; where Numba cannot, bind it in plain Python.

    Returns
    -------
    function : callable
    reason : str
        Why it is not compiled; empty where it is.

    Raises
    ------
    CacheError
        Compiled code cannot be written, or what was stored is for other argument types. (Two processes that compile
        different signatures of one function at once can store one under the other's key.)
    """
    if numba.config.DISABLE_JIT:
        return plain(template, verbs), "NUMBA_DISABLE_JIT is set"
    function = fuse(template, verbs, portable=portable, arguments=arguments)
    try:
        types_ = tuple(map(numba.typeof, arguments))
        function.compile(types_)
    except (NumbaError, ValueError, NotImplementedError) as error:
        return plain(template, verbs, portable=portable), _why(error)
    except OSError as error:
        raise CacheError(
            f"cannot write compiled code: {error}; set NUMBA_CACHE_DIR to a folder that can be written"
        ) from error
    except Exception as error:
        raise CacheError(f"the stored code of {function.__qualname__} {DAMAGED}") from error
    if types_ not in function.signatures:
        raise CacheError(f"the stored code of {function.__qualname__} {DAMAGED}")
    return function, ""


prepare.by_name = True  #: compiled or not, what it is given says all numbers


def settle(state: Any) -> Any:
    """Give every field of a `NamedTuple` state its one type, so that each loop is compiled for one signature.

    Arrays become C-contiguous and writeable, of float64, int64, uint64 or bool; scalars take the type of their
    annotation. States that are no `NamedTuple` (of a policy that runs in plain Python) are returned as they are.
    """
    if not hasattr(state, "_fields"):
        return state
    hints = _hints(type(state))
    return type(state)(*(_settle(value, hints.get(name)) for name, value in zip(state._fields, state, strict=True)))


@functools.cache
def _hints(cls: type) -> dict[str, Any]:
    return {
        name: {"float": float, "int": int, "bool": bool}.get(hint, hint) for name, hint in cls.__annotations__.items()
    }


def _settle(value: Any, hint: Any) -> Any:
    if isinstance(value, np.ndarray):
        kind = {"f": np.float64, "i": np.int64, "u": np.uint64, "b": np.bool_}.get(value.dtype.kind)
        return value if kind is None else apart(np.require(value, kind, ["C", "W"]))
    if hasattr(value, "_fields"):
        return settle(value)
    if isinstance(value, tuple):
        return tuple(_settle(item, None) for item in value)
    return hint(value) if hint in (float, int, bool) else value


LINE = 128  #: bytes that cores exchange at a time: a cache line, and the one that is fetched with it


def apart(array: np.ndarray) -> np.ndarray:
    """Return a small array in cache lines of its own, so that threads do not write to each other's; else itself."""
    if array.nbytes > 4096 or array.__array_interface__["data"][0] % LINE == 0:
        return array
    room = np.empty(LINE + -(-array.nbytes // LINE) * LINE, np.uint8)
    start = -room.__array_interface__["data"][0] % LINE
    moved = room[start : start + array.nbytes].view(array.dtype).reshape(array.shape)
    moved[...] = array
    return moved


def layout(value: Any) -> Any:
    """Return what compiled code knows of its arguments: types, and of a `NamedTuple` its place and fields in order."""
    cls = type(value)
    if isinstance(value, tuple):
        return cls.__module__, cls.__qualname__, getattr(value, "_fields", ()), tuple(layout(item) for item in value)
    try:
        return str(numba.typeof(value))
    except ValueError:  # a state that Numba does not know, of a policy that runs in plain Python
        return cls.__qualname__
