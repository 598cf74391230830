import assert from "node:assert/strict";
import { test } from "node:test";
import { Pages, type Slice } from "../../src/core/pages";

// A list of numbers; the cursor is the last one given.  `most`: rows that it gives at once.
class Source {
  asked: string[] = [];
  constructor(
    public rows: number[],
    public most = Infinity,
  ) {}
  fetch = async (after: string, limit: number): Promise<Slice<number>> => {
    this.asked.push(after);
    const from = after === "" ? 0 : this.rows.findIndex((row) => row > Number(after));
    const rows = from < 0 ? [] : this.rows.slice(from, from + Math.min(limit, this.most));
    const more = from >= 0 && from + rows.length < this.rows.length;
    return { rows, total: this.rows.length, next: more ? String(rows.at(-1)) : "" };
  };
}
const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);
const settled = async () => {
  for (let i = 0; i < 200; i++) await Promise.resolve();
};

test("reads the pages that are seen, and no others", async () => {
  const source = new Source(numbers(1000));
  const pages = new Pages<number>(source.fetch, 100);
  pages.want(0, 30);
  await settled();
  assert.deepEqual(source.asked, [""]);
  assert.equal(pages.total, 1000);
  assert.equal(pages.row(99), 99);
  assert.equal(pages.row(100), undefined);
  assert.equal(pages.count, 200, "one page beyond what is known can be scrolled to");
  pages.want(90, 130);
  await settled();
  assert.deepEqual(source.asked, ["", "99"]);
  assert.equal(pages.row(129), 129);
});

test("a jump reads up to there; far pages are forgotten and read again by their cursor", async () => {
  const source = new Source(numbers(1000));
  const pages = new Pages<number>(source.fetch, 100, 3);
  pages.want(700, 730);
  await settled();
  assert.equal(pages.row(700), 700);
  assert.equal(pages.row(0), undefined);
  source.asked = [];
  pages.want(0, 10);
  await settled();
  assert.deepEqual(source.asked, [""]);
  assert.equal(pages.row(0), 0);
});

test("knows its end, also where it is a whole page or nothing at all", async () => {
  for (const size of [0, 1, 99, 100, 101, 200, 250]) {
    const pages = new Pages<number>(new Source(numbers(size)).fetch, 100);
    pages.want(0, 1);
    await settled();
    pages.want(0, 1000);
    await settled();
    assert.equal(pages.count, size, String(size));
    assert.equal(pages.row(size - 1), size > 0 ? size - 1 : undefined);
  }
});

test("fills its pages from a server that gives less than it is asked for", async () => {
  const pages = new Pages<number>(new Source(numbers(250), 30).fetch, 100);
  pages.want(0, 250);
  await settled();
  assert.equal(pages.count, 250);
  assert.equal(pages.row(100), 100);
});

test("what is seen is read again after a change, and what lies behind moves with it", async () => {
  const source = new Source(numbers(250).map((one) => 10 * one));
  const pages = new Pages<number>(source.fetch, 100);
  pages.want(0, 250);
  await settled();
  source.rows.splice(1, 0, 5);
  pages.want(0, 20);
  pages.refresh();
  await settled();
  assert.equal(pages.row(1), 5);
  assert.equal(pages.row(2), 10);
  pages.want(95, 120);
  await settled();
  assert.equal(pages.row(100), 990, "no row twice, none left out");
  source.rows.length = 3;
  pages.want(0, 20);
  pages.refresh();
  await settled();
  assert.equal(pages.count, 3);
  assert.equal(pages.total, 3);
});

test("an error is told, and the next try mends it", async () => {
  const source = new Source(numbers(10));
  let fails = true;
  const pages = new Pages<number>(async (after, limit) => {
    if (fails) throw new Error("no answer");
    return source.fetch(after, limit);
  }, 100);
  pages.want(0, 1);
  await settled();
  assert.equal(pages.error.value?.message, "no answer");
  fails = false;
  pages.refresh();
  await settled();
  assert.equal(pages.error.value, null);
  assert.equal(pages.row(9), 9);
});
