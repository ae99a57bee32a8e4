// What fails and what to do, the last syncs, how the tree grows, and what else comes in.

import { now as clockNow } from './page-clock.js';
import { command, copyButton, dueElement, el, icon, imageLink, timeElement } from './page-dom.js';
import { bytes, count, cut, day, duration, isNumber, isObject, list, number, plural, reasonName, registryName, seconds, text } from './page-text.js';
import { inBuckets, isEnough, lastDays, plot } from './page-plot.js';
import { sentence, trouble } from './page-trouble.js';
import { keeping, section, whenChanged } from './page-parts.js';

// So many failures at first, and at most; and so many runs at first.
const FAILURES = 50, FAILURES_MAX = 2000, RUNS = 8, DAYS = 30, NAMES = 4;
const MOST = 2 ** 60;

// --- failing now ------------------------------------------------------------------

function failureLine(t) {
  const when = t.since !== '' ? ['since ', timeElement(t.since)]
    : seconds(t.lastWell) > 0 ? ['last well ', timeElement(t.lastWell)] : ['since it was listed'];
  return el('div', { class: 'line' }, el('span', { class: 'bad' }, icon('failed')),
    el('div', {}, el('span', { class: 'mono' }, imageLink(t.image)), ' ', el('span', { class: 'badge bad' }, reasonName(t.reason)),
      el('p', {}, [cut(t.why), t.served].filter((w) => w !== '').join(' ')), el('p', { class: 'todo' }, el('b', {}, t.todo)),
      t.command !== '' && el('p', {}, el('code', {}, t.command), ' ', copyButton(t.command, 'the command', 'Copy command'))),
    el('span', { class: 'soft nb' }, when));
}

function showFailing(part, store, seeAll, more) {
  const failures = list(store.failures).filter((f) => text(f?.image) !== '');
  const total = Math.max(failures.length, number(store.summary?.totals?.failed));
  const listed = number(store.summary?.totals?.images);
  part.say(total === 0 ? '' : `${count(total)} of ${plural(listed, 'listed image')}`);
  if (total === 0) {
    const ended = seconds(store.summary?.finished) > 0;
    part.fill(el('p', { class: 'soft' }, ended ? 'No image of the list failed in the last sync.'
      : isObject(store.summary?.latest) ? 'No sync of the whole list has ended here yet.' : 'No sync has ended here yet.'));
    return;
  }
  const shown = failures.slice(0, seeAll ? FAILURES_MAX : FAILURES);
  const left = Math.min(failures.length, FAILURES_MAX) - shown.length, unnamed = total - shown.length - left;
  part.fill(shown.map((f) => failureLine(trouble(f, store))), left > 0 && el('p', { class: 'note' },
    el('button', { type: 'button', class: 'btn', onclick: more }, `Show ${count(left)} more`)),
  unnamed > 0 && el('p', { class: 'note' }, `${count(unnamed)} more are in `, el('a', { href: 'status.json' }, 'status.json'), '.'));
}

// --- runs ---------------------------------------------------------------------------

// runs.json has whole seconds.
function took(s, ms) {
  if (!isNumber(s) || s < 0) return duration(ms);
  if (s < 1) return 'under 1 s';
  return s < 120 ? `${Math.round(s)} s` : duration(s * 1000);
}

// One kind of row, from runs.json or from what summary.json says of the last one.
function runOf(r) {
  const totals = isObject(r.totals) ? r.totals : r;
  return {
    finished: text(r.finished), result: text(r.result), only: number(r.only), failed: number(totals.failed), images: number(totals.images),
    updated: number(totals.updated), unchanged: number(totals.unchanged), bytes: number(totals.bytes), pulls: number(totals.pulls),
    took: took(r.seconds, totals.duration_ms), error: text(r.error),
  };
}

// The newest first.
export function runsOf(store) {
  const all = list(store.runs?.runs).filter(isObject).map(runOf).filter((r) => seconds(r.finished) > 0);
  if (all.length === 0 && seconds(store.summary?.finished) > 0) return [runOf(store.summary)];
  return all.sort((a, b) => seconds(b.finished) - seconds(a.finished));
}

