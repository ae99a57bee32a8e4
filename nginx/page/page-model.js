// From rows of files to what is shown: repositories with their tags, states and
// sizes. Nothing here touches the document or the network.

import { isObject, kindName, list, number, parseImage, seconds, shortPlatform, text } from './page-text.js';

// Tags of cosign and of the referrers' old way belong to another image.
const attached = /^sha(256|512)-[0-9a-f]{64,128}(\.(sig|att|sbom))?$/;
const natural = new Intl.Collator('en', { numeric: true });
// What one run publishes comes with moments of its own.
const SAME_RUN = 600;
// As long as this the page does not answer to a key.
export const SLICE_MS = 8;

// --- versions -----------------------------------------------------------------

const version = /^v?(\d+(?:\.\d+)*)(|[-+_].*)$/;

// Above 0: a is the later one. 1.27.3 before 1.27 before 1.27-alpine before latest.
export function compareTags(a, b) {
  const [, x, xRest] = version.exec(a) ?? [], [, y, yRest] = version.exec(b) ?? [];
  if (x === undefined || y === undefined) {
    return (x === undefined ? 0 : 1) - (y === undefined ? 0 : 1) || natural.compare(a, b);
  }
  const left = x.split('.'), right = y.split('.');
  for (let i = 0; i < left.length && i < right.length; i++) {
    if (Number(left[i]) !== Number(right[i])) return Number(left[i]) - Number(right[i]);
  }
  return left.length - right.length || (xRest === '' ? 1 : 0) - (yRest === '' ? 1 : 0) || natural.compare(xRest, yRest);
}

// --- rows ---------------------------------------------------------------------

// A reference of the tree. There may be very many: most of it stays in its row.
class Tag {
  constructor(row, of, tag, digest) {
    this.row = row;
    this.of = of;
    this.tag = tag;
    this.reference = tag || digest;
    this.at = seconds(row.published);
    this.held = text(row.held);
    this.lastListed = text(row.last_listed);
    this.isUnlisted = this.lastListed !== '';
    this.failure = null;
  }

  get image() { return this.row.image; }
  get full() { return this.of.full; }
  get registry() { return this.of.registry; }
  get repository() { return this.of.name; }
  get digest() { return text(this.row.digest); }
  get platforms() { return list(this.row.platforms).filter((p) => typeof p === 'string'); }
  get size() { return number(this.row.size); }
  get own() { return number(this.row.own); }
  get published() { return text(this.row.published); }
  get referrers() { return number(this.row.referrers); }
  get signed() { return this.row.signed === true; }
  get verified() { return text(this.row.verified); }
  get kind() { return text(this.row.kind); }
  get broken() { return this.row.broken === true; }

  // All that a view may show of it.
  toJSON() {
    return { ...this.row, held: this.held, lastListed: this.lastListed, isUnlisted: this.isUnlisted, failure: this.failure };
  }
}

function repository(full, at) {
  return {
    full, registry: at.registry, name: at.repository, tags: [], attached: [], failures: [], named: 0,
    newest: null, updated: 0, published: '', platforms: [], kind: '', held: 0, unlisted: 0, broken: 0, state: '', size: undefined,
  };
}

// The reference that was published last; of those of its run the latest version.
function newestOf(tags, updated) {
  let best = null;
  for (const t of tags) {
    if (t.at >= updated - SAME_RUN && (best === null || compareTags(t.reference, best.reference) > 0)) best = t;
  }
  return best;
}

function stateOf(r) {
  if (r.failures.length > 0) return 'failed';
  if (r.broken > 0) return 'broken';
  if (r.held > 0) return 'held';
  return r.unlisted > 0 && r.unlisted === r.tags.length ? 'unlisted' : '';
}

// Most images have one of a few sets of platforms.
const sets = new Map();
function platformsOf(rows) {
  const name = rows.join(' ');
  if (!sets.has(name)) {
    if (sets.size > 10000) sets.clear();
    const all = [...new Set(rows.flat().filter((p) => typeof p === 'string'))];
    sets.set(name, { words: all.join(' '), names: all.map(shortPlatform) });
  }
  return sets.get(name);
}

