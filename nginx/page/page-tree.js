// Repositories and their tags, as images.json has them. There may be very many, and few
// of these are ever looked at: what the list wants of all is counted while their lines
// come by, and a line is read when somebody asks for it. Nothing here touches the
// document or the network.

import { isObject, kindName, list, number, parseImage, seconds, shortPlatform, text } from './page-text.js';
import { compareTags } from './page-versions.js';

// Tags of cosign and of the referrers' old way belong to another image.
const attached = /^sha(256|512)-[0-9a-f]{64,128}(\.(sig|att|sbom))?$/;
// What one run publishes comes with moments of its own.
export const SAME_RUN = 600;
// Held, and nobody knows since when.
export const UNKNOWN = 'unknown';
const PORT = /^([^/]*):([0-9]+)\//;

// --- a tag ----------------------------------------------------------------------

// A reference of the tree.
export class Tag {
  constructor(row, of, tag, digest) {
    this.row = row;
    this.of = of;
    this.tag = tag;
    this.reference = tag || digest;
    this.at = seconds(row.published);
    // True: nobody knows since when.
    this.held = row.held === true ? UNKNOWN : text(row.held);
    this.lastListed = text(row.last_listed);
    this.isUnlisted = this.lastListed !== '';
    this.failure = null;
    // It is here, and no name leads to it.
    this.isLoose = false;
  }

  get image() { return this.row.image; }
  get full() { return this.of.full; }
  get registry() { return this.of.registry; }
  get repository() { return this.of.name; }
  get digest() { return text(this.row.digest); }
  get platforms() { return list(this.row.platforms).filter((p) => typeof p === 'string'); }
  // undefined: no file says it.
  get size() { return this.row.size === undefined ? undefined : number(this.row.size); }
  get own() { return number(this.row.own); }
  get published() { return text(this.row.published); }
  get referrers() { return number(this.row.referrers); }
  get signed() { return this.row.signed === true; }
  get verified() { return text(this.row.verified); }
  get kind() { return text(this.row.kind); }
  get broken() { return this.row.broken === true; }

  // All that a view may show of it.
  toJSON() {
    return { ...this.row, held: this.held, lastListed: this.lastListed, isUnlisted: this.isUnlisted, failure: this.failure, isLoose: this.isLoose };
  }
}

// One that no name leads to, of a repository that may be gone.
export function looseImage(at) {
  const tag = new Tag({ image: `${at.full}@${at.digest}`, digest: at.digest }, new Repository(at, new Rows()), '', at.digest);
  tag.isLoose = true;
  return tag;
}

// --- rows -----------------------------------------------------------------------

// All rows, by a number each: as a line of one of the texts, or as an object. Of each its
// moment and its set of platforms are known.
class Rows {
  constructor() {
    this.texts = [];
    this.within = [];
    this.starts = [];
    this.ats = [];
    this.sets = [];
    this.objects = new Map();
    // Most images have one of a few sets of platforms.
    this.known = [];
    this.byText = new Map();
    this.unions = new Map();
  }

  put(within, start, at, set) {
    this.within.push(within);
    this.starts.push(start);
    this.sets.push(set);
    return this.ats.push(at) - 1;
  }

  line(n) {
    const source = this.texts[this.within[n]], start = this.starts[n], end = source.indexOf('\n', start);
    return source.slice(start, end === -1 ? source.length : source.charCodeAt(end - 1) === COMMA ? end - 1 : end);
  }

  row(n) {
    const object = this.objects.get(n);
    if (object !== undefined) return object;
    try {
      return JSON.parse(this.line(n));
    } catch {
      // A byte of a damaged file: its name is known, and nothing else.
      return { image: this.image(n) };
    }
  }

  image(n) {
    const object = this.objects.get(n);
    if (object !== undefined) return object.image;
    const source = this.texts[this.within[n]], start = this.starts[n] + IMAGE.length;
    return source.slice(start, source.indexOf('"', start));
  }

  digest(n) {
    const object = this.objects.get(n);
    if (object !== undefined) return text(object.digest);
    const source = this.texts[this.within[n]], start = source.indexOf('"', this.starts[n] + IMAGE.length) + DIGEST.length;
    return source.slice(start, source.indexOf('"', start));
  }

  // The number of a set, by what an array of JSON has between its brackets.
  setOf(words) {
    let set = this.byText.get(words);
    if (set === undefined) {
      set = this.known.push([...new Set(JSON.parse(`[${words}]`).filter((p) => typeof p === 'string'))]) - 1;
      this.byText.set(words, set);
    }
    return set;
  }

