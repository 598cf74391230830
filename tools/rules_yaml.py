#!/usr/bin/python3
"""Rules as jsonnet makes them (JSON, stdin) to YAML as people read them (stdout).

jsonnet's own std.manifestYamlDoc takes thirty times as long, and writes expressions in one line.
"""

import json
import sys

import yaml

ORDER = ["alert", "expr", "for", "labels", "annotations"]


class Dumper(yaml.SafeDumper):
    def increase_indent(self, flow=False, indentless=False):
        return super().increase_indent(flow, False)


def text(dumper, value):
    style = "|" if "\n" in value else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


Dumper.add_representer(str, text)

if __name__ == "__main__":
    rules = json.load(sys.stdin)
    for group in rules["groups"]:
        group["rules"] = [{key: rule[key] for key in ORDER if key in rule} for rule in group["rules"]]
    sys.stdout.write("# Rendered from *.libsonnet by script/mixin: change those.\n")
    yaml.dump(rules, sys.stdout, Dumper, sort_keys=False, width=110)
