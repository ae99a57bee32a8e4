// The images, by repository. However many there are, a bounded number of them is
// in the document: repositories begin closed, and both they and their tags come
// in portions.

import { bytes, count, el, list, number, parseImage, plural, seconds, shortDigest, text, timeElement } from './page-text.js';

const REPOSITORIES = 60;
const TAGS = 40;
// A search opens what it finds, up to so many tags in all.
const FOUND = 120;
// With no more than this, all is open from the beginning.
const OPEN_ALL = 24;

const attached = /^sha(256|512)-[0-9a-f]{64,128}(\.(sig|att|sbom))?$/;
const natural = new Intl.Collator('en', { numeric: true });

const state = {
  repositories: [], references: 0, find: '', registry: '', order: 'name', attached: false,
  open: new Map(), shown: REPOSITORIES, tagsShown: new Map(),
};
let box, counter, choose;

// --- what there is --------------------------------------------------------

export function readImages(images) {
  const byName = new Map();
  let references = 0;
  for (const row of list(images?.images)) {
    const at = parseImage(row?.image);
    if (at === null) continue;
    const name = `${at.registry}/${at.repository}`;
    if (!byName.has(name)) byName.set(name, { name, registry: at.registry, repository: at.repository, tags: [] });
    const platforms = list(row.platforms).filter((p) => typeof p === 'string');
    references++;
    byName.get(name).tags.push({
      ...at, digest: text(row.digest), platforms, size: number(row.size), own: number(row.own),
      published: text(row.published), referrers: number(row.referrers), signed: row.signed === true,
      broken: row.broken === true, isAttached: attached.test(at.tag),
      words: `${at.image} ${text(row.digest)} ${platforms.join(' ')}`.toLowerCase(),
    });
  }
  state.repositories = [...byName.values()];
  state.references = references;
  return state.repositories;
}

export function findImage(image) {
  for (const r of state.repositories) {
    const tag = r.tags.find((t) => t.image === image);
    if (tag !== undefined) return tag;
  }
  return null;
}

export const imageCount = () => state.references;
export const registries = () => [...new Set(state.repositories.map((r) => r.registry))].sort();

// --- what of it is asked for ------------------------------------------------

const orders = {
  name: (a, b) => natural.compare(b.reference, a.reference),
  new: (a, b) => seconds(b.published) - seconds(a.published) || natural.compare(b.reference, a.reference),
  size: (a, b) => b.size - a.size || natural.compare(b.reference, a.reference),
};
const repositoryOrders = {
  name: (a, b) => natural.compare(a.name, b.name),
  new: (a, b) => b.newest - a.newest || natural.compare(a.name, b.name),
  size: (a, b) => b.largest - a.largest || natural.compare(a.name, b.name),
};

function select() {
  const words = state.find.toLowerCase().split(/\s+/).filter((w) => w !== '');
  const found = [];
  let tags = 0, hidden = 0;
  for (const r of state.repositories) {
    if (state.registry !== '' && r.registry !== state.registry) continue;
    const match = r.tags.filter((t) => words.every((w) => t.words.includes(w)));
    const visible = state.attached ? match : match.filter((t) => !t.isAttached);
    hidden += match.length - visible.length;
    if (visible.length === 0) continue;
    tags += visible.length;
    const one = { ...r, tags: visible, newest: 0, largest: 0 };
    for (const t of visible) {
      one.newest = Math.max(one.newest, seconds(t.published));
      one.largest = Math.max(one.largest, t.size);
    }
    found.push(one);
  }
  return { found: found.sort(repositoryOrders[state.order]), tags, hidden, isSearch: words.length > 0 };
}

// --- what is shown ----------------------------------------------------------

function tagRow(t) {
  const flags = t.broken ? 'unreadable' : t.signed ? 'signed' : t.referrers > 0 ? plural(t.referrers, 'referrer') : '';
  return el('li', {}, el('button', {
    type: 'button', class: 'tag', 'data-row': t.image, 'aria-haspopup': 'dialog',
    onclick: () => choose(t.image),
  },
  el('span', { class: 't' }, t.tag === '' ? 'by digest' : t.tag),
  el('span', { class: 'd', title: t.digest }, shortDigest(t.digest)),
  el('span', { class: 'p' }, t.platforms.slice(0, 3).join(', ') +
    (t.platforms.length > 3 ? ` and ${t.platforms.length - 3} more` : '')),
  el('span', { class: 's' }, bytes(t.size)),
  el('span', { class: 'a' }, timeElement(t.published)),
  el('span', { class: t.broken ? 'f bad' : 'f' }, flags)));
}

function moreButton(key, label, action) {
  return el('button', { type: 'button', class: 'plain', 'data-row': key, onclick: action }, label);
}

function tagList(r, most, id) {
  const tags = [...r.tags].sort(orders[state.order]);
  const shown = Math.min(tags.length, most);
  const items = tags.slice(0, shown).map(tagRow);
  if (shown < tags.length) {
    const next = Math.min(TAGS, tags.length - shown);
    items.push(el('li', { class: 'more-row' }, moreButton(`+${r.name}`,
      `Show ${next} more of ${count(tags.length)}`, () => {
        state.tagsShown.set(r.name, shown + next);
        paint(tags[shown].image);
      })));
  }
  return el('ul', { class: 'tags', id, 'aria-label': `Tags of ${r.name}` }, ...items);
}