  // The platforms of some rows, as words and as names.
  union(numbers) {
    const sets = [...new Set(numbers.map((n) => this.sets[n]))], key = sets.join();
    if (!this.unions.has(key)) {
      const all = [...new Set(sets.flatMap((set) => this.known[set]))];
      this.unions.set(key, { words: all.join(' '), names: all.map(shortPlatform) });
    }
    return this.unions.get(key);
  }
}

// --- a repository -----------------------------------------------------------------

export class Repository {
  constructor(at, rows) {
    this.full = at.full;
    this.registry = at.registry;
    this.name = at.repository;
    this.rows = rows;
    // The numbers of its tags: mostly from first to end, and more.
    this.first = 0;
    this.end = 0;
    this.more = null;
    // Those of tags that belong to other images.
    this.apart = null;
    this.failures = [];
    // How many of its references are tags, are held, on no list, broken; and have a kind,
    // and a key.
    this.named = 0;
    this.held = 0;
    this.unlisted = 0;
    this.broken = 0;
    this.kinds = 0;
    this.keys = 0;
    this.updated = 0;
    this.latest = -1;
    this.size = undefined;
    this.known = null;
  }

  put(n, at) {
    if (this.end === n && this.end > this.first) {
      this.end++;
    } else if (this.first === this.end) {
      this.first = n;
      this.end = n + 1;
    } else {
      (this.more ??= []).push(n);
    }
    if (at > this.updated) {
      this.updated = at;
      this.latest = n;
    }
  }

  putApart(n) {
    (this.apart ??= []).push(n);
  }

  get many() { return this.end - this.first + (this.more === null ? 0 : this.more.length); }

  numbers() {
    const all = [];
    for (let n = this.first; n < this.end; n++) all.push(n);
    return this.more === null ? all : all.concat(this.more);
  }

  // What has been found out.
  memory() {
    this.known ??= { made: new Map(), tags: undefined, attached: undefined, newest: undefined, platforms: undefined, words: undefined, digests: undefined };
    return this.known;
  }

  tag(n) {
    const { made } = this.memory();
    if (!made.has(n)) {
      const row = this.rows.row(n), at = parseImage(row.image);
      made.set(n, new Tag(row, this, at?.tag ?? '', at?.digest ?? ''));
    }
    return made.get(n);
  }

  get tags() {
    const memory = this.memory();
    memory.tags ??= this.numbers().map((n) => this.tag(n));
    return memory.tags;
  }

  get attached() {
    const memory = this.memory();
    memory.attached ??= (this.apart ?? []).map((n) => this.tag(n));
    return memory.attached;
  }

  // Without its tag or digest, and the sign before it.
  ending(n) { return this.rows.image(n).slice(this.full.length + 1); }

  // The reference that was published last; of those of its run the latest version.
  get newest() {
    const memory = this.memory();
    if (memory.newest !== undefined) return memory.newest;
    let best = -1, word = '';
    for (const n of this.numbers()) {
      if (this.rows.ats[n] < this.updated - SAME_RUN) continue;
      const now = this.ending(n);
      if (best === -1 || compareTags(now, word) > 0) [best, word] = [n, now];
    }
    memory.newest = best === -1 ? null : this.tag(best);
    return memory.newest;
  }

  get published() { return this.latest === -1 ? '' : this.tag(this.latest).published; }
  get kind() { return this.kinds > 0 ? kindName(this.newest?.kind) : ''; }
  get isArtifact() { return this.kinds > 0 && (this.kinds === this.many || this.kind !== ''); }
  get isVerified() { return this.keys > 0 && (this.keys === this.many || text(this.newest?.verified) !== ''); }
  get platforms() { return this.runsOn().names; }
  get state() {
    if (this.failures.length > 0) return 'failed';
    if (this.broken > 0) return 'broken';
    if (this.held > 0) return 'held';
    return this.unlisted > 0 && this.unlisted === this.many ? 'unlisted' : '';
  }

  runsOn() {
    const memory = this.memory();
    memory.platforms ??= this.rows.union(this.numbers());
    return memory.platforms;
  }

