#!/usr/bin/python3
"""The benchmarks' arithmetic: a figure that is wrong would be believed."""

import contextlib
import io
import os
import pathlib
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
sys.dont_write_bytecode = True
import bench_figures  # noqa: E402


class Rounds(unittest.TestCase):
    def test_the_median_stands_before_the_extremes(self):
        self.assertEqual(bench_figures.spread([3000.4, 1000.0, 2000.0]), "2,000 [1,000, 3,000]")
        self.assertEqual(bench_figures.spread([0.5], 2), "0.50 [0.50, 0.50]")

    def test_as_good_is_within_the_interquartile_range(self):
        rounds = [90, 94, 100, 102, 120]  # the middle half lies between 94 and 102
        self.assertTrue(bench_figures.as_good(rounds, 108))
        self.assertFalse(bench_figures.as_good(rounds, 108.1))
        self.assertTrue(bench_figures.as_good([100], 100))
        self.assertFalse(bench_figures.as_good([100], 100.1))

    def test_a_new_thread_counts_from_nothing_and_one_that_ended_not_at_all(self):
        self.assertEqual(bench_figures.used_since({1: 2.0, 2: 5.0}, {1: 2.5, 3: 1.0}), {1: 0.5, 3: 1.0})


class GoalsTable(unittest.TestCase):
    def told(self, **goal):
        goals, out = bench_figures.Goals(), io.StringIO()
        with contextlib.redirect_stdout(out):
            goals.add("figure", 10, "ms", **goal)
            goals.end()
        return goals.missed, out.getvalue()

    def test_what_is_just_reached_is_reached(self):
        for goal in ({"at_most": 10}, {"at_least": 10}):
            missed, text = self.told(**goal)
            self.assertEqual(missed, [])
            self.assertIn("  reached\nevery goal is reached", text)

    def test_what_is_missed_is_named(self):
        for goal in ({"at_most": 9.9}, {"at_least": 10.1}, {"at_most": 0}):
            missed, text = self.told(**goal)
            self.assertEqual(missed, ["figure"])
            self.assertIn("missed: figure", text)

    def test_a_figure_without_a_goal_passes(self):
        missed, text = self.told()
        self.assertEqual(missed, [])
        self.assertNotIn("  reached", text)


class OfProcesses(unittest.TestCase):
    def setUp(self):
        self.child = subprocess.Popen([sys.executable, "-c", "while True: pass"])
        self.addCleanup(lambda: (self.child.kill(), self.child.wait()))

    def test_a_busy_thread_is_the_one_that_uses_its_process_time(self):
        deadline = time.monotonic() + 20
        while bench_figures.cpu(self.child.pid) < 0.1:
            self.assertLess(time.monotonic(), deadline, "the child gets no processor")
            time.sleep(0.01)
        used = bench_figures.threads(self.child.pid)
        self.assertEqual(list(used), [self.child.pid])
        self.assertGreaterEqual(used[self.child.pid], 0.1)
        self.assertGreater(bench_figures.memory(self.child.pid)["VmRSS"], 1 << 20)

    def test_only_what_is_started_meanwhile_is_pinned(self):
        before = os.sched_getaffinity(0)
        one = min(before)
        with bench_figures.on_processors(one):
            child = subprocess.Popen(["sleep", "60"])
        self.addCleanup(lambda: (child.kill(), child.wait()))
        self.assertEqual(os.sched_getaffinity(child.pid), {one})
        self.assertEqual(os.sched_getaffinity(0), before)


if __name__ == "__main__":
    unittest.main()
