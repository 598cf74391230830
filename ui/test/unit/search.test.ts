import assert from "node:assert/strict";
import { test } from "node:test";
import { formatSearch, parseSearch, toggleState, withLabel } from "../../src/core/search";

test("words, states and labels are told apart", () => {
  for (const [text, words, states, labels] of [
    ["", [], [], []],
    ["  web   r12 ", ["web", "r12"], [], []],
    ["state:lost,critical", [], ["lost", "critical"], []],
    ["state:", [], [], []],
    ["rack=r12 x", ["x"], [], [["rack", "r12"]]],
    ["url=a=b", [], [], [["url", "a=b"]]],
    ["=x", ["=x"], [], []],
    ["empty=", [], [], [["empty", ""]]],
  ] as const) {
    assert.deepEqual(parseSearch(text), { words, states, labels }, text);
  }
});

test("what was parsed means the same when it is written again", () => {
  for (const text of ["a b", "state:lost a", "rack=r12 state:lost,static x y=1"]) {
    assert.deepEqual(parseSearch(formatSearch(parseSearch(text))), parseSearch(text));
  }
});

test("a click adds a state, and takes it away again", () => {
  assert.equal(toggleState("web", "lost"), "web state:lost");
  assert.equal(toggleState("web state:lost", "static"), "web state:lost,static");
  assert.equal(toggleState("web state:lost", "lost"), "web");
});

test("a label replaces the one of its name; one with a blank cannot be written", () => {
  assert.equal(withLabel("web rack=r1", "rack", "r2"), "web rack=r2");
  assert.equal(withLabel("web", "note", "two words"), "web");
});
