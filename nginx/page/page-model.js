// What is shown of the tree: its repositories, in an order, with states and sizes.
// Nothing here touches the document or the network.

import { list, number, parseImage, shortPlatform, text } from './page-text.js';
import { Reader, Repository, SAME_RUN, UNKNOWN } from './page-tree.js';
import { compareTags, natural } from './page-versions.js';

// As long as this the page does not answer to a key.
export const SLICE_MS = 8;

// --- all of it ----------------------------------------------------------------

// Of very many tags of a repository some are looked for once each.
function makeLookUp() {
  const known = new Map();
  return (r, reference) => {
    if (!known.has(r)) known.set(r, new Map(r.tags.map((t) => [t.reference, t])));
    return known.get(r).get(reference);
  };
}

function addFailures({ byName, rows }, failures) {
  const look = makeLookUp();
  for (const f of failures) {
    const at = parseImage(f.image);
    if (at === null) continue;
    if (!byName.has(at.full)) byName.set(at.full, new Repository(at, rows));
    const r = byName.get(at.full);
    r.failures.push(f);
    const tag = look(r, at.reference);
    if (tag !== undefined) tag.failure = f;
  }
}

// Older trees say in files of their own what is held and on no list.
function addStates({ byName }, rows, act) {
  const look = makeLookUp();
  for (const row of list(rows)) {
    const at = parseImage(row?.image);
    const r = at === null ? undefined : byName.get(at.full);
    const tag = r && look(r, at.reference);
    if (tag) act(r, tag, row);
  }
}

// reader has taken images.json; held and unlisted are as in their files, failures are rows
// of the last run.
export function makeModel(reader, { held, unlisted, failures }) {
  addStates(reader, held?.held ?? held?.images, (r, t, row) => {
    if (t.held === '') r.held++;
    t.held = t.held || text(row.since) || UNKNOWN;
  });
  addStates(reader, unlisted?.images, (r, t, row) => {
    if (!t.isUnlisted) r.unlisted++;
    t.isUnlisted = true;
    t.lastListed = t.lastListed || text(row.since);
  });
  addFailures(reader, failures);
  const { byName } = reader, registries = new Set(), repositories = [];
  let tags = 0;
  for (const [full, r] of byName) {
    // Signatures of an image that has gone are no image.
    if (r.many === 0 && r.failures.length === 0) {
      byName.delete(full);
      continue;
    }
    tags += r.named;
    registries.add(r.registry);
    repositories.push(r);
  }
  const platforms = new Set(reader.rows.known.flat().map(shortPlatform));
  return {
    repositories, byName, tags, registries: [...registries].sort(), platforms: [...platforms].sort((a, b) => natural.compare(a, b)), hasSizes: false,
    repository: (full) => byName.get(full) ?? null,
    image: (image) => findImage(byName, image),
    digestOf: (image) => {
      const at = parseImage(image);
      return byName.get(at?.full)?.digestOf(at.reference) ?? '';
    },
  };
}

export const emptyModel = () => makeModel(new Reader(), { failures: [] });

// A digest says which one it is, wherever its tag leads to now.
function findImage(byName, image) {
  const at = parseImage(image);
  const r = at === null ? undefined : byName.get(at.full);
  if (r === undefined || at.reference === '') return null;
  const all = [...r.tags, ...r.attached];
  if (at.digest === '') return all.find((t) => t.tag === at.tag) ?? null;
  const alike = all.filter((t) => t.digest === at.digest);
  return alike.find((t) => t.tag === at.tag) ?? alike[0] ?? null;
}

// A row a digest: names of one digest are one thing. The latest version first.
export function groups(r) {
  const byDigest = new Map();
  for (const t of r.tags) {
    if (!byDigest.has(t.digest)) byDigest.set(t.digest, []);
    byDigest.get(t.digest).push(t);
  }
  const all = [...byDigest.entries()].map(([digest, tags]) => {
    tags.sort((a, b) => compareTags(b.reference, a.reference));
    return { digest, tags, first: tags[0], at: tags.reduce((at, t) => Math.max(at, t.at), 0) };
  });
  return all.sort((a, b) => (Math.abs(a.at - b.at) > SAME_RUN ? b.at - a.at : compareTags(b.first.reference, a.first.reference)));
}