  // " :TAG" is a tag's beginning; "nginx" is found as people write it, and a port as it
  // stands behind this mirror's name. A name ends with "/", as some paste it.
  get words() {
    const memory = this.memory(), { full } = this;
    if (memory.words !== undefined) return memory.words;
    let words = `${full}/`;
    if (full.startsWith('docker.io/library/')) words += ` ${full.slice(18)}/ docker.io/${full.slice(18)}/`;
    else if (PORT.test(full)) words += ` ${full.replace(PORT, '$1_$2/')}/`;
    for (const n of this.numbers()) {
      const image = this.rows.image(n);
      words += image.charCodeAt(full.length) === COLON ? ` ${image.slice(full.length)}` : ' :';
    }
    memory.words = `${words} ${this.runsOn().words} ${this.kind}`.toLowerCase();
    return memory.words;
  }

  // Does a digest of it have these letters? Who looks for that of a signature finds it, too.
  hasDigest(letters) {
    for (let n = this.first; n < this.end; n++) if (this.rows.digest(n).includes(letters)) return true;
    return (this.more ?? []).some((n) => this.rows.digest(n).includes(letters)) || (this.apart ?? []).some((n) => this.rows.digest(n).includes(letters));
  }

  // What a reference leads to; '': it is not here.
  digestOf(reference) {
    const memory = this.memory();
    memory.digests ??= new Map([...this.numbers(), ...this.apart ?? []].map((n) => [this.ending(n), this.rows.digest(n)]));
    return memory.digests.get(reference) ?? '';
  }
}

// --- reading ----------------------------------------------------------------------

const COLON = 58, COMMA = 44, BRACE = 125;
const IMAGE = '{"image":"', DIGEST = '","digest":"', SHA256 = '","digest":"sha256:', PUBLISHED = '","published":"', PLATFORMS = ',"platforms":[';
const DIGEST_LENGTH = 64, TIME_LENGTH = 20;

