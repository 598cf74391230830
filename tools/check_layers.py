#!/usr/bin/python3
"""Checks that the rooms of src/ include each other downhill only.

    tools/check_layers.py [ROOT]

Prints what it found wrong, one line each; exit status 1 when there is anything.
"""

import collections
import pathlib
import re
import sys

# room: (rooms it may include, single headers it may include besides)
ROOMS = {
    "base": ([], []),
    "lmdb": (["base"], []),
    "yaml": (["base"], ["model/duration.h"]),
    "wire": (["base"], []),
    "model": (["base"], ["wire/name.h"]),
    "store": (["base"], []),
    "store/etcd": (["base", "store"], []),
    "store/embedded": (["base", "lmdb", "store"], []),
    "etcdapi": (["base", "store", "store/embedded"], []),
    "catalog": (["base", "lmdb", "wire", "model", "store"], []),
    "answer": (["base", "wire", "model", "catalog"], []),
    "registry": (["base", "model", "store"], ["wire/name.h"]),
    "keeper": (["base", "model", "store", "catalog", "registry"], ["wire/name.h"]),
    "serving/seen": (["base"], ["wire/name.h"]),
    "serving/dns": (["base", "wire", "catalog", "answer", "registry", "model", "serving/seen"], []),
    "serving/http": (["base"], []),
    "serving/sd": (
        ["base", "wire", "catalog", "answer", "model", "serving/http", "serving/seen"],
        [],
    ),
    "serving/api": (
        ["base", "wire", "model", "store", "catalog", "answer", "registry", "serving/http",
         "serving/seen"],
        [],
    ),
    "serving/page": (["base", "serving/http"], []),
    "http_client": (["base"], []),
    "doctor": (["base", "yaml", "wire", "http_client"], ["model/duration.h"]),
    "agent": (["base", "yaml", "model", "store", "registry"], ["wire/name.h"]),
    "app": (["*"], []),
}
# The store in memory is the tests' store: every room's tests may include it, and
# whatever those tests need to fill a view of it.
TESTS_MAY = ["store", "store/embedded"]
# The server's tests ask it as our own client does.
TESTS_OF_MAY = {"etcdapi": ["store/etcd"]}
HEAVY = {
    "gRPC and protobuf": (r"grpc|google/protobuf/|.*\.pb\.h", ["store/etcd", "etcdapi"]),
    "LMDB": (r"lmdb\.h", ["lmdb"]),
    "Asio and Beast": (r"boost/(asio|beast)", ["serving/http", "serving/dns", "agent", "http_client"]),
    "CLI11": (r"CLI/", ["app"]),
    "yaml-cpp": (r"yaml-cpp/", ["yaml", "app", "agent", "doctor"]),
}
README_LINES = 40
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^">]+)[">]', re.MULTILINE)


def room_of(path):
    """The room of a path below src/: the longest of the table that it lies in."""
    found = [room for room in ROOMS if path.startswith(room + "/")]
    return max(found, key=len) if found else None


def is_test(path):
    stem = path.rsplit(".", 1)[0]
    return stem.endswith("_test") or "testing" in path or "test_" in path.rsplit("/", 1)[-1]


def check_include(path, quote, target):
    """What is wrong with one #include; None: nothing."""
    room = room_of(path)
    for what, (pattern, allowed) in HEAVY.items():
        if re.match(pattern, target) and room not in allowed:
            return f"{what} belong in {', '.join(allowed)} only"
    other = room_of(target)
    if quote != '"' or other in (None, room):
        return None
    rooms, headers = ROOMS[room]
    if "*" in rooms or other in rooms or target in headers:
        return None
    if is_test(path) and other in TESTS_MAY + TESTS_OF_MAY.get(room, []):
        return None
    return f"{room} may not include {other}"


def cycles(graph):
    """Include cycles between files, each as the list of its files."""
    found, state = [], {}

    def visit(node, way):
        state[node] = "open"
        for other in graph.get(node, ()):
            if state.get(other) == "open":
                found.append(way[way.index(other):] + [other])
            elif other not in state:
                visit(other, way + [other])
        state[node] = "done"

    for node in sorted(graph):
        if node not in state:
            visit(node, [node])
    return found


def check(root):
    src = pathlib.Path(root) / "src"
    problems, graph, rooms = [], collections.defaultdict(list), set()
    for file in sorted([*src.rglob("*.h"), *src.rglob("*.cc")]):
        path = file.relative_to(src).as_posix()
        room = room_of(path)
        if room is None:
            problems.append(f"src/{path}: lies in no room of the table in tools/check_layers.py")
            continue
        rooms.add(room)
        text = file.read_text(encoding="utf-8")
        for match in INCLUDE.finditer(text):
            graph[path].append(match.group(2))
            wrong = check_include(path, *match.groups())
            if wrong:
                line = text.count("\n", 0, match.start(1)) + 1
                problems.append(f"src/{path}:{line}: {match.group(2)}: {wrong}")
        # So the header is compiled alone: what it needs, it includes.
        own = file.with_suffix(".h")
        first = INCLUDE.search(text)
        if file.suffix == ".cc" and own.exists() and first[2] != own.relative_to(src).as_posix():
            problems.append(f"src/{path}: does not include its own header first")
        if file.suffix == ".h" and "#pragma once" not in text:
            problems.append(f"src/{path}: no #pragma once")
    problems += [f"include cycle: {' -> '.join(way)}" for way in cycles(graph)]
    for room in sorted(rooms):
        readme = src / room / "README.md"
        if not readme.exists():
            problems.append(f"src/{room}: no README.md")
        elif len(readme.read_text(encoding="utf-8").splitlines()) > README_LINES:
            problems.append(f"src/{room}/README.md: over {README_LINES} lines")
    return problems


if __name__ == "__main__":
    wrong = check(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parent.parent)
    print("\n".join(wrong) if wrong else "every include goes downhill")
    sys.exit(1 if wrong else 0)
