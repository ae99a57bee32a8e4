// Why an image has failed, and what to do. Nothing here touches the document.

import { isObject, list, parseImage, seconds, shortDigest, text } from './page-text.js';

const doctor = (image) => `cdr doctor --registry ${image}`;

// By reason: [what to do, a command that helps]. was: it has been mirrored before.
const cures = {
  configuration: () => ['Correct what the message names, in the list or in the settings of registries.'],
  not_found: (f, was) => [was ? 'It has gone from its registry: list another tag, or take it out. What is here stays until then.'
    : 'Correct the name or the tag in the list, or take it out.'],
  denied: (f) => ['Give cdr credentials that may pull it, or take it out of the list.', doctor(f.image)],
  signature: () => ['Have it signed upstream, or take signed= off its line in the list.'],
  network: (f) => ['Nothing to do, if the next sync brings it. If not, this says where it stops:', doctor(f.image)],
  no_room: () => ['Make room, or give the tree a larger file system. This takes away what nothing keeps:', 'cdr gc'],
  digest: (f) => ['Nothing to do, if the next sync brings it. If not, its registry or a proxy hands out other bytes than it says:', doctor(f.image)],
  data: () => ['No client could use it as it is. Tell who publishes it, or list another tag.'],
  limit: () => ['It is beyond a bound of cdr, which the message names. List another tag, or fewer platforms.'],
  store: () => ['See that the file system of the tree is whole, has room, and may be written. The log of cdr says more.'],
  system: () => ['See that the file system of the tree is whole, has room, and may be written. The log of cdr says more.'],
};

const pulls = /\b429\b|rate limit|pulls? (?:are |is )?left|too many requests/i;

function cure(f, was) {
  if (['network', 'denied', 'limit'].includes(f.reason) && pulls.test(text(f.error))) {
    return ['Wait until its registry allows more, or give cdr an account that is allowed more.'];
  }
  const own = Object.hasOwn(cures, text(f.reason)) ? cures[f.reason] : undefined;
  return own === undefined ? ['The log of cdr says more.'] : own(f, was);
}

// The first whole run that ended after it was last well: it has failed since then. ''
// where runs do not reach back so far.
function since(f, runs) {
  const was = seconds(f.last_success);
  const ends = list(runs?.runs).filter((r) => isObject(r) && !r.only).map((r) => text(r.finished)).filter((t) => seconds(t) > 0)
    .sort((a, b) => seconds(a) - seconds(b));
  if (was === 0 || ends.length === 0 || seconds(ends[0]) > was) return '';
  return ends.find((t) => seconds(t) > was) ?? '';
}

// What is here of an image: of one that its list pins to a digest, what its tag leads to.
function hereOf(image, model) {
  const at = parseImage(image);
  return model.image(image) ?? (at !== null && at.tag !== '' ? model.image(`${at.full}:${at.tag}`) : null);
}

function served(f, model) {
  const here = hereOf(f.image, model);
  if (here !== null && here.digest !== '') return `${here.tag || 'It'} is still served, as ${shortDigest(here.digest)}.`;
  const newest = model.repository(parseImage(f.image)?.full ?? '')?.newest;
  const never = text(f.last_success) === '' ? 'Never mirrored' : 'Not here any more';
  return newest?.tag ? `${never}; ${newest.tag} is served.` : `${never}.`;
}

// Safe to put behind a command: what a name of an image may have, and no more.
const plain = /^[A-Za-z0-9[][A-Za-z0-9.:_[\]-]*(?:\/[a-z0-9][a-z0-9._-]*)+(?::[A-Za-z0-9_][A-Za-z0-9._-]*)?(?:@sha(?:256|512):[0-9a-f]+)?$/;

// f is a row of failures. { image, reason, why, served, todo, command, since, lastWell }
export function trouble(f, store) {
  const was = text(f.last_success) !== '' || hereOf(text(f.image), store.model) !== null;
  const [todo, said = ''] = cure({ ...f, image: text(f.image) }, was);
  const isSafe = plain.test(text(f.image)) || !said.includes(text(f.image));
  return {
    image: text(f.image), reason: text(f.reason) || 'unknown', why: sentence(text(f.error)), served: served({ ...f, image: text(f.image) }, store.model),
    todo: isSafe || said === '' ? todo : todo.replace(/ [^.]*:$/, ''), command: isSafe ? said : '', since: since(f, store.runs),
    lastWell: text(f.last_success),
  };
}

// As a sentence of its own.
export function sentence(words) {
  const line = words.trim();
  if (line === '') return '';
  return `${/^[a-z]+[ :,]/.test(line) ? line[0].toUpperCase() + line.slice(1) : line}${/[.!?…]$/.test(line) ? '' : '.'}`;
}
