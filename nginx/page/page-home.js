// The images, a repository a row: search, selects, chips and the list. All that is
// chosen is in the address.

import { badge, el, icon, imageLink, place, retime, timeElement, verified } from './page-dom.js';
import { emptyMirror } from './page-empty.js';
import { keysHint } from './page-keys.js';
import { counts, shows, sorts } from './page-model.js';
import { isImage, resolve } from './page-reference.js';
import { format, imageAddress } from './page-route.js';
import { makeRows } from './page-rows.js';
import { makeFinder, makeReady, nearest, wordsOf } from './page-search.js';
import { bytes, count, parseImage, plural, shortPlatform, text } from './page-text.js';

const PLATFORMS = 2;

const columns = [
  ['name', 'Repository', 'name'], ['tag', 'Newest tag', 'tagname'], ['tags', 'Tags', 'num wide'], ['size', 'On disk', 'num'],
  ['platforms', 'Platforms', 'pl'], ['updated', 'Updated', ''], ['signature', 'Signature', 'sg'], ['state', 'State', ''],
];

const turned = { ascending: 'descending', descending: 'ascending' };

// --- a row ----------------------------------------------------------------------

// The registry soft, the last component bold; where room lacks the middle is cut.
function nameLink(r) {
  const at = r.name.lastIndexOf('/') + 1;
  const link = imageLink(r.full,
    el('span', {}, el('i', {}, `${r.registry}/`), r.name.slice(0, at)), el('b', {}, r.name.slice(at)));
  link.className = 'go';
  link.setAttribute('aria-label', r.full);
  link.title = r.full;
  return link;
}

export function platformsOf(platforms, kind, type) {
  if (kind !== '') return badge('kind', kind, type);
  const names = platforms.map(shortPlatform), rest = names.length - PLATFORMS;
  if (names.length === 0) return '';
  return el('span', { title: platforms.join(', ') }, names.slice(0, PLATFORMS).join(', '),
    rest > 0 && el('span', { class: 'soft' }, ` +${rest}`));
}

function stateBadge(r) {
  if (r.state === 'failed') return badge('failed', 'failed', r.failures.map((f) => text(f.image)).slice(0, 5).join('\n'));
  if (r.state !== '') return badge(r.state);
  return r.unlisted > 0 ? el('span', { class: 'soft' }, `${count(r.unlisted)} unlisted`) : '';
}

const cell = (kind, ...children) => el('td', { role: 'cell', class: kind }, ...children);

function row(r) {
  const { newest } = r;
  return el('tr', { role: 'row' },
    cell('name', nameLink(r)),
    newest === null ? cell('tagname over soft', 'never mirrored') : cell('tagname', el('span', { title: newest.reference }, newest.tag || 'by digest')),
    cell('num wide', r.named > 0 && count(r.named)),
    cell('num nb', r.size !== undefined && bytes(r.size)),
    cell('nb pl', platformsOf(newest?.platforms ?? [], r.kind, newest?.kind)),
    cell('nb soft', timeElement(r.published)),
    cell(text(newest?.verified) === '' ? 'sg' : 'sg up', verified(newest)),
    cell('up', stateBadge(r)));
}

const stamp = (r) => JSON.stringify([r.newest?.reference, r.newest?.verified, r.newest?.signed, r.newest?.platforms, r.named, r.size,
  r.kind, r.published, r.state, r.unlisted, r.failures.length]);

// --- controls ---------------------------------------------------------------------

function select(label, every, onchange) {
  const control = el('select', { 'aria-label': label, onchange });
  control.append(el('option', { value: '' }, every));
  return { box: el('div', { class: 'sel' }, control, icon('down')), control };
}

// Only what occurs, and what was asked for.
function fill(control, names, chosen) {
  const all = chosen === '' || names.includes(chosen) ? names : [...names, chosen];
  if (all.join('\n') !== [...control.options].slice(1).map((o) => o.value).join('\n')) {
    control.replaceChildren(control.options[0], ...all.map((n) => el('option', { value: n }, n)));
  }
  control.value = chosen;
}

function headOf(onsort) {
  return columns.map(([key, label, kind], i) => el('th', { role: 'columnheader', scope: 'col', class: `c${i} ${kind}`.trim(), 'data-key': key },
    el('button', { type: 'button', onclick: () => onsort(key) }, label)));
}

// --- the view ---------------------------------------------------------------------

