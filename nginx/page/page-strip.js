// The state of the mirror in one line: how it is, when it was synced, when it is
// again, which pulls and how much space are left.

import { el, place, timeElement } from './page-dom.js';
import { now } from './page-clock.js';
import { bytes, clock, count, isObject, list, moment, number, plural, registryName, seconds, span, text } from './page-text.js';

const MINUTE = 60, HOUR = 3600, DAY = 86400;
// A mirror of which nobody knows how often it is synced.
const UNKNOWN_GAP = DAY;

const item = (kind, ...children) => el('li', { class: kind }, ...children);
const dot = () => el('span', { class: 'dot' });
const strong = (...words) => el('b', {}, ...words);
const toActivity = (...words) => el('a', { href: '#/activity' }, strong(...words));

// The usual time between two runs, in seconds: half of them were closer.
function usualGap(store) {
  const ends = list(store.runs?.runs).filter((r) => isObject(r) && number(r.only) === 0).map((r) => seconds(r.finished));
  const known = ends.length > 2 ? ends : list(store.history?.points).map((p) => seconds(p?.time));
  const gaps = known.slice(1).map((at, i) => at - known[i]).filter((gap) => gap > 0).sort((a, b) => a - b);
  return gaps.length > 1 ? gaps[gaps.length >> 1] : UNKNOWN_GAP;
}

const isWatched = (watch) => isObject(watch) && seconds(watch.ended) === 0 && seconds(watch.next) > 0;

// For how long no run has ended that should have; 0: all is as usual.
export function staleFor(store) {
  const last = seconds(store.summary?.finished), { watch } = store;
  if (last === 0 || (isWatched(watch) && isRunning(watch))) return 0;
  const due = isWatched(watch) ? seconds(watch.next) + 10 * MINUTE : last + Math.max(2 * HOUR, 3 * usualGap(store));
  return now() > due ? now() - last : 0;
}

const isRunning = (watch) => isObject(watch) && seconds(watch.ended) === 0 && watch.running === true;

// --- its parts ------------------------------------------------------------------

function wellOf(totals) {
  const images = number(totals.images), held = number(totals.held);
  if (images === 0) return 'All well; nothing is in the list';
  if (held > 0) return `${plural(images - held, 'image is', 'images are')} current, ${count(held)} held`;
  return images === 1 ? 'The one image is current' : `All ${count(images)} images are current`;
}

function stateOf(store, stale) {
  const { summary } = store;
  const totals = isObject(summary?.totals) ? summary.totals : {};
  if (store.failedAt > 0 && store.isAnswered) return item('warn', dot(), strong(`What is mirrored cannot be read: ${store.error}`));
  if (store.failedAt > 0) return item('warn', dot(), strong(`No answer since ${clock(store.reachedAt || store.failedAt)}`));
  if (!isObject(summary)) return item('', dot(), strong(store.model.repositories.length > 0 ? 'No sync' : 'Empty'), ' no sync has ended here yet');
  // Hints have brought single images.
  if (isObject(summary.latest) && seconds(summary.finished) === 0) return item('', dot(), strong('No sync of the whole list'), ' has ended here yet');
  if (text(summary.result) === 'store') {
    return item('bad', dot(), strong(`The tree cannot be used${text(summary.error) === '' ? '' : `: ${summary.error}`}`));
  }
  const failed = Math.max(number(totals.failed), store.failures.length);
  if (failed > 0) return item('bad', dot(), toActivity(`${plural(failed, 'image')} failed`));
  if (text(summary.result) === 'interrupted') return item('warn', dot(), toActivity('Last sync was interrupted'));
  if (stale > 0) return item('warn', dot(), toActivity(`No sync for ${span(stale)}`));
  if (text(summary.result) === 'ok') return item('good', dot(), strong(wellOf(totals)));
  const missed = number(totals.not_reached);
  return item('warn', dot(), toActivity(missed > 0 ? `${plural(missed, 'image')} not reached` : 'Last sync failed'));
}

function syncedOf(store, stale, state) {
  if (seconds(store.summary?.finished) === 0) return null;
  if (stale > 0 && !state.classList.contains('warn')) return item('warn', toActivity(`No sync for ${span(stale)}`));
  if (stale > 0 && text(store.summary.result) === 'ok') return item('', 'Last one ended well');
  const hasEnded = ['ok', 'failed'].includes(text(store.summary.result));
  // Clocks differ: "in 3 h" would be no past.
  const isAhead = seconds(store.summary.finished) > now() + 90;
  return item('', hasEnded ? 'Synced ' : 'Tried ', strong(isAhead ? `${moment(store.summary.finished)} UTC` : timeElement(store.summary.finished)));
}

function nextOf({ watch }) {
  if (isRunning(watch)) return item('', strong('Syncing now'));
  if (!isWatched(watch)) return null;
  const left = seconds(watch.next) - now();
  return left < 0 ? null : item('opt', 'Next in ', strong(left < MINUTE ? 'a minute' : span(left)));
}

// Of the registries that count pulls the one that is nearest to its end.
function pullsOf({ summary }) {
  const all = list(summary?.pulls_left).filter((p) => isObject(p) && number(p.limit) > 0);
  if (all.length === 0) return null;
  const least = all.reduce((a, b) => (number(b.left) / b.limit < number(a.left) / a.limit ? b : a));
  return item(number(least.left) === 0 ? 'opt warn' : 'opt', `${registryName(least.registry)} pulls left `,
    strong(`${count(least.left)} of ${count(least.limit)}`));
}

function freeOf({ summary }) {
  const disk = summary?.store?.filesystem;
  if (!isObject(disk) || number(disk.bytes) === 0) return null;
  const used = Math.round(100 * (1 - Math.min(1, number(disk.bytes_free) / disk.bytes)));
  const fill = el('i');
  fill.style.width = `${used}%`;
  return item(used >= 95 ? 'opt end warn' : 'opt end', 'Free ', strong(bytes(number(disk.bytes_free))), ` of ${bytes(disk.bytes)}`,
    el('span', { class: 'meter', role: 'img', 'aria-label': `${used} % used` }, fill));
}

export function showStrip(box, store) {
  const stale = staleFor(store), state = stateOf(store, stale);
  const items = [state, syncedOf(store, stale, state), nextOf(store), pullsOf(store), freeOf(store)].filter((i) => i !== null);
  // Where nothing is new nothing moves: somebody may be on a link, or selecting.
  place(box, items.map((now, i) => (box.childNodes[i]?.isEqualNode(now) ? box.childNodes[i] : now)));
}
