// The counters behind the limits on file and function sizes.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { findCppFunctions } from "../../checks/cpp-functions.ts";
import { commentShare, findTooLong, percentile } from "../../checks/shape.ts";
import { readSources } from "../../checks/sources.ts";

describe("shape of the sources", () => {
  test("the percentile is the nearest rank", () => {
    assert.equal(percentile([5, 1, 4, 2, 3], 0.5), 3);
    assert.equal(percentile([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 0.9), 9);
    assert.equal(percentile([], 0.9), 0);
  });

  test("lines of both comment forms count, code with a comment behind it does not", () => {
    assert.equal(commentShare("// a\n/* b\n c */\ncode(); // d"), 0.75);
    assert.equal(commentShare("/** a */\ncode();"), 0.5);
  });

  test("C++ functions, methods and lambdas are found, other blocks are not", () => {
    const text = `namespace a {
struct B { int c{0}; };
B::B(int d) : e_(d) { f(); }
void g(const char* h) noexcept {
  for (int i = 0; i < 3; ++i) { j("}{"); }  // }
  auto k = [&](int l) {
    return l;
  };
}
int table[] = {1, 2};
}`;
    const found = findCppFunctions(text).map(({ name, line, lines }) => [name, line, lines]);
    assert.deepEqual(
      found,
      [
        ["B::B", 3, 1],
        ["k", 6, 3],
        ["g", 4, 6],
      ].map(([name, ...rest]) => [name === "k" ? "lambda" : name, ...rest]),
    );
  });

  test("a function of 61 lines and a file of 401 are named", () => {
    const functions = [
      { name: "long", line: 7, lines: 61, ownLines: 20 },
      { name: "fits", line: 70, lines: 60, ownLines: 60 },
    ];
    assert.deepEqual(findTooLong([{ path: "plugin/a.ts", text: "x\n".repeat(401), functions }]), [
      "plugin/a.ts: 401 lines, at most 400 are allowed",
      "plugin/a.ts:7 long: 61 lines, at most 60 are allowed",
    ]);
  });

  test("in tests a function counts without its nested functions", () => {
    const functions = [
      { name: "suite", line: 1, lines: 300, ownLines: 60 },
      { name: "long", line: 1, lines: 300, ownLines: 61 },
    ];
    const found = findTooLong([{ path: "test/a.test.ts", text: "", functions }]);
    assert.deepEqual(found, ["test/a.test.ts:1 long: 61 lines, at most 60 are allowed"]);
  });

  test("the project's own functions have their lines", () => {
    const source = readSources().find(({ path }) => path === "test/checks/sources.ts");
    const shape = source?.functions.find(({ name }) => name === "describeFile");
    assert.ok(shape !== undefined && shape.lines > shape.ownLines && shape.ownLines > 5);
  });
});