export function home(first, store, go) {
  let route = { ...first }, found = [], isEmpty, ready;
  const find = makeFinder(location.host);

  const field = el('input', {
    type: 'search', id: 'q', 'aria-label': 'Search images', placeholder: 'Name, tag, digest or platform', autocomplete: 'off',
    autocapitalize: 'none', spellcheck: 'false', oninput: () => ask({ q: field.value }, true),
  });
  const registries = select('Registry', 'All registries', (e) => ask({ registryFilter: e.target.value }));
  const platforms = select('Platform', 'Any platform', (e) => ask({ platform: e.target.value }));
  const form = el('form', { class: 'find', role: 'search' },
    el('div', { class: 'search' }, icon('search'), field, keysHint()), registries.box, platforms.box);
  form.addEventListener('submit', (e) => {
    e.preventDefault();
    // Who pastes the whole name of an image wants that one.
    const image = resolve(store.model, field.value, location.host);
    if (isImage(image) && store.model.image(image) !== null) location.hash = imageAddress(image);
    else rows.move(1);
  });
  field.addEventListener('keydown', (e) => {
    if (e.key !== 'Escape') return;
    e.preventDefault();
    if (field.value === '') field.blur();
    else ask({ q: '' }, true);
  });

  const chips = el('div', { class: 'row', role: 'group', 'aria-label': 'Show' });
  const counter = el('p', { class: 'soft', id: 'count', role: 'status' });
  const head = headOf((key) => ask({ sort: route.sort === key || (key === 'updated' && route.sort === '') ? `-${key}` : key }));
  const body = el('tbody', { role: 'rowgroup' });
  const table = el('table', { role: 'table', class: 'rows cards list' },
    el('caption', { class: 'unseen' }, 'Repositories; the buttons in the head sort'),
    el('thead', { role: 'rowgroup' }, el('tr', { role: 'row', 'aria-rowindex': '1' }, head)), body);
  const none = el('div', { class: 'none', hidden: true });
  const onPaper = el('p', { class: 'note', hidden: true });
  const list = el('div', {}, el('h1', { class: 'unseen', tabindex: '-1' }, 'Images'),
    form, el('div', { class: 'chips' }, chips, counter), table, onPaper, none);
  const rows = makeRows({ table, body, columns: columns.length, make: row, key: (r) => r.full, stamp });
  const node = el('div');

  // --- what is chosen

  // Typing changes the address; a choice makes a new one, to come back from.
  function ask(change, isTyping = false) {
    const next = { ...route, ...change };
    if (next.sort === 'updated') next.sort = '';
    const address = format({ ...next, view: 'home' });
    if (isTyping) history.replaceState(null, '', address);
    else history.pushState(null, '', address);
    go();
  }

  function showControls() {
    const { model } = store;
    if (field.value !== route.q) field.value = route.q;
    fill(registries.control, model.registries, route.registryFilter);
    fill(platforms.control, model.platforms, route.platform);
    const of = counts(model), there = shows.filter(([key]) => of[key] > 0 || key === '' || key === route.show);
    const had = new Map([...chips.children].map((c) => [c.dataset.show, c]));
    place(chips, there.map(([key, label]) => {
      const chip = had.get(key) ?? el('button', {
        type: 'button', class: key === 'failed' || key === 'broken' ? 'chip bad' : 'chip', 'data-show': key, onclick: () => ask({ show: key }),
      }, `${label} `, el('b'));
      chip.lastChild.textContent = count(of[key]);
      chip.setAttribute('aria-pressed', String(route.show === key));
      return chip;
    }));
    const asked = route.sort.replace(/^-/, ''), key = sorts[asked] === undefined ? 'updated' : asked;
    for (const th of head) {
      if (th.dataset.key !== key) th.removeAttribute('aria-sort');
      else th.setAttribute('aria-sort', route.sort.startsWith('-') ? turned[sorts[key][0]] : sorts[key][0]);
    }
  }

  function nothing() {
    const asked = [route.q.trim() && `“${route.q.trim()}”`, route.registryFilter && `in ${route.registryFilter}`,
      route.platform && `for ${route.platform}`, route.show && `among ${shows.find(([k]) => k === route.show)?.[1].toLowerCase() ?? route.show}`].filter(Boolean);
    const near = wordsOf(route.q).length > 0 ? nearest(store.model, route.q, location.host) : null;
    // A digest that no tag leads to may be here all the same: its own view looks.
    const pinned = route.q.includes('@') ? resolve(store.model, route.q, location.host) : '';
    none.replaceChildren(el('p', {}, `Nothing here matches ${asked.join(' ')}.`),
      ...(isImage(pinned) ? [el('p', {}, 'No tag leads to it. ', el('a', { href: imageAddress(pinned) }, 'Look for its digest'))] : []),
      ...(near === null ? [] : [el('p', {}, 'Close to it: ', imageLink(near.full))]),
      el('button', {
        type: 'button', class: 'btn', onclick: () => {
          ask({ q: '', show: '', registryFilter: '', platform: '' });
          field.focus();
        },
      }, 'Clear search and filters'));
  }

  // --- the list

  async function draw() {
    showControls();
    const now = await find(store.model, route);
    if (now === null) return;
    found = now;
    rows.set(found);
    table.hidden = found.length === 0;
    none.hidden = found.length > 0;
    if (found.length === 0) nothing();
    const tags = found.length === store.model.repositories.length ? store.model.tags : found.reduce((n, r) => n + r.named, 0);
    counter.textContent = `${plural(found.length, 'repository', 'repositories')}, ${plural(tags, 'tag')}`;
    retime(body);
  }

  function noSizes(are) {
    table.classList.toggle('nosize', are);
  }

  async function measure() {
    try {
      if (await store.measure()) await draw();
      noSizes(!store.model.hasSizes);
    } catch {
      noSizes(true);
    }
  }

  function update() {
    const nowEmpty = store.model.repositories.length === 0;
    if (nowEmpty !== isEmpty) {
      isEmpty = nowEmpty;
      place(node, [nowEmpty ? emptyMirror() : list]);
    }
    if (nowEmpty) return;
    ready = draw();
    ready.then(() => Promise.all([measure(), makeReady(store.model)]));
  }

  function whole(is, isPaper) {
    const most = rows.whole(is, isPaper);
    onPaper.hidden = most >= found.length;
    onPaper.textContent = `The first ${count(most)} of ${count(found.length)} repositories`;
  }

  update();
  return {
    get title() { return isEmpty ? 'Nothing is mirrored yet' : 'Images'; },
    node, ready, update, whole,
    show(next) {
      route = { ...next };
      if (!isEmpty) draw();
    },
    move: (by) => rows.move(by),
    focusRow: (name) => rows.focus(parseImage(name)?.full ?? ''),
  };
}
