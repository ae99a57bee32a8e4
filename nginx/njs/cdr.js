// Pages of lists, and filtered lists: what nginx cannot serve from a file as it is.
//
// nginx reads the files, by subrequests to an internal location, with the same
// care for links as everywhere. If something goes wrong here, the answer is the
// static one: the whole list.
//
// For njs 0.7.1 and later, and for node, which tests what is pure in here.

import fs from "fs";

const LAYOUT_BYTES_MAX = 16;

// The first value of an argument; "" when it is not there.
function first(value) {
	if (Array.isArray(value)) {
		value = value[0];
	}
	return value === undefined ? "" : value;
}

// Where the names after ${last} begin, in a list in the order of bytes. It need
// not be there: a tag may go between two pages.
function after(names, last) {
	let low = 0, high = names.length;
	while (low < high) {
		const middle = (low + high) >> 1;
		if (names[middle] > last) {
			high = middle;
		} else {
			low = middle + 1;
		}
	}
	return low;
}

// A page of names: null when ${n} is no number of results, else {names, next},
// where next is the ?last= of the next page, "" when there is none. Without n all
// that comes after last; n=0 is an empty page with no next one.
function page(names, n, last) {
	// Not /^[0-9]+$/: to njs $ is also before a last line feed.
	if (/[^0-9]/.test(n)) {
		return null;
	}
	const begin = last === "" ? 0 : after(names, last);
	const end = n === "" ? names.length : Math.min(begin + Number(n), names.length);
	// Not slice(): that of njs takes half a second for 50,000.
	const got = [];
	for (let i = begin; i < end; i++) {
		got.push(names[i]);
	}
	return {
		names: got,
		next: end > begin && end < names.length ? names[end - 1] : "",
	};
}

// JSON of names that need no escape: JSON.stringify of njs takes half a second
// for 100,000.
function array(names) {
	return names.length === 0 ? "[]" : '["' + names.join('","') + '"]';
}

// The name of the repository as it was asked for: /v2/NAME/tags/list, below a
// registry or not.
function asked(uri) {
	const found = /^(?:\/(?:localhost|[^\/]*[.:][^\/]*))?\/v2\/(.+)\/tags\/list$/.exec(uri);
	return found === null ? "" : found[1];
}

// Link to the next page (RFC 8288). From the root of the host on, since some put it
// behind the host's name without a look at it (quirks.md#links-as-text). Where a proxy
// says that it has taken a prefix away, only an address relative to this page is right.
function link(uri, ns, n, next, prefix) {
	let query = "n=" + n + "&last=" + encodeURIComponent(next);
	if (ns !== "") {
		query += "&ns=" + encodeURIComponent(ns);
	}
	const at = prefix ? uri.slice(uri.lastIndexOf("/") + 1) : uri;
	return "<" + encodeURI(at) + "?" + query + '>; rel="next"';
}

// The index of referrers with those of these artifact types only. A "+" that was
// not encoded has become a space, which no type has.
function filtered(index, types) {
	types = types.map((type) => type.replace(/ /g, "+"));
	index.manifests = index.manifests.filter((m) => types.indexOf(m.artifactType) >= 0);
	return index;
}

function refuse(r) {
	r.return(400, '{"errors":[{"code":"PAGINATION_NUMBER_INVALID",' +
	    '"message":"n is not a number of results"}]}');
}

// answer(r, list, part): part(text) gives the body from the text of the internal
// location ${list}, or null when the request must be refused.
function answer(r, list, part) {
	r.subrequest(list, (reply) => {
		let body;
		try {
			if (reply.status !== 200) {
				throw new Error("status " + reply.status);
			}
			body = part(reply.responseText);
		} catch (e) {
			r.internalRedirect(list);
			return;
		}
		if (body === null) {
			refuse(r);
		} else {
			r.return(200, body);
		}
	});
}

// names(r, text, key): the page that was asked for of text's list ${key}.
function names(r, text, key) {
	const n = first(r.args.n);
	const got = page(JSON.parse(text)[key], n, first(r.args.last));
	if (got === null) {
		return null;
	}
	if (got.next !== "") {
		const ns = first(r.args.ns) === "" ? "" : r.variables.cdr_ns;
		r.headersOut.Link = link(r.uri, ns, n, got.next,
		    r.headersIn["X-Forwarded-Prefix"]);
	}
	return '"' + key + '":' + array(got.names) + "}";
}

function tags(r) {
	const name = '{"name":"' + asked(r.uri) + '"';
	answer(r, "/_list", (text) => {
		if (first(r.args.n) === "" && first(r.args.last) === "") {
			if (!/^\{"name":"[^"]*",/.test(text)) {
				throw new Error("not a list of tags");
			}
			return name + text.slice(text.indexOf(","));
		}
		const rest = names(r, text, "tags");
		return rest === null ? null : name + "," + rest;
	});
}

function catalog(r) {
	answer(r, "/_list", (text) => {
		const rest = names(r, text, "repositories");
		return rest === null ? null : "{" + rest;
	});
}

function referrers(r) {
	answer(r, "/_referrers", (text) => {
		const types = [].concat(r.args.artifactType);
		const index = JSON.stringify(filtered(JSON.parse(text), types));
		r.headersOut["Content-Type"] = "application/vnd.oci.image.index.v1+json";
		r.headersOut["OCI-Filters-Applied"] = "artifactType";
		return index;
	});
}

// The version in cdr-layout, "" where there is none. The configuration has made
// sure that it is a file.
function layout(r) {
	const path = r.variables.cdr_root + "/cdr-layout";
	try {
		if (fs.statSync(path).size > LAYOUT_BYTES_MAX) {
			return "";
		}
		return fs.readFileSync(path, "utf8").trim();
	} catch (e) {
		return "";
	}
}

export default { tags, catalog, referrers, layout, first, after, page, array, asked, link, filtered };