function resultOf(r) {
  if (r.result === 'ok') return el('span', { class: 'soft' }, 'all well');
  if (r.result === 'interrupted') return el('span', { class: 'st warn' }, icon('waiting'), 'interrupted');
  if (r.result === 'store') return el('span', { class: 'st bad', title: cut(r.error) }, icon('failed'), 'the tree cannot be used');
  if (r.result === 'failed') return el('span', { class: 'st bad' }, icon('failed'), r.failed > 0 ? `${count(r.failed)} failed` : 'failed');
  return el('span', { class: 'soft' }, r.result || 'not known');
}

const heads = [['Ended'], ['Result'], ['Updated', 'num'], ['Unchanged', 'num wide'], ['Received', 'num'], ['Pulls counted', 'num wide'], ['Took', 'num']];

function runRow(r) {
  return el('tr', {},
    el('td', {}, timeElement(r.finished), r.only > 0 && ' ', r.only > 0 && el('span', { class: 'alias' }, `${plural(r.only, 'image')}, by a hint`)),
    el('td', { class: 'up' }, resultOf(r)),
    el('td', { class: 'num lbl', 'data-l': 'updated' }, r.updated > 0 ? count(r.updated) : el('span', { class: 'soft' }, '0')),
    el('td', { class: 'num soft wide' }, count(r.unchanged)), el('td', { class: 'num nb' }, bytes(r.bytes)),
    el('td', { class: 'num soft wide' }, count(r.pulls)), el('td', { class: 'num soft nb rt' }, r.took));
}

function showRuns(part, store, seeAll, more) {
  const runs = runsOf(store);
  if (runs.length === 0) {
    part.fill(el('p', { class: 'soft' }, 'No sync has ended here yet.'));
    return;
  }
  const shown = seeAll ? runs : runs.slice(0, RUNS), left = runs.length - shown.length;
  const well = text(store.summary?.last_success) || runs.find((r) => r.result === 'ok' && r.only === 0)?.finished || '';
  const isWell = runs[0].result === 'ok';
  part.fill(el('table', { class: 'cards' },
    el('thead', {}, el('tr', {}, heads.map(([name, kind]) => el('th', { scope: 'col', class: kind }, name)))),
    el('tbody', {}, shown.map(runRow))),
  left > 0 && el('p', { class: 'note' }, el('button', { type: 'button', class: 'btn', onclick: more }, `Show ${count(left)} more`)),
  el('p', { class: 'note' }, !isWell && seconds(well) > 0 && ['The last run without a failure ended ', timeElement(well), '. '],
    !isWell && seconds(well) === 0 && 'No run has ended without a failure so far. ', 'Older ones are in the log of cdr.'));
}

// --- growth and traffic ---------------------------------------------------------------

const dayOf = (at) => Math.floor(at / 86400);
const isReal = (p) => p.at > 0 && p.value <= MOST;

function diskPart(store) {
  const points = list(store.history?.points).map((p) => ({ at: seconds(p?.time), value: number(p?.bytes) })).filter(isReal)
    .sort((a, b) => a.at - b.at);
  if (points.length === 0) return '';
  const shown = lastDays(points, DAYS), first = shown[0], last = shown.at(-1);
  const since = day(new Date(first.at * 1000).toISOString());
  const more = last.value - first.value;
  const change = more === 0 ? `as much as on ${since}` : `${bytes(Math.abs(more))} ${more > 0 ? 'more' : 'less'} than on ${since}`;
  if (!isEnough(shown)) {
    const today = dayOf(first.at) === dayOf(clockNow());
    return el('figure', {}, el('figcaption', {}, el('b', {}, bytes(last.value)), ` on disk, ${points.length === 1 || today ? `since ${today ? 'today' : since}` : change}`));
  }
  return plot('area', shown, { headline: bytes(last.value), words: `on disk, each layer once; ${change}`, name: 'On disk', show: bytes });
}

const sum = (points) => points.reduce((all, p) => all + p.value, 0);

function receivedOf(store) {
  return runsOf(store).map((r) => ({ at: seconds(r.finished), value: r.bytes })).filter(isReal).reverse();
}

