// What the page reads of this server, and keeps. Addresses are relative, so that a
// proxy may have the page in a folder. A list of very many images comes as two
// files, as cdr-layout(5) says: one with what has changed, and one with the rest,
// which the browser keeps as long as that is the same.

import { hearEnd, hearTime } from './page-clock.js';
import { isObject, list, number, parseImage, seconds, text } from './page-text.js';
import { partsOf, readLines } from './page-lines.js';
import { addSizes, emptyModel, makeModel } from './page-model.js';
import { pause } from './page-search.js';
import { Reader } from './page-tree.js';

// --- one file -------------------------------------------------------------------

// What has been read: by name its ETag, and its value. null: there is no such file.
const kept = new Map();

// The server has answered, and what it said is of no use.
class Unusable extends Error {}

// Who says nothing for so long, at first or in the middle, does not answer.
const PATIENCE_MS = 30000;

// use(reply, goOn) reads the answer, and tells of each part that has come.
async function ask(name, use) {
  const ender = new AbortController();
  let timer;
  const goOn = () => {
    clearTimeout(timer);
    timer = setTimeout(() => ender.abort(), PATIENCE_MS);
  };
  goOn();
  try {
    const reply = await fetch(name, { cache: 'no-cache', signal: ender.signal });
    hearTime(reply.headers);
    goOn();
    return await use(reply, goOn);
  } finally {
    clearTimeout(timer);
  }
}

async function wholeText(parts) {
  let all = '';
  for await (const part of parts) all += part;
  return all;
}

// The browser asks with If-None-Match, and takes its own copy after a 304: the body
// is looked at once. Where a proxy has taken the ETag away the body stands for it.
// take is told of images as they come (page-lines.js), also of those that are known: it is
// the same one each time, or there is none.
export const readFile = (name, take) => ask(name, async (reply, goOn) => {
  if (reply.status === 404) {
    kept.set(name, { etag: '', value: null });
    return null;
  }
  if (!reply.ok) throw new (reply.status < 500 ? Unusable : Error)(`${name}: ${reply.status}`);
  const had = kept.get(name);
  let etag = reply.headers.get('ETag') ?? '';
  if (etag !== '' && had?.etag === etag) {
    await reply.body?.cancel();
    if (take !== undefined) for (const part of had.value?.texts ?? [list(had.value?.images)]) take(part, had.value);
    return had.value;
  }
  let parts = partsOf(reply.body, goOn);
  if (etag === '') {
    etag = await wholeText(parts);
    parts = [etag];
  }
  let value;
  try {
    value = await readLines(parts, take);
  } catch (error) {
    if (error instanceof SyntaxError) throw new Unusable(`${name} is not JSON`);
    throw error;
  }
  kept.set(name, { etag, value });
  return value;
});

// What only adds to the rest stays as it was where it can no longer be used.
async function unlessUnusable(promise, name) {
  try {
    return await promise;
  } catch (error) {
    if (error instanceof Unusable) return kept.get(name)?.value ?? null;
    throw error;
  }
}

const readMore = (name) => unlessUnusable(readFile(name), name);

const etagOf = (...names) => names.map((name) => kept.get(name)?.etag ?? '').join(' ');

// Which rows of the first file stand for those of the second one.
function makeMerge(head) {
  const changed = new Map(list(head?.images).filter(isObject).map((row) => [row.image, row])), seen = new Set();
  return {
    // In no other repository anything has changed.
    repositories: new Set([...changed.keys()].map((image) => parseImage(image)?.full)),
    // What an image of the second file is now; null: it has gone; undefined: what it was.
    instead(image) {
      const row = changed.get(image);
      if (row === undefined) return undefined;
      seen.add(image);
      return row.gone === true ? null : row;
    },
    // Those that the second file has not.
    others: () => [...changed.values()].filter((row) => row.gone !== true && !seen.has(row.image)),
  };
}

// All images of two files. begin(merge) gives take(part), which gets rows, or lines of rows
// if asLines is true, and asks merge; it begins anew where it was called before. Gives the first file;
// null: there is no such list. A sync may be between the two, or have died there: then the
// one with all of them is the newer one.
async function readBoth(name, begin, asLines) {
  let head, earlier;
  for (let turn = 0; turn < 2; turn++) {
    head = await readFile(`${name}.json`);
    if (!isObject(head) || text(head.earlier) === '') {
      begin()(list(head?.images));
      return head;
    }
    const { earlier: id } = head, merge = makeMerge(head), take = begin(merge);
    const takeIts = (part, its) => its?.id === id && take(part);
    earlier = await readFile(`${name}-earlier.json`, asLines ? takeIts : undefined);
    if (text(earlier?.id) === id) {
      if (!asLines) take(list(earlier.images));
      take(merge.others());
      return head;
    }
  }
  const take = begin(), all = earlier ?? head;
  for (const part of all.texts ?? [list(all.images)]) take(part);
  return { ...head, groups: all.groups };
}

