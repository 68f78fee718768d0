"""Data flows one way: nothing lower imports anything higher, and nothing is pickled or evaluated."""

import ast
from pathlib import Path

import pytest

import banditlab
from banditlab import registry

PACKAGE = Path(banditlab.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))

#: Lower first; a file belongs to the first entry that begins its path. What is not listed here is checked by no line.
LAYERS = [
    ("errors", "types", "seeding", "fingerprint", "arrays", "references", "pages", "sketches"),
    ("fuse",),
    ("numerics/",),
    ("offline/",),
    ("games/", "bounds"),
    ("problem", "registry"),
    ("environments/", "policies/", "wrappers/", "adapters"),
    ("validation", "facts"),
    ("runs/", "agents"),
    ("analysis/", "progress", "doctor"),
    ("pictures/",),
    ("played",),
    ("api", "tables", "catalogue"),
    ("report/",),
    ("latex",),
    ("checks/",),
    ("scaffold", "templates/"),
    ("commands",),
    ("cli",),
    ("__init__", "__main__"),
]
#: Neighbours that do not know each other.
STRANGERS = [("environments/", "policies/"), ("games/", "numerics/")]


def layer(name: str) -> int:
    return next(i for i, starts in enumerate(LAYERS) if name.startswith(starts))


def name_of(file: Path) -> str:
    return file.relative_to(PACKAGE).with_suffix("").as_posix()


def imports(file: Path) -> set[str]:
    """Files of the package that a file imports when it is loaded, or later."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "banditlab":
            base = node.module.replace("banditlab", "", 1).lstrip(".").replace(".", "/")
            found |= {base or "", *(f"{base}/{alias.name}".lstrip("/") for alias in node.names)}
        elif isinstance(node, ast.Import):
            found |= {alias.name.replace("banditlab.", "").replace(".", "/") for alias in node.names}
    files = {name_of(other) for other in FILES}
    return {name for name in found if name in files} | {f"{n}/__init__" for n in found if f"{n}/__init__" in files}


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_nothing_lower_imports_anything_higher(file):
    if name_of(file) == "__init__":
        return  # the public names, imported when they are used
    here = layer(name_of(file))
    higher = {name for name in imports(file) if layer(name) > here}
    assert not higher
    for one, other in STRANGERS:
        for a, b in ((one, other), (other, one)):
            if name_of(file).startswith(a):
                assert not {name for name in imports(file) if name.startswith(b)}


def test_the_walk_sees_imports():
    assert {"runs/store", "analysis/cells"} <= imports(PACKAGE / "analysis" / "loading.py")
    assert "numerics/linear" in imports(PACKAGE / "policies" / "bandit" / "linucb.py")
    assert "registry" in imports(PACKAGE / "commands.py")


def test_a_policy_is_no_subclass_of_a_policy():
    policies = {kind.cls for kind in registry.kinds("policy")}
    for policy in policies:
        assert not policies & set(policy.__mro__[1:]), policy


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_nothing_is_pickled_or_evaluated(file):
    """Save the tasks for other processes, which never leave memory."""
    tree = ast.parse(file.read_text())
    modules = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    modules |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not modules & {"pickle", "marshal", "shelve", "dill"}
    if "cloudpickle" in modules:
        assert name_of(file) == "runs/workers"
    calls = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    assert not calls & {"eval", "exec", "compile"} or (name_of(file) == "fingerprint" and "eval" not in calls)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "np.load":
            assert "allow_pickle=False" in ast.unparse(node)