const isOfTag = new Uint8Array(128);
for (const c of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-') isOfTag[c.charCodeAt(0)] = 1;

// Members that come last, in this order, and what is counted of them: those with a number,
// those with a text, and those that are true.
const NUMBER = 0, TEXT = 1, TRUE = 2;
const members = [[',"kind":"', TEXT, 'kinds'], [',"size":', NUMBER], [',"referrers":', NUMBER], [',"signed":true', TRUE], [',"broken":true', TRUE, 'broken'],
  [',"own":', NUMBER], [',"verified":"', TEXT, 'keys'], [',"held":"', TEXT, 'held'], [',"held":true', TRUE, 'held'], [',"last_listed":"', TEXT, 'unlisted']];

const two = (s, at) => (s.charCodeAt(at) - 48) * 10 + s.charCodeAt(at + 1) - 48;

// Seconds since 1970 of "2026-11-29T10:04:00Z" at a place of a text. Days are looked up.
const days = new Map();
function secondsAt(s, at) {
  const day = (two(s, at) * 100 + two(s, at + 2)) * 10000 + two(s, at + 5) * 100 + two(s, at + 8);
  let from = days.get(day);
  if (from === undefined) {
    from = seconds(s.slice(at, at + 10));
    if (days.size < 10000) days.set(day, from);
  }
  return from + two(s, at + 11) * 3600 + two(s, at + 14) * 60 + two(s, at + 17);
}

// Takes the rows of images.json, as lines or as objects, and has the repositories by name.
// merge, if it is there, knows what has changed: in which repositories, and instead(image)
// gives another row; null for one that has gone; or undefined.
export class Reader {
  constructor(merge) {
    this.rows = new Rows();
    this.byName = new Map();
    // The repository of the row before: mostly that of the next one, too.
    this.of = undefined;
    this.merge = merge;
    this.isChanged = false;
    // What the members of a line have counted.
    this.seen = [];
    this.restAt = 0;
  }

  repository(at) {
    if (this.of?.full === at.full) return this.of;
    this.of = this.byName.get(at.full);
    if (this.of === undefined) {
      this.of = new Repository(at, this.rows);
      this.byName.set(at.full, this.of);
    }
    this.isChanged = this.merge?.repositories.has(at.full) === true;
    return this.of;
  }

  // part: a text with an image a line, or an array of rows, of any kind. Throws a
  // SyntaxError for what is no JSON.
  take(part) {
    if (typeof part === 'string') this.addLines(part);
    else for (const row of part) this.addOdd(row);
  }

  add(row) {
    const at = isObject(row) ? parseImage(row.image) : null;
    if (at === null || at.reference === '') return;
    const of = this.repository(at), when = seconds(row.published);
    const n = this.rows.put(-1, 0, when, this.rows.setOf(JSON.stringify(list(row.platforms)).slice(1, -1)));
    this.rows.objects.set(n, row);
    if (attached.test(at.tag)) {
      of.putApart(n);
      return;
    }
    of.put(n, when);
    if (at.tag !== '') of.named++;
    if (row.held === true || text(row.held) !== '') of.held++;
    if (text(row.last_listed) !== '') of.unlisted++;
    if (row.broken === true) of.broken++;
    if (text(row.kind) !== '') of.kinds++;
    if (text(row.verified) !== '') of.keys++;
  }

  addLines(lines) {
    const within = this.rows.texts.push(lines) - 1;
    // What has a backslash is not the same as what it says.
    let odd = lines.indexOf('\\');
    for (let at = 0, next = 0; at < lines.length; at = next) {
      let end = lines.indexOf('\n', at);
      next = end === -1 ? lines.length : end + 1;
      if (end === -1) end = lines.length;
      if (lines.charCodeAt(end - 1) === COMMA) end--;
      if (end <= at) continue;
      if (odd !== -1 && odd < at) odd = lines.indexOf('\\', at);
      const isOdd = odd !== -1 && odd < end;
      if (isOdd || !this.addLine(lines, at, end, within)) this.addOdd(JSON.parse(lines.slice(at, end)));
    }
  }

  addOdd(row) {
    const now = isObject(row) ? this.merge?.instead(row.image) : undefined;
    if (now !== null) this.add(now ?? row);
  }

  // A line as cdr writes it, with a tag. False: it is another one.
  addLine(lines, at, end, within) {
    const from = at + IMAGE.length;
    let to = lines.indexOf('"', from);
    if (!lines.startsWith(IMAGE, at) || lines.charCodeAt(end - 1) !== BRACE) return false;
    let tagAt = from + (this.of?.full.length ?? 0) + 1;
    if (this.of === undefined || lines.charCodeAt(tagAt - 1) !== COLON || !lines.startsWith(this.of.full, from)) {
      const image = parseImage(lines.slice(from, to));
      if (image === null || image.tag === '' || image.digest !== '') return false;
      this.repository(image);
      tagAt = to - image.tag.length;
    }
    for (let i = tagAt; i < to; i++) if (isOfTag[lines.charCodeAt(i)] !== 1) return false;
    if (tagAt >= to) return false;
    const now = this.isChanged ? this.merge.instead(lines.slice(from, to)) : undefined;
    if (now !== undefined) {
      if (now !== null) this.add(now);
      return true;
    }
    const isApart = lines.startsWith('sha', tagAt) && attached.test(lines.slice(tagAt, to));
    if (!lines.startsWith(SHA256, to)) return false;
    to = lines.indexOf('"', to + SHA256.length);
    if (lines.charCodeAt(to - DIGEST_LENGTH - 1) !== COLON) return false;
    let when = 0;
    if (lines.startsWith(PUBLISHED, to)) {
      const time = to + PUBLISHED.length;
      to = lines.indexOf('"', time);
      if (to - time !== TIME_LENGTH) return false;
      when = secondsAt(lines, time);
    }
    const set = this.setAt(lines, to + 1, end);
    if (set === -1 || !this.rest(lines, this.restAt, end - 1)) return false;
    const n = this.rows.put(within, at, when, set), { of } = this;
    if (isApart) {
      of.putApart(n);
      return true;
    }
    of.put(n, when);
    of.named++;
    for (const name of this.seen) of[name]++;
    return true;
  }

  // The number of the set of platforms that stands at a place; restAt is behind it. -1:
  // something else stands there.
  setAt(lines, at, end) {
    this.restAt = at;
    if (!lines.startsWith(PLATFORMS, at)) return this.rows.setOf('');
    const from = at + PLATFORMS.length, to = lines.indexOf(']', from);
    if (to === -1 || to >= end) return -1;
    this.restAt = to + 1;
    try {
      return this.rows.setOf(lines.slice(from, to));
    } catch {
      return -1;
    }
  }

  // Whether all that is left are members of these; seen is what they count.
  rest(lines, from, end) {
    let at = from;
    this.seen.length = 0;
    for (const [begin, kind, counted] of members) {
      if (!lines.startsWith(begin, at)) continue;
      at += begin.length;
      if (kind === TEXT) {
        const to = lines.indexOf('"', at);
        if (to <= at || to >= end) return false;
        at = to + 1;
      } else if (kind === NUMBER) {
        const first = at;
        while (lines.charCodeAt(at) >= 48 && lines.charCodeAt(at) <= 57) at++;
        if (at === first || at - first > 15) return false;
      }
      if (counted !== undefined) this.seen.push(counted);
    }
    return at === end;
  }
}