function flowPart(store) {
  const received = receivedOf(store);
  const days = list(store.traffic?.days).map((d) => ({ at: seconds(`${text(d?.day)}T00:00:00Z`), value: number(d?.bytes) })).filter(isReal)
    .sort((a, b) => a.at - b.at);
  const came = `${bytes(sum(received))} came from registries`;
  const from = received.length > 1 ? ` since ${day(new Date(received[0].at * 1000).toISOString())}` : ' in the last sync';
  if (days.length > 0) {
    const shown = days.slice(-DAYS);
    const words = `served to nodes${received.length > 0 ? `; ${came}${from}` : ''}`;
    if (isEnough(shown)) return plot('bars', shown, { headline: bytes(sum(shown)), words, name: 'Served a day', show: bytes, byDay: true });
    return el('figure', {}, el('figcaption', {}, el('b', {}, bytes(sum(shown))), ` ${words}`));
  }
  if (received.length === 0) return '';
  const { every, buckets } = inBuckets(received);
  if (isEnough(received)) {
    return plot('bars', buckets, { headline: bytes(sum(received)), words: `came from registries${from}`,
      name: every === 86400 ? 'Received a day' : `Received in ${every / 3600} h`, show: bytes, byDay: every === 86400 });
  }
  return el('figure', {}, el('figcaption', {}, el('b', {}, bytes(sum(received))), ` came from registries${from}`));
}

// --- what else comes in ---------------------------------------------------------------

const line = (sign, colour, what, note, when) => el('div', { class: 'line' }, el('span', { class: colour }, icon(sign)),
  el('div', {}, what, [note].flat().filter((n) => n !== '').map((n) => el('p', { class: colour === 'warn' || colour === 'bad' ? colour : '' }, n))),
  el('span', { class: 'soft nb' }, when));

const isBundle = (b) => isObject(b) && text(b.from) !== '';
const numbered = (b) => ['From ', el('b', {}, cut(b.from, 100)), `, number ${count(b.seq)}`];

function missing(b) {
  const names = (of) => list(of).map(text).filter((n) => n !== '').slice(0, NAMES).join(', ');
  const parts = number(b.missing_parts), images = number(b.missing_images), said = [];
  if (parts > 0) said.push(`${plural(parts, 'part')} ${parts === 1 ? 'has' : 'have'} not come yet${names(b.parts) ? `: ${names(b.parts)}` : ''}`);
  if (images > 0) said.push(`${plural(images, 'image')} ${images === 1 ? 'waits' : 'wait'}${names(b.waiting_images) ? `: ${names(b.waiting_images)}` : ''}`);
  return said.length > 0 ? said : ['It is not whole yet'];
}

function bundleLines(bundles) {
  const lines = list(bundles?.waiting).filter(isBundle).map((b) => line('waiting', 'warn', numbered(b), missing(b), timeElement(b.since)));
  lines.push(...list(bundles?.bundles).filter(isBundle).map((b) => line('arrived', '', numbered(b),
    `${plural(number(b.images), 'image')}${text(b.to) && b.to !== '*' ? `, for ${text(b.to)}` : ''}, all parts whole`, timeElement(b.imported))));
  const last = bundles?.last;
  if (isBundle(last) && !['ok', 'waiting', 'repeated'].includes(text(last.result))) {
    lines.unshift(line('failed', 'bad', [...numbered(last), ': ', (text(last.result) || 'failed').replaceAll('_', ' ')], sentence(cut(text(last.error))),
      timeElement(last.finished)));
  }
  return lines;
}

function hookLines(watch) {
  const lines = [];
  if (!isObject(watch)) return lines;
  if (text(watch.list_error) !== '') lines.push(line('failed', 'bad', 'The list is wrong, and the one before it holds', sentence(cut(text(watch.list_error))), ''));
  const ended = seconds(watch.ended) > 0;
  if (number(watch.waiting) > 0) lines.push(line('waiting', 'warn', `${plural(number(watch.waiting), 'image')} ${number(watch.waiting) === 1 ? 'was' : 'were'} pushed and not looked at yet`, '', ''));
  const h = watch.hooks;
  if (isObject(h)) {
    lines.push(line('arrived', '', `${plural(number(h.taken), 'hook')} taken, with ${plural(number(h.events), 'event')}`,
      `${count(number(h.matched))} of these matched a line of the list`, seconds(watch.started) > 0 ? ['since ', timeElement(watch.started)] : ''));
    const bad = [['denied', 'without the right secret'], ['malformed', 'malformed'], ['not_understood', 'not understood']]
      .filter(([key]) => number(h[key]) > 0).map(([key, words]) => `${count(h[key])} ${words}`);
    if (bad.length > 0) lines.push(line('failed', 'warn', 'Refused or of no use', bad.join(', '), ''));
  }
  if (ended && lines.length > 0) lines.push(line('failed', 'warn', 'cdr watch is not at work', '', timeElement(watch.ended)));
  return lines;
}

// --- upkeep ---------------------------------------------------------------------------

