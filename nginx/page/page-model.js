// From rows of files to what is shown: repositories with their tags, states and
// sizes. Nothing here touches the document or the network.

import { isObject, kindName, list, number, parseImage, seconds, shortPlatform, text } from './page-text.js';

// Tags of cosign and of the referrers' old way belong to another image.
const attached = /^sha(256|512)-[0-9a-f]{64,128}(\.(sig|att|sbom))?$/;
const natural = new Intl.Collator('en', { numeric: true });
// What one run publishes comes with moments of its own.
const SAME_RUN = 600;

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

function tagOf(row, at) {
  return {
    ...at, digest: text(row.digest), platforms: list(row.platforms).filter((p) => typeof p === 'string'),
    size: number(row.size), own: number(row.own), published: text(row.published), at: seconds(row.published),
    referrers: number(row.referrers), signed: row.signed === true, verified: text(row.verified), kind: text(row.kind),
    held: text(row.held), lastListed: text(row.last_listed), isUnlisted: text(row.last_listed) !== '',
    broken: row.broken === true, isAttached: attached.test(at.tag), failure: null,
  };
}

function repository(full, at) {
  return {
    full, registry: at.registry, name: at.repository, tags: [], attached: [], failures: [],
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

function finish(r) {
  const platforms = new Set();
  let words = `${r.full} ${r.registry === 'docker.io' ? r.name.replace(/^library\//, '') : ''}`, digests = '';
  for (const t of r.tags) {
    if (t.at > r.updated) {
      r.updated = t.at;
      r.published = t.published;
    }
    if (t.held !== '') r.held++;
    if (t.isUnlisted) r.unlisted++;
    if (t.broken) r.broken++;
    for (const p of t.platforms) platforms.add(p);
    words += ` :${t.tag}`;
    digests += ` ${t.digest}`;
  }
  // Who looks for the digest of a signature finds its repository.
  for (const t of r.attached) digests += ` ${t.digest}`;
  r.newest = newestOf(r.tags, r.updated);
  r.platforms = [...platforms].map(shortPlatform);
  r.kind = kindName(r.newest?.kind);
  r.state = stateOf(r);
  r.words = `${words} ${[...platforms].join(' ')} ${r.kind}`.toLowerCase();
  r.digests = digests;
}

// --- all of it ----------------------------------------------------------------

function addFailures(byName, failures) {
  for (const f of failures) {
    const at = parseImage(f.image);
    if (at === null) continue;
    if (!byName.has(at.full)) byName.set(at.full, repository(at.full, at));
    const r = byName.get(at.full);
    r.failures.push(f);
    const tag = r.tags.find((t) => t.reference === at.reference);
    if (tag !== undefined) tag.failure = f;
  }
}

// Older trees say in files of their own what is held and on no list.
function addStates(byName, rows, act) {
  for (const row of list(rows)) {
    const at = parseImage(row?.image);
    const tag = at && byName.get(at.full)?.tags.find((t) => t.reference === at.reference);
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
    const tag = tagOf(row, at);
    if (tag.isAttached) of.attached.push(tag);
    else of.tags.push(tag);
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
    tags += r.tags.length;
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
// blobs.json.
export function addSizes(model, blobs) {
  const seen = new Map();
  for (const row of list(blobs?.images)) {
    const at = parseImage(row?.image);
    if (at === null || !model.byName.has(at.full)) continue;
    if (!seen.has(at.full)) seen.set(at.full, new Map());
    const of = seen.get(at.full);
    for (const b of list(row.blobs)) if (Array.isArray(b)) of.set(b[0], number(b[1]));
  }
  for (const [full, of] of seen) {
    let sum = 0;
    for (const size of of.values()) sum += size;
    model.byName.get(full).size = sum;
  }
  model.hasSizes = true;
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
  tags: ['descending', (a, b) => b.tags.length - a.tags.length],
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
