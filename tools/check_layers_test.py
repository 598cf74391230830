#!/usr/bin/python3
"""The layer checker finds what it is there to find."""

import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
sys.dont_write_bytecode = True
import check_layers  # noqa: E402


class CheckLayers(unittest.TestCase):
    def problems(self, **files):
        """Of a tree with these files; "base__x_h" is src/base/x.h."""
        with tempfile.TemporaryDirectory() as root:
            for name, text in files.items():
                path = pathlib.Path(root) / "src" / name.replace("__", "/").replace("_dot_", ".")
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
                (path.parent / "README.md").touch()
            return check_layers.check(root)

    def test_downhill_is_fine(self):
        self.assertEqual(self.problems(
            wire__a_dot_h='#pragma once\n#include "base/b.h"\n#include <vector>\n',
            base__b_dot_h="#pragma once\n"), [])

    def test_uphill_is_found_with_its_line(self):
        found = self.problems(base__b_dot_h='#pragma once\n\n#include "wire/a.h"\n')
        self.assertEqual(found, ["src/base/b.h:3: wire/a.h: base may not include wire"])

    def test_a_single_header_may_be_allowed(self):
        self.assertEqual(self.problems(model__a_dot_cc='#include "wire/name.h"\n'), [])
        self.assertEqual(len(self.problems(model__a_dot_cc='#include "wire/query.h"\n')), 1)

    def test_tests_may_use_the_store_in_memory(self):
        include = '#include "store/embedded/store.h"\n'
        self.assertEqual(self.problems(answer__a_test_dot_cc=include), [])
        self.assertEqual(len(self.problems(answer__a_dot_cc=include)), 1)

    def test_the_servers_tests_may_use_our_client(self):
        include = '#include "store/etcd/client.h"\n'
        self.assertEqual(self.problems(etcdapi__a_test_dot_cc=include), [])
        self.assertEqual(len(self.problems(etcdapi__a_dot_cc=include)), 1)
        self.assertEqual(len(self.problems(answer__a_test_dot_cc=include)), 1)

    def test_a_file_includes_its_own_header_first(self):
        header = "#pragma once\n"
        wrong = self.problems(base__a_dot_h=header, base__a_dot_cc='#include <vector>\n#include "base/a.h"\n')
        self.assertEqual([p for p in wrong if "own header" in p] != [], True, wrong)
        right = self.problems(base__a_dot_h=header, base__a_dot_cc='#include "base/a.h"\n')
        self.assertEqual([p for p in right if "own header" in p], [], right)

    def test_heavy_headers_stay_in_their_rooms(self):
        for include in ("<grpcpp/grpcpp.h>", '"rpc.pb.h"', "<google/protobuf/message.h>"):
            self.assertEqual(len(self.problems(catalog__a_dot_cc=f"#include {include}\n")), 1, include)
            self.assertEqual(self.problems(store__etcd__a_dot_cc=f"#include {include}\n"), [], include)
        self.assertEqual(len(self.problems(wire__a_dot_cc="#include <boost/asio.hpp>\n")), 1)

    def test_cycles_are_found(self):
        found = self.problems(base__a_dot_h='#pragma once\n#include "base/b.h"\n',
                              base__b_dot_h='#pragma once\n#include "base/a.h"\n')
        self.assertEqual(found, ["include cycle: base/a.h -> base/b.h -> base/a.h"])

    def test_a_file_in_no_room_is_found(self):
        self.assertEqual(len(self.problems(elsewhere__a_dot_cc="")), 1)

    def test_a_header_without_guard_is_found(self):
        self.assertEqual(self.problems(base__a_dot_h=""), ["src/base/a.h: no #pragma once"])

    def test_a_long_readme_is_found(self):
        self.assertEqual(self.problems(base__a_dot_cc="", base__README_dot_md="x\n" * 41),
                         ["src/base/README.md: over 40 lines"])


if __name__ == "__main__":
    unittest.main()