function repositoryBlock(r, number_, isOpen, most) {
  const id = `tags-${number_}`;
  const button = el('button', {
    type: 'button', class: 'repo', 'data-row': r.name, 'aria-expanded': String(isOpen),
    'aria-controls': isOpen ? id : undefined,
    onclick: () => {
      state.open.set(r.name, !isOpen);
      paint(r.name);
    },
  },
  el('span', { class: 'name' }, el('span', { class: 'reg' }, `${r.registry}/`), el('b', {}, r.repository)),
  el('span', { class: 'n' }, plural(r.tags.length, 'tag')));
  const block = el('div', { role: 'group', 'aria-label': r.name }, el('h3', { class: 'row-head' }, button));
  if (isOpen) block.append(tagList(r, most, id));
  return block;
}

function emptyText(isSearch, hidden) {
  if (state.references === 0) return 'Nothing is mirrored yet. Run "cdr sync" to mirror images.';
  if (hidden > 0) return 'Only signature tags match; they are not shown.';
  return isSearch || state.registry !== '' ? 'Nothing matches.' : 'Nothing to show.';
}

// Focus stays on the row that has it, or goes to the one that is named.
export function paint(focus) {
  const had = focus ?? document.activeElement?.closest?.('[data-row]')?.dataset.row;
  const { found, tags, hidden, isSearch } = select();
  const blocks = [];
  let left = isSearch ? FOUND : Infinity;
  const openAll = isSearch || tags <= OPEN_ALL;
  for (const [i, r] of found.slice(0, state.shown).entries()) {
    const asked = state.open.get(r.name);
    const isOpen = asked ?? (openAll && left > 0);
    const most = Math.max(state.tagsShown.get(r.name) ?? 0, Math.min(TAGS, asked === undefined ? left : TAGS));
    if (isOpen) left -= Math.min(most, r.tags.length);
    blocks.push(repositoryBlock(r, i, isOpen, most));
  }
  if (found.length > state.shown) {
    const next = Math.min(REPOSITORIES, found.length - state.shown);
    blocks.push(el('div', { class: 'more-row' }, moreButton('+', `Show ${next} more repositories of ${count(found.length)}`,
      () => {
        const first = found[state.shown].name;
        state.shown += next;
        paint(first);
      })));
  }
  if (blocks.length === 0) blocks.push(el('p', { class: 'empty' }, emptyText(isSearch, hidden)));
  box.replaceChildren(...blocks);
  const note = hidden > 0 ? `; ${plural(hidden, 'signature tag')} not shown` : '';
  counter.textContent = `${plural(tags, 'tag')} in ${plural(found.length, 'repository', 'repositories')}${note}`;
  if (had !== undefined) rowOf(had)?.focus({ preventScroll: focus === undefined });
}

const rowOf = (key) => [...box.querySelectorAll('[data-row]')].find((e) => e.dataset.row === key);
export const focusRow = (key) => rowOf(key)?.focus();

export function showRegistries() {
  const control = document.getElementById('registry');
  const names = registries();
  const said = [...control.options].slice(1).map((o) => o.value);
  if (said.join(' ') !== names.join(' ')) {
    control.replaceChildren(el('option', { value: '' }, 'all'), ...names.map((n) => el('option', { value: n }, n)));
    control.value = names.includes(state.registry) ? state.registry : '';
    state.registry = control.value;
  }
}

// --- what the reader does ---------------------------------------------------

function keys(event) {
  const rows = [...box.querySelectorAll('[data-row]')];
  const at = rows.indexOf(event.target);
  if (at === -1 || event.altKey || event.ctrlKey || event.metaKey) return;
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 }[event.key];
  const open = event.target.getAttribute('aria-expanded');
  if (to !== undefined) {
    rows[Math.max(0, Math.min(to, rows.length - 1))].focus();
  } else if ((event.key === 'ArrowRight' && open === 'false') || (event.key === 'ArrowLeft' && open === 'true')) {
    event.target.click();
  } else if (event.key === 'ArrowLeft' && open === null) {
    rows.slice(0, at).reverse().find((r) => r.hasAttribute('aria-expanded'))?.focus();
  } else {
    return;
  }
  event.preventDefault();
}

export function startList(onChoose) {
  box = document.getElementById('list');
  counter = document.getElementById('count');
  choose = onChoose;
  const query = document.getElementById('query');
  let timer;
  const again = () => {
    state.shown = REPOSITORIES;
    state.tagsShown.clear();
    paint();
  };
  query.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      state.find = query.value;
      state.open.clear();
      again();
    }, 90);
  });
  for (const [id, key] of [['registry', 'registry'], ['order', 'order']]) {
    document.getElementById(id).addEventListener('change', (e) => {
      state[key] = e.target.value;
      again();
    });
  }
  document.getElementById('attached').addEventListener('change', (e) => {
    state.attached = e.target.checked;
    again();
  });
  document.getElementById('find').addEventListener('submit', (e) => {
    e.preventDefault();
    box.querySelector('[data-row]')?.focus();
  });
  box.addEventListener('keydown', keys);
  document.addEventListener('keydown', (e) => {
    const typing = e.target.closest?.('input, select, textarea, dialog');
    if (e.key === '/' && !typing && !e.ctrlKey && !e.metaKey && !e.altKey) {
      e.preventDefault();
      query.focus();
      query.select();
    }
  });
}