function finish(r) {
  const tags = [], rows = [];
  for (const t of r.tags) {
    if (t.at > r.updated) {
      r.updated = t.at;
      r.published = t.published;
    }
    if (t.tag !== '') r.named++;
    if (t.held !== '') r.held++;
    if (t.isUnlisted) r.unlisted++;
    if (t.broken) r.broken++;
    tags.push(t.tag);
    rows.push(list(t.row.platforms));
  }
  const platforms = platformsOf(rows);
  r.newest = newestOf(r.tags, r.updated);
  r.platforms = platforms.names;
  r.kind = kindName(r.newest?.kind);
  r.state = stateOf(r);
  // " :TAG" is a tag's beginning; "nginx" is found as people write it, and a port as
  // it stands behind this mirror's name.
  const short = r.full.startsWith('docker.io/library/') ? r.full.slice(18) : r.full.replace(/^([^/]*):([0-9]+)\//, '$1_$2/');
  r.words = [r.full, short, tags.map((t) => `:${t}`).join(' '), platforms.words, r.kind].join(' ').toLowerCase();
}

// --- all of it ----------------------------------------------------------------

// Of very many tags of a repository some are looked for once each.
function makeLookUp() {
  const known = new Map();
  return (r, reference) => {
    if (!known.has(r)) known.set(r, new Map(r.tags.map((t) => [t.reference, t])));
    return known.get(r).get(reference);
  };
}

function addFailures(byName, failures) {
  const look = makeLookUp();
  for (const f of failures) {
    const at = parseImage(f.image);
    if (at === null) continue;
    if (!byName.has(at.full)) byName.set(at.full, repository(at.full, at));
    const r = byName.get(at.full);
    r.failures.push(f);
    const tag = look(r, at.reference);
    if (tag !== undefined) tag.failure = f;
  }
}

// Older trees say in files of their own what is held and on no list.
function addStates(byName, rows, act) {
  const look = makeLookUp();
  for (const row of list(rows)) {
    const at = parseImage(row?.image);
    const r = at === null ? undefined : byName.get(at.full);
    const tag = r && look(r, at.reference);
    if (tag) act(tag, row);
  }
}

// images, held and unlisted as in their files, failures as rows of the last run.
export function makeModel({ images, held, unlisted, failures }) {
  const byName = new Map();
  let tags = 0, of = null;
  for (const row of list(images?.images)) {
    const at = isObject(row) ? parseImage(row.image) : null;
    if (at === null || at.reference === '') continue;
    if (of?.full !== at.full) {
      of = byName.get(at.full) ?? repository(at.full, at);
      byName.set(at.full, of);
    }
    (attached.test(at.tag) ? of.attached : of.tags).push(new Tag(row, of, at.tag, at.digest));
  }
  addStates(byName, held?.held ?? held?.images, (t, row) => { t.held = t.held || text(row.since) || 'unknown'; });
  addStates(byName, unlisted?.images, (t, row) => {
    t.isUnlisted = true;
    t.lastListed = t.lastListed || text(row.since);
  });
  addFailures(byName, failures);
  const registries = new Set(), platforms = new Set();
  for (const [full, r] of byName) {
    finish(r);
    // Signatures of an image that has gone are no image.
    if (r.tags.length === 0 && r.failures.length === 0) {
      byName.delete(full);
      continue;
    }
    tags += r.named;
    registries.add(r.registry);
    for (const p of r.platforms) platforms.add(p);
  }
  const byUse = [...platforms].sort((a, b) => natural.compare(a, b));
  return {
    repositories: [...byName.values()], byName, tags, registries: [...registries].sort(), platforms: byUse, hasSizes: false,
    repository: (full) => byName.get(full) ?? null,
    image: (image) => findImage(byName, image),
  };
}

function findImage(byName, image) {
  const at = parseImage(image);
  const r = at === null ? undefined : byName.get(at.full);
  if (r === undefined) return null;
  return [...r.tags, ...r.attached].find((t) => t.reference === at.reference)
    ?? r.tags.find((t) => at.tag === '' && t.digest === at.digest) ?? null;
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
    return { digest, tags, first: tags[0], at: Math.max(...tags.map((t) => t.at)) };
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
  ['verified', 'Verified', (r) => text(r.newest?.verified) !== ''], ['artifacts', 'Artifacts', (r) => r.kind !== ''],
];

const rank = { __proto__: null, failed: 0, broken: 1, held: 2, unlisted: 3 };
const signature = (r) => (text(r.newest?.verified) !== '' ? 0 : r.newest?.signed ? 1 : 2);
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
