// Finding repositories: by words, and by what chips and selects say. Nothing here
// touches the document.

import { SLICE_MS, ordered, shows } from './page-model.js';
import { bareName, imageWord } from './page-reference.js';

// Words of a search. A pasted command or line is one word, the image that it names; host is
// that of this mirror, which commands of the page have before a name.
export function wordsOf(q, host = '') {
  const line = q.trim(), named = /\s/.test(line) ? imageWord(line) : '';
  return (named === '' ? line.split(/\s+/) : [named]).map((w) => bareName(w, host).toLowerCase()).filter((w) => w !== '');
}

const isDigest = (word) => /^(sha(256|512):)?[0-9a-f]{7,}$/.test(word);
const isPlain = (word) => !/[:@]/.test(word) && !isDigest(word);

// A word may be a part of a name, a tag, a platform or a kind; most of a digest; or
// a reference, as people paste it: nginx:1.27, app@sha256:...
function hasWord(r, word) {
  if (r.words.includes(word)) return true;
  if (isDigest(word) && r.hasDigest(word)) return true;
  const [name, digest] = word.split('@');
  if (digest !== undefined && digest !== '' && !r.hasDigest(digest)) return false;
  if (digest !== undefined && hasWord(r, name)) return true;
  const colon = name.lastIndexOf(':');
  return colon > 0 && r.words.includes(name.slice(0, colon)) && r.words.includes(` ${name.slice(colon)}`);
}

export const hasWords = (r, words) => words.every((w) => hasWord(r, w));

// Lets others have a turn.
export const pause = () => new Promise((done) => {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    port1.close();
    done();
  };
  port2.postMessage(0);
});

// find(model, route): the repositories that are asked for, in their order. null: it
// was called again meanwhile.
export function makeFinder(host = '') {
  let order = null, last = null, turn = 0;

  function inOrder(model, sort) {
    if (order?.model !== model || order.sort !== sort || order.hasSizes !== model.hasSizes) {
      order = { model, sort, hasSizes: model.hasSizes, all: ordered(model, sort) };
      last = null;
    }
    return order.all;
  }

  return async function find(model, route) {
    const mine = ++turn, words = wordsOf(route.q, host), all = inOrder(model, route.sort);
    const filters = [route.show, route.registryFilter, route.platform].join('\n');
    // More typing narrows what there was.
    const isNarrower = last !== null && last.filters === filters && words.every(isPlain) &&
      last.words.every((w) => words.some((now) => now.includes(w)));
    const show = (shows.find(([key]) => key === route.show) ?? shows[0])[2];
    const isWanted = (r) => show(r) && (route.registryFilter === '' || r.registry === route.registryFilter) &&
      (route.platform === '' || r.platforms.includes(route.platform)) && hasWords(r, words);
    const among = isNarrower ? last.found : all, isAll = words.length === 0 && filters.trim() === '';
    const found = isAll ? all : [];
    let end = performance.now() + SLICE_MS;
    for (let i = 0; i < among.length && !isAll; i++) {
      if (isWanted(among[i])) found.push(among[i]);
      if (i % 512 === 511 && performance.now() > end) {
        await pause();
        if (mine !== turn) return null;
        end = performance.now() + SLICE_MS;
      }
    }
    last = { filters, words, found };
    return found;
  };
}

// Words of very many take a moment: they are made ready before somebody types.
export async function makeReady(model) {
  let end = performance.now() + SLICE_MS;
  for (const r of model.repositories) {
    if (r.words !== '' && performance.now() < end) continue;
    await pause();
    end = performance.now() + SLICE_MS;
  }
}

// --- what was meant ---------------------------------------------------------------

// How many letters differ; 3: more than two do.
function distance(a, b) {
  if (Math.abs(a.length - b.length) > 2) return 3;
  let before = [...Array(b.length + 1).keys()];
  for (let i = 1; i <= a.length; i++) {
    const now = [i];
    let least = i;
    for (let k = 1; k <= b.length; k++) {
      now[k] = Math.min(before[k] + 1, now[k - 1] + 1, before[k - 1] + (a[i - 1] === b[k - 1] ? 0 : 1));
      least = Math.min(least, now[k]);
    }
    if (least > 2) return 3;
    before = now;
  }
  return before[b.length];
}

const lastPart = (name) => name.slice(name.lastIndexOf('/') + 1);

// The repository whose last component is nearest to what was typed, or null.
export function nearest(model, q, host = '') {
  const [word = ''] = wordsOf(q, host);
  const typed = lastPart(word.replace(/[:@].*$/, ''));
  if (typed.length < 3) return null;
  let best = null, least = 3;
  for (const r of model.repositories) {
    const far = distance(typed, lastPart(r.name).toLowerCase());
    if (far < least) [best, least] = [r, far];
  }
  return best;
}