// The other tags of its digest, in the same repository.
export function aliases(model, tag) {
  const r = model.repository(tag.full);
  return r === null ? [] : r.tags.filter((t) => t.digest === tag.digest && t.reference !== tag.reference)
    .sort((a, b) => compareTags(b.reference, a.reference));
}

// --- sizes --------------------------------------------------------------------

// On disk a repository has the blobs of all its references, each once. blobs is
// blobs.json; pause() lets others have a turn.
export async function addSizes(model, blobs, pause) {
  const rows = list(blobs?.images), sizes = new Map();
  let of = '', seen = new Set(), start = performance.now();
  const later = new Set();
  for (const row of rows) {
    if (performance.now() - start > SLICE_MS) {
      await pause();
      start = performance.now();
    }
    const at = parseImage(row?.image);
    if (at === null) continue;
    if (at.full !== of) {
      // Rows of a repository stand together, but for the newest ones.
      if (sizes.has(at.full)) {
        later.add(at.full);
        continue;
      }
      of = at.full;
      seen = new Set();
      sizes.set(of, 0);
    }
    let sum = 0;
    for (const b of list(row.blobs)) {
      if (!Array.isArray(b) || seen.has(b[0])) continue;
      seen.add(b[0]);
      sum += number(b[1]);
    }
    sizes.set(of, sizes.get(of) + sum);
  }
  if (later.size > 0) sizesOf(rows, later, sizes);
  for (const [full, size] of sizes) {
    const r = model.byName.get(full);
    if (r !== undefined) r.size = size;
  }
  model.hasSizes = true;
}

// Those of some repositories, whose rows stand anywhere.
function sizesOf(rows, names, sizes) {
  const seen = new Map();
  for (const row of rows) {
    const full = parseImage(row?.image)?.full;
    if (!names.has(full)) continue;
    if (!seen.has(full)) seen.set(full, new Map());
    for (const b of list(row.blobs)) if (Array.isArray(b)) seen.get(full).set(b[0], number(b[1]));
  }
  for (const [full, blobs] of seen) sizes.set(full, [...blobs.values()].reduce((sum, size) => sum + size, 0));
}

// --- what is asked for --------------------------------------------------------

export const shows = [
  ['', 'All', () => true], ['failed', 'Failed', (r) => r.failures.length > 0], ['broken', 'Broken', (r) => r.broken > 0],
  ['held', 'Held', (r) => r.held > 0], ['unlisted', 'Unlisted', (r) => r.unlisted > 0],
  ['verified', 'Verified', (r) => r.isVerified], ['artifacts', 'Artifacts', (r) => r.isArtifact],
];

// How many repositories each of these has, by its key.
export function counts(model) {
  model.counts ??= Object.fromEntries(shows.map(([key, , isShown]) => [key, model.repositories.reduce((n, r) => (isShown(r) ? n + 1 : n), 0)]));
  return model.counts;
}

const rank = { __proto__: null, failed: 0, broken: 1, held: 2, unlisted: 3 };
const signature = (r) => (r.isVerified ? 0 : r.newest?.signed ? 1 : 2);
const byWords = (a, b) => natural.compare(a, b);

// Of each column what comes first, and how aria-sort calls that.
export const sorts = {
  __proto__: null,
  name: ['ascending', () => 0],
  tag: ['descending', (a, b) => (b.newest === null ? 0 : 1) - (a.newest === null ? 0 : 1) ||
    (a.newest === null ? 0 : compareTags(b.newest.reference, a.newest.reference))],
  tags: ['descending', (a, b) => b.named - a.named],
  size: ['descending', (a, b) => number(b.size) - number(a.size)],
  platforms: ['descending', (a, b) => number(b.newest?.platforms.length) - number(a.newest?.platforms.length) || byWords(a.kind, b.kind)],
  updated: ['descending', (a, b) => b.updated - a.updated],
  signature: ['ascending', (a, b) => signature(a) - signature(b)],
  state: ['ascending', (a, b) => (rank[a.state] ?? 9) - (rank[b.state] ?? 9)],
};

// All repositories in an order: "size", or "-size" for the other way round.
export function ordered(model, sort) {
  const key = sort.replace(/^-/, '');
  const compare = (sorts[key] ?? sorts.updated)[1], sign = sort.startsWith('-') ? -1 : 1;
  const isName = key === 'name';
  return [...model.repositories].sort((a, b) => sign * compare(a, b) || (isName ? sign : 1) * byWords(a.full, b.full));
}
