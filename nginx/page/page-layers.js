// What an image is made of, and with which others it has that in common.

import { el } from './page-dom.js';
import { bytes, cut, isObject, list, number, plural, shortDigest, text } from './page-text.js';

const LAYERS_MAX = 200;

// --- layers ---------------------------------------------------------------------

// What built a layer, as a line of a Dockerfile would say it.
export function madeBy(words) {
  const line = text(words).replace(/\s+/g, ' ').replace(/ # buildkit$/, '').trim();
  const nop = /^\/bin\/sh -c #\(nop\) *(.*)$/.exec(line);
  if (nop !== null) return nop[1];
  const run = /^(?:RUN )?(?:\|[0-9]+ .*? )?\/bin\/sh -c (.*)$/.exec(line);
  return run === null ? line : `RUN ${run[1]}`;
}

const FILE = 'org.opencontainers.image.title';

const shortType = (type) => text(type).replace(/^application\//, '');

// In their order: { digest, size, words, isFile, isForeign }. words: the name of the
// file; or what made it, where the history has a step for each layer; or its type.
export function layersOf(manifest, config) {
  const layers = list(manifest?.layers ?? manifest?.blobs).filter(isObject);
  const steps = list(config?.history).filter((h) => isObject(h) && h.empty_layer !== true);
  const isImage = isObject(config);
  return layers.map((layer, i) => {
    const file = text(layer.annotations?.[FILE]);
    return {
      digest: text(layer.digest), size: number(layer.size), isFile: file !== '',
      isForeign: /nondistributable|foreign/.test(text(layer.mediaType)),
      words: file || (steps.length === layers.length ? madeBy(steps[i].created_by) : isImage ? '' : shortType(layer.mediaType)),
    };
  });
}

// --- what is shared ---------------------------------------------------------------

// "{}", which very many artifacts have for a configuration, is never shared content.
const EMPTY = '44136fa355b3678a';
const keyOf = (digest) => text(digest).replace(/^[a-z0-9]+:/, '').slice(0, 16);

function blobsOf(row) {
  const found = new Map();
  for (const b of list(row?.blobs)) {
    if (Array.isArray(b) && text(b[0]) !== '' && b[0] !== EMPTY) found.set(b[0], number(b[1]));
  }
  return found;
}

// What blobs.json knows of one image: { isWhole, sizes, holders }, by the beginning of a
// blob's digest. Only what it has itself is looked for, in all rows once. Null: nothing.
// digestOf(image) is what another one leads to, '' if it is not known.
export function known(rows, image, digestOf) {
  const own = list(rows).find((row) => row?.image === image);
  if (own === undefined) return null;
  const sizes = blobsOf(own), mine = digestOf(image);
  const holders = new Map([...sizes.keys()].map((key) => [key, []]));
  for (const row of rows) {
    if (!isObject(row) || row === own) continue;
    for (const b of list(row.blobs)) {
      const has = Array.isArray(b) ? holders.get(b[0]) : undefined;
      if (has !== undefined && has.at(-1) !== row.image && digestOf(row.image) !== mine) has.push(text(row.image));
    }
  }
  return { isWhole: text(own.links) === '', sizes, holders };
}

// Names of its own digest do not count as others.
export function ownBytes({ sizes, holders }) {
  let own = 0, shared = 0;
  for (const [key, size] of sizes) {
    if (holders.get(key).length === 0) own += size;
    else shared += size;
  }
  return { own, shared };
}

export const alsoIn = ({ holders }, digest) => holders.get(keyOf(digest))?.length ?? 0;

// The digests that have most bytes in common with it: [{ images, bytes }], the most
// first. Names of one digest are one of these.
export function sharesMost({ sizes, holders }, digestOf, most) {
  const common = new Map();
  for (const [key, size] of sizes) {
    const seen = new Set();
    for (const other of holders.get(key)) {
      const digest = digestOf(other) || other;
      if (!common.has(digest)) common.set(digest, { images: new Set(), bytes: 0 });
      const one = common.get(digest);
      one.images.add(other);
      if (!seen.has(digest)) one.bytes += size;
      seen.add(digest);
    }
  }
  return [...common.values()].filter((one) => one.bytes > 0).map((one) => ({ images: [...one.images], bytes: one.bytes }))
    .sort((a, b) => b.bytes - a.bytes || (a.images[0] < b.images[0] ? -1 : 1)).slice(0, most);
}

// Of the blobs of a repository: how many bytes no other repository has. isOfIt(image)
// says which rows are its own. Null: nothing is known.
export function bytesAlone(rows, isOfIt) {
  const alone = new Map();
  for (const row of list(rows)) {
    if (isObject(row) && isOfIt(text(row.image))) for (const [key, size] of blobsOf(row)) alone.set(key, size);
  }
  if (alone.size === 0) return null;
  for (const row of rows) {
    if (!isObject(row) || isOfIt(text(row.image))) continue;
    for (const b of list(row.blobs)) if (Array.isArray(b)) alone.delete(b[0]);
  }
  let sum = 0;
  for (const size of alone.values()) sum += size;
  return sum;
}

// --- how it looks -----------------------------------------------------------------

function bar(part, isShared) {
  const fill = el('i', { class: isShared && 's' });
  fill.style.width = `${Math.max(0, Math.min(1, part)) * 100}%`;
  return fill;
}

// One bar: what only this digest has, and what it shares.
export function ownBar(sharing) {
  const { own, shared } = ownBytes(sharing), all = own + shared;
  if (all === 0) return '';
  const words = [own > 0 && `${bytes(own)} only in this digest`, shared > 0 && `${bytes(shared)} shared with other tags`];
  return el('div', {},
    el('div', { class: 'stack', role: 'img', 'aria-label': words.filter(Boolean).join(', ') }, own > 0 && bar(own / all, false), shared > 0 && bar(shared / all, true)),
    el('p', { class: 'legend' }, words.map((w, i) => w && el('span', {}, el('i', { class: i === 1 && 's' }), w))));
}

function layerRow(layer, largest, sharing) {
  const others = sharing === null ? 0 : alsoIn(sharing, layer.digest);
  const words = layer.isForeign ? `${layer.words} (of another host)`.trim() : layer.words;
  return el('tr', {},
    el('td', { class: 'hb' }, bar(layer.size / largest, others > 0)),
    el('td', { class: 'num' }, bytes(layer.size)),
    el('td', { class: 'mono soft', title: layer.digest }, shortDigest(layer.digest)),
    el('td', { class: 'mono clip', title: cut(words) }, cut(words)),
    el('td', { class: 'nb soft wide' }, others > 0 && plural(others, 'tag')));
}

// Of one manifest, in the order in which they lie on each other. sharing may be null.
export function layerTable(layers, sharing, isImage = true) {
  if (layers.length === 0) return el('p', { class: 'soft' }, 'It has no layers.');
  const total = layers.reduce((sum, l) => sum + l.size, 0), largest = Math.max(1, ...layers.map((l) => l.size));
  const says = layers.some((l) => l.isFile) ? 'File' : isImage ? 'Made by' : 'Type';
  const head = [[`Share of ${bytes(total)}`], ['Size', 'num'], ['Layer'], [layers.some((l) => l.words !== '') ? says : ''],
    [sharing !== null && layers.some((l) => alsoIn(sharing, l.digest) > 0) ? 'Also in' : '', 'wide']];
  return el('div', {}, el('table', { class: 'cards lay' },
    el('thead', {}, el('tr', {}, head.map(([name, kind]) => el(name === '' ? 'td' : 'th', { scope: name === '' ? undefined : 'col', class: kind }, name)))),
    el('tbody', {}, layers.slice(0, LAYERS_MAX).map((l) => layerRow(l, largest, sharing)))),
  layers.length > LAYERS_MAX && el('p', { class: 'note' }, `and ${plural(layers.length - LAYERS_MAX, 'layer')} more`));
}

// The table of what shares most: one link, its other names in its title.
export function shareTable(most, link) {
  const largest = Math.max(1, ...most.map((one) => one.bytes));
  return el('table', { class: 'cards sha' },
    el('thead', {}, el('tr', {}, el('th', { scope: 'col' }, 'Tag'), el('th', { scope: 'col' }, el('span', { class: 'unseen' }, 'Share')),
      el('th', { scope: 'col', class: 'num' }, 'In common'))),
    el('tbody', {}, most.map(({ images, bytes: n }) => el('tr', {},
      el('td', {}, link(images[0]), images.length > 1 && el('span', { class: 'alias', title: cut(images.slice(1).join('\n'), 2000) },
        `and ${plural(images.length - 1, 'other name')}`)),
      el('td', { class: 'hb' }, bar(n / largest, true)), el('td', { class: 'num' }, bytes(n))))));
}