function upkeepLines(store) {
  const lines = [];
  const { gc, verify, summary, watch } = store;
  for (const p of list(summary?.pulls_left).filter(isObject)) {
    if (number(p.limit) === 0) continue;
    lines.push(line('arrived', number(p.left) === 0 ? 'warn' : '', `${registryName(text(p.registry))}: ${count(p.left)} of ${plural(number(p.limit), 'pull')} left`, '',
      seconds(p.more_at) > clockNow() ? ['more ', dueElement(p.more_at)] : ''));
  }
  const fs = summary?.store?.filesystem;
  if (number(fs?.bytes) > 0) lines.push(line('document', '', `${bytes(number(fs.bytes_free))} free of ${bytes(number(fs.bytes))}`, '', ''));
  if (isObject(watch) && seconds(watch.ended) === 0 && seconds(watch.next) > 0) {
    lines.push(watch.running === true ? line('waiting', '', 'A sync is at work', '', '')
      : line('waiting', '', seconds(watch.next) > clockNow() ? 'Next sync' : 'Next sync, due', '', dueElement(watch.next)));
  }
  if (seconds(verify?.finished) > 0) {
    const bad = Math.max(number(verify.bad) - number(verify.mended), 0) + number(verify.structure_bad);
    lines.push(line(bad > 0 ? 'failed' : 'document', bad > 0 ? 'bad' : '', bad > 0 ? `cdr verify found ${plural(bad, 'object')} bad or missing` : 'cdr verify found nothing wrong',
      bad > 0 ? el('code', {}, 'cdr verify --repair') : seconds(verify.oldest) > 0 ? ['All has been read since ', timeElement(verify.oldest)] : '', timeElement(verify.finished)));
  }
  if (seconds(gc?.finished) > 0) {
    lines.push(line('document', '', 'cdr gc', `${bytes(number(gc.removed?.bytes))} taken away; ${bytes(number(gc.reclaimable_bytes))} more would go with what is on no list`,
      timeElement(gc.finished)));
  }
  return lines;
}

// --- the view -------------------------------------------------------------------------

export function activity(route, store) {
  const failing = section('Failing now'), runs = section('Last syncs');
  const plots = el('div', { class: 'plots' }), growth = section(`${DAYS} days`, '', plots);
  const bundles = section('Bundles'), hooks = section('Hooks and watch'), upkeep = section('Room and upkeep');
  const pair = el('div', { class: 'plots pair' }, bundles.node, hooks.node);
  const node = el('div', {}, el('h1', { tabindex: '-1' }, 'Activity'), failing.node, runs.node, growth.node, pair, upkeep.node);
  const open = { failures: false, runs: false };
  const ifNew = { failing: whenChanged(), runs: whenChanged(), growth: whenChanged(), pair: whenChanged(), upkeep: whenChanged() };

  function update(now) {
    const { summary, failures, runs: past, history, traffic, watch, gc, verify } = now;
    ifNew.failing([failures, summary, past, open.failures], () => showFailing(failing, now, open.failures, () => {
      open.failures = true;
      update(now);
    }));
    ifNew.runs([past, summary, open.runs], () => showRuns(runs, now, open.runs, () => {
      open.runs = true;
      update(now);
    }));
    ifNew.growth([history, past, summary?.finished, traffic], () => keeping(plots, () => {
      const parts = [diskPart(now), flowPart(now)].filter((p) => p !== '');
      growth.node.hidden = parts.length === 0;
      plots.replaceChildren(...parts);
    }));
    ifNew.pair([now.bundles, watch], () => {
      for (const [part, lines] of [[bundles, bundleLines(now.bundles)], [hooks, hookLines(watch)]]) {
        part.node.hidden = lines.length === 0;
        part.fill(lines);
      }
      pair.hidden = bundles.node.hidden && hooks.node.hidden;
    });
    ifNew.upkeep([summary?.pulls_left, summary?.store, watch, gc, verify], () => {
      const lines = upkeepLines(now);
      upkeep.node.hidden = lines.length === 0;
      upkeep.fill(lines);
    });
  }
  // All of both lists, for the browser's own search and for paper; after paper what was.
  let before = null;
  function whole(is, isPaper) {
    if (is && isPaper) before ??= { ...open };
    Object.assign(open, is ? { failures: true, runs: true } : before ?? {});
    if (!is) before = null;
    update(store);
  }
  update(store);
  return { title: 'Activity', node, update, whole };
}
