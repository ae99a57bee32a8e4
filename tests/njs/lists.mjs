// What is pure in nginx/njs/cdr.js, in tables, under njs and under node. Prints
// what is wrong, then a count; tests/scenario/48-serve-lists.sh runs it.
import cdr from './cdr.mjs';

let done = 0, failed = 0;

function same(what, want, got) {
	done++;
	want = JSON.stringify(want);
	got = JSON.stringify(got);
	if (want !== got) {
		failed++;
		console.log("FAIL " + what + ": want " + want + ", got " + got);
	}
}

const names = ["1.9", "1.10", "A", "a", "b", "c"].sort();

[
	["", "", ["1.10", "1.9", "A", "a", "b", "c"], ""],
	["2", "", ["1.10", "1.9"], "1.9"],
	["2", "1.9", ["A", "a"], "a"],
	["2", "a", ["b", "c"], ""],
	["1", "b", ["c"], ""],
	["2", "c", [], ""],
	["6", "", names, ""],
	["5", "", names.slice(0, 5), "b"],
	["0", "", [], ""],
	["0", "a", [], ""],
	["000", "", [], ""],
	["02", "", ["1.10", "1.9"], "1.9"],
	["999999999999999999999999999999", "a", ["b", "c"], ""],
	["9".repeat(400), "", names, ""],
	// a last that is gone, or never was
	["2", "1.5", ["1.9", "A"], "A"],
	["2", "0", ["1.10", "1.9"], "1.9"],
	["2", "zzz", [], ""],
	["", "b", ["c"], ""],
	["", "\u00ff", [], ""],
].forEach((c) => same("page " + JSON.stringify(c), { names: c[2], next: c[3] },
    cdr.page(names, c[0], c[1])));

["x", "-1", "+1", "1.5", " 1", "1 ", "1e3", "0x10", "NaN", "\n1", "1\n", "\u0661"].forEach(
    (n) => same("n=" + n, null, cdr.page(names, n, "")));

same("no names", { names: [], next: "" }, cdr.page([], "5", "a"));

// Every last in every list up to nine, against the plain way.
for (let size = 0; size < 10; size++) {
	const list = [];
	for (let i = 0; i < size; i++) {
		list.push(String(i * 2));
	}
	list.sort();
	for (let last = -1; last < 2 * size + 1 && last < 10; last++) {
		same("after " + last + " of " + size,
		    list.filter((name) => name <= String(last)).length,
		    cdr.after(list, String(last)));
	}
}

[
	[[], "[]"],
	[["a"], '["a"]'],
	[["a", "b"], '["a","b"]'],
].forEach((c) => same("array", c[1], cdr.array(c[0])));

[
	["/v2/library/alpine/tags/list", "library/alpine"],
	["/v2/alpine/tags/list", "alpine"],
	["/v2/docker.io/library/alpine/tags/list", "docker.io/library/alpine"],
	["/docker.io/v2/library/alpine/tags/list", "library/alpine"],
	["/localhost/v2/a/tags/list", "a"],
	["/reg:5000/v2/a/b/tags/list", "a/b"],
	["/v2/v2/a/tags/list", "v2/a"],
	["/v2/tags/list/tags/list", "tags/list"],
	["/other/v2/a/tags/list", ""],
	["/v2/a/tags/lists", ""],
	["/v2/tags/list", ""],
].forEach((c) => same(c[0], c[1], cdr.asked(c[0])));

[
	[undefined, ""], ["", ""], ["a", "a"], [["a", "b"], "a"], [["", "b"], ""],
].forEach((c) => same("first", c[1], cdr.first(c[0])));

[
	["/v2/a/tags/list", "", "2", "b", '</v2/a/tags/list?n=2&last=b>; rel="next"'],
	["/v2/a/tags/list", "r:5", "2", "b", '</v2/a/tags/list?n=2&last=b&ns=r%3A5>; rel="next"'],
	["/[::1]:5/v2/a/tags/list", "", "1", "b",
	    '</%5B::1%5D:5/v2/a/tags/list?n=1&last=b>; rel="next"'],
	["/v2/_catalog", "", "1", "docker.io/a", '</v2/_catalog?n=1&last=docker.io%2Fa>; rel="next"'],
].forEach((c) => same("link", c[4], cdr.link(c[0], c[1], c[2], c[3])));
[
	["/v2/a/tags/list", undefined, "</v2/a/tags/list?n=2&last=b>"],
	["/v2/a/tags/list", "", "</v2/a/tags/list?n=2&last=b>"],
	["/v2/a/tags/list", "/mirror", "<list?n=2&last=b>"],
	["/[::1]:5/v2/a/tags/list", "\"><x>", "<list?n=2&last=b>"],
	["/v2/_catalog", "/", "<_catalog?n=2&last=b>"],
].forEach((c) => same("link below a prefix", c[2] + '; rel="next"',
    cdr.link(c[0], "", "2", "b", c[1])));

const index = '{"schemaVersion":2,"manifests":[{"digest":"1","artifactType":"a/b"},' +
    '{"digest":"2","artifactType":"a/c"},{"digest":"3"},{"digest":"4","artifactType":"a/d+json"}]}';
[
	[["a/b"], ["1"]], [["a/c"], ["2"]], [["a/b", "a/c"], ["1", "2"]],
	[["a/d+json"], ["4"]], [["a/d json"], ["4"]],
	[["a"], []], [[""], []], [["A/B"], []], [["undefined"], []],
].forEach((c) => same("artifactType " + c[0], c[1],
    cdr.filtered(JSON.parse(index), c[0]).manifests.map((m) => m.digest)));

console.log(done + " checks, " + failed + " failed");
if (failed > 0) {
	throw new Error("failed");
}
