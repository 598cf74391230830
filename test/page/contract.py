"""Holds what a server answers against doc/openapi.yaml: types, members, and those that must be there."""

import json
import urllib.parse
import urllib.request

import yaml

TYPES = {"string": str, "integer": int, "number": (int, float), "object": dict, "array": list, "boolean": bool}


class Contract:
    def __init__(self, file):
        with open(file, encoding="utf-8") as handle:
            self.whole = yaml.safe_load(handle)

    def _named(self, schema):
        while "$ref" in schema:
            found = self.whole
            for word in schema["$ref"].lstrip("#/").split("/"):
                found = found[word]
            schema = found
        return schema

    def _check(self, schema, value, where):
        """Yields what is wrong with a value, a sentence each."""
        schema = self._named(schema)
        wanted = schema.get("type")
        if "const" in schema and value != schema["const"]:
            yield f"{where} is {value!r}, not {schema['const']!r}"
        if "enum" in schema and value not in schema["enum"]:
            yield f"{where} is {value!r}, none of {schema['enum']}"
        if wanted and not isinstance(value, TYPES[wanted]):
            yield f"{where} is {value!r}, no {wanted}"
            return
        if isinstance(value, list):
            for index, one in enumerate(value):
                yield from self._check(schema.get("items", {}), one, f"{where}[{index}]")
        if isinstance(value, dict):
            members = schema.get("properties")
            others = schema.get("additionalProperties", {})
            yield from (f"{where} has no {name}" for name in schema.get("required", ()) if name not in value)
            for name, one in value.items():
                if members is not None and name not in members and not others:
                    yield f"{where}.{name} is not in the description"
                yield from self._check((members or {}).get(name, others or {}), one, f"{where}.{name}")

    def problems(self, base, path, template=None):
        """Of the answer to GET base/path, which the description has as `template`."""
        with urllib.request.urlopen(base + path, timeout=30) as answer:
            body = json.load(answer)
        told = self.whole["paths"]["/" + (template or urllib.parse.urlsplit(path).path)]["get"]["responses"]["200"]
        schema = told["content"]["application/json"]["schema"]
        return list(self._check(schema, body, path))