// As objects, with all images; null: there is no such list.
export async function getImages(name) {
  let images = [];
  const head = await readBoth(name, (merge) => {
    images = [];
    return (rows) => {
      for (const row of rows) {
        const now = isObject(row) ? merge?.instead(row.image) : null;
        if (now !== null) images.push(now ?? row);
      }
    };
  }, false);
  return isObject(head) ? { ...head, images } : head;
}

// --- the last run's failures -------------------------------------------------------

// summary.json has the first 200 of them; of more status.json knows.
async function failuresOf(summary) {
  const some = list(summary?.failures).filter(isObject);
  if (number(summary?.failures_left_out) === 0) return some;
  const status = await unlessUnusable(getImages('status'), '');
  const grouped = new Map(list(status?.groups).filter(isObject).map((g) => [g.group, text(g.result)]));
  const all = list(status?.images).filter((row) => isObject(row) && (row.result ?? grouped.get(row.group)) === 'failed');
  return all.length > some.length ? all : some;
}

// --- all ----------------------------------------------------------------------------

// What each view reads beside summary.json and images.json.
const extra = {
  nodes: ['nodes'], home: [], repo: ['runs'], image: [],
  activity: ['bundles', 'traffic', 'gc', 'verify'],
};
const small = ['held', 'unlisted', 'history', 'runs'];

// Views read the store and never change it. What is absent is null.
//	summary, watch, runs, history, held, unlisted, bundles, gc, verify, traffic,
//	nodes		as in the files of these names
//	failures	rows of the last run's images that have failed
//	model		page-model.js makes it
//	blobs()		a promise of blobs.json, with all its images
//	reachedAt, failedAt, error	when a server answered, or did not, in ms
//	isAnswered	it did, with what is of no use
export function makeStore() {
  const store = {
    summary: null, watch: null, images: null, model: emptyModel(), failures: [], runs: null, history: null,
    held: null, unlisted: null, bundles: null, gc: null, verify: null, traffic: null, nodes: null,
    reachedAt: 0, failedAt: 0, error: '', isAnswered: false, isRead: false,
  };
  let blobs = null, madeOf;
  store.blobs = () => {
    blobs ??= getImages('blobs').catch((error) => {
      blobs = null;
      throw error;
    });
    return blobs;
  };

  async function readTree() {
    let reader;
    const begin = (merge) => {
      reader = new Reader(merge);
      return (part) => reader.take(part);
    };
    [store.images, store.failures] = await Promise.all([readBoth('images', begin, true), failuresOf(store.summary),
      ...small.map(async (name) => { store[name] = await readMore(`${name}.json`); })]);
    const of = etagOf('summary.json', 'images.json', 'images-earlier.json', 'held.json', 'unlisted.json');
    if (of === madeOf) return;
    madeOf = of;
    blobs = null;
    store.model = makeModel(reader, store);
  }

  // On disk, for the list. True if there is something new.
  store.measure = async () => {
    const { model } = store;
    if (model.hasSizes) return false;
    const all = await store.blobs();
    if (all === null || model !== store.model) return false;
    await addSizes(model, all, pause);
    return model === store.model;
  };

  // Asks what has changed. True: something has, and views look again.
  store.refresh = async (view) => {
    const was = etagOf(...kept.keys()), wasSummary = etagOf('summary.json');
    try {
      const wanted = ['summary', ...(store.isRead && store.watch === null && view !== 'activity' ? [] : ['watch']), ...extra[view] ?? []];
      await Promise.all(wanted.map(async (name) => { store[name] = await (name === 'summary' ? readFile : readMore)(`${name}.json`); }));
      hearEnd(seconds(store.summary?.finished));
      // summary.json is written last: who sees it change finds the others changed.
      if (!store.isRead || etagOf('summary.json') !== wasSummary || store.summary === null) {
        if (store.watch === null) store.watch = await readMore('watch.json');
        await readTree();
      }
      store.isRead = true;
      store.reachedAt = Date.now();
      store.failedAt = 0;
      store.error = '';
    } catch (error) {
      store.failedAt ||= Date.now();
      store.error = error.message;
      store.isAnswered = error instanceof Unusable;
      // What was read half is read again.
      kept.delete('summary.json');
    }
    return etagOf(...kept.keys()) !== was;
  };
  return store;
}
