// What is mirrored here, how the last sync went, and how to use it. Asks for
// summary.json now and then, and for the rest when that has changed.

import { age, bytes, count, duration, el, isObject, list, number, plural, retime, seconds, text, timeElement } from './page-text.js';
import { getImages, getText, parse } from './page-data.js';
import { findImage, focusRow, paint, readImages, registries, showRegistries, startList } from './page-list.js';
import { endDetail, forgetBlobs, showDetail } from './page-detail.js';
import { showClients } from './page-nodes.js';
import { showGrowth } from './page-plot.js';

const EVERY_MS = 30000;
const byId = (id) => document.getElementById(id);
let summaryText, finished = '';

// --- the last sync ----------------------------------------------------------

const results = {
  ok: ['all is well', 'good'], failed: ['some images failed', 'bad'],
  interrupted: ['interrupted; the next one goes on', 'warn'], store: ['the tree cannot be used', 'bad'],
};

function showState(summary) {
  const place = byId('state');
  if (summary === null) {
    place.replaceChildren('There was no sync yet');
    return;
  }
  const [words, kind] = results[text(summary.result)] ?? ['not known', 'warn'];
  const time = timeElement(summary.finished);
  place.replaceChildren('Last sync', time && ' ', time, ': ', el('strong', { class: kind }, words));
}

function figure(name, value, more) {
  return el('div', {}, el('dt', {}, name), el('dd', {}, value), more && el('dd', { class: 'more' }, more));
}

function pullsFigure(p) {
  const limit = number(p.limit) > 0 ? `of ${count(p.limit)}` : '';
  const hours = number(p.window_s) > 0 ? ` in ${duration(1000 * p.window_s).replace('.0', '')}` : '';
  const more = seconds(p.more_at) > Date.now() / 1000 ? `, more ${age(p.more_at)}` : '';
  return figure(`Pulls left, ${text(p.registry)}`, count(p.left), `${limit}${hours}${more}`);
}

function showFigures(summary, images) {
  const parts = [];
  if (images !== null) {
    parts.push(figure('Mirrored', plural(number(images.references), 'tag'),
      `in ${plural(number(images.repositories), 'repository', 'repositories')}`));
    parts.push(figure('Content', bytes(number(images.bytes)), `${count(images.blobs)} layers and configs, each once`));
  }
  if (summary !== null) {
    const t = isObject(summary.totals) ? summary.totals : {};
    const missed = number(t.not_reached) > 0 ? `, ${count(t.not_reached)} not reached` : '';
    parts.push(figure('Updated', `${count(t.updated)} of ${count(t.images)}`,
      `${count(t.unchanged)} unchanged, ${count(t.failed)} failed${missed}`));
    parts.push(figure('Received', bytes(number(t.bytes)), `${plural(number(t.requests), 'request')}, ` +
      `${plural(number(t.pulls), 'pull')}, ${duration(number(t.duration_ms))}`));
    if (text(summary.result) !== 'ok') {
      parts.push(figure('Last without failure', timeElement(summary.last_success) || 'never'));
    }
    const fs = summary.store?.filesystem;
    if (isObject(fs)) parts.push(figure('Free', bytes(number(fs.bytes_free)), `of ${bytes(number(fs.bytes))}`));
    parts.push(...list(summary.pulls_left).filter(isObject).map(pullsFigure));
  }
  byId('figures').replaceChildren(...parts);
  byId('figures').hidden = parts.length === 0;
}

function failureItem(f) {
  const before = seconds(f.last_success) > 0 ? el('p', {}, 'What was mirrored ', timeElement(f.last_success), ' is served still.')
    : el('p', {}, 'It has never been mirrored.');
  return el('li', {}, el('p', {}, el('strong', { class: 'mono' }, text(f.image))),
    el('p', {}, `${text(f.reason).replaceAll('_', ' ')}: ${text(f.error)}`), before);
}

function showFailures(summary) {
  const failures = list(summary?.failures).filter(isObject);
  const parts = [];
  if (text(summary?.error) !== '') {
    parts.push(el('div', { class: 'failures' }, el('h3', {}, 'The tree cannot be used'), el('p', {}, summary.error)));
  }
  if (failures.length > 0) {
    const left = number(summary.failures_left_out);
    const items = failures.map(failureItem);
    const shown = items.slice(0, 5), rest = items.slice(5);
    parts.push(el('div', { class: 'failures' },
      el('h3', {}, `${plural(failures.length + left, 'image')} failed`),
      el('ul', {}, ...shown),
      rest.length > 0 && el('details', {}, el('summary', {}, `${count(rest.length)} more`), el('ul', {}, ...rest)),
      left > 0 && el('p', {}, `and ${count(left)} more in `, el('a', { href: '/status.json' }, 'status.json'))));
  }
  byId('failures').replaceChildren(...parts.filter(Boolean));
}

// --- one image ----------------------------------------------------------------

const drawer = byId('drawer');
const wanted = () => {
  try {
    return decodeURIComponent(location.hash.slice(1));
  } catch {
    return '';
  }
};

// "#docker.io/library/app:1" opens it; without one it is closed.
function followHash() {
  const image = wanted();
  const found = image.includes('/') ? findImage(image) : null;
  if (found === null) {
    if (drawer.open) drawer.close();
    if (image.includes('/') && summaryText !== undefined) trouble(`There is no ${image} here.`);
    return;
  }
  trouble('');
  showDetail(found, finished, choose);
  if (!drawer.open) drawer.showModal();
  byId('drawer-title').focus();
  document.title = `${image} - CDR on ${location.host}`;
}

function choose(image) {
  history.pushState(null, '', `#${encodeURI(image)}`);
  followHash();
}

drawer.addEventListener('close', () => {
  const image = wanted();
  endDetail();
  document.title = `CDR on ${location.host}`;
  if (image.includes('/')) history.pushState(null, '', location.pathname);
  focusRow(image);
});
drawer.addEventListener('click', (e) => {
  if (e.target === drawer) drawer.close();
});
byId('drawer-close').addEventListener('click', () => drawer.close());
addEventListener('popstate', followHash);

// --- from time to time ----------------------------------------------------------

function trouble(message) {
  const place = byId('trouble');
  if (place.textContent !== message) place.textContent = message;
  place.hidden = message === '';
}

async function refresh() {
  const source = await getText('/summary.json');
  if (source === summaryText) return;
  const summary = parse('summary.json', source);
  const [images, history_] = await Promise.all([getImages('images'),
    getText('/history.json').then((t) => parse('history.json', t))]);
  const isFirst = summaryText === undefined;
  summaryText = source;
  finished = text(summary?.finished);
  byId('version').textContent = text(summary?.version) === '' ? '' : `cdr ${summary.version}`;
  readImages(images);
  forgetBlobs(text(images?.index));
  showState(summary);
  showFigures(summary, images);
  showFailures(summary);
  showGrowth(history_);
  showClients(registries());
  showRegistries();
  paint();
  if (isFirst && wanted().includes('/')) followHash();
}

let timer;
async function tick() {
  clearTimeout(timer);
  try {
    await refresh();
    if (!wanted().includes('/') || findImage(wanted()) !== null) trouble('');
  } catch (error) {
    trouble(`What is mirrored cannot be read: ${error.message}. Trying again.`);
  }
  retime();
  // Nobody looks: nothing is asked for.
  if (!document.hidden) timer = setTimeout(tick, EVERY_MS);
}
document.addEventListener('visibilitychange', () => {
  if (document.hidden) clearTimeout(timer);
  else tick();
});

document.title = `CDR on ${location.host}`;
byId('host').textContent = location.host;
startList(choose);
showClients([]);
tick();
