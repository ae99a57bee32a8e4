// Elements. What comes from the tree is text and never markup: nothing here, or
// anywhere in the page, takes HTML.

import { age, due, moment, seconds, text } from './page-text.js';
import { imageAddress } from './page-route.js';

function set(e, attributes) {
  for (const [key, value] of Object.entries(attributes ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith('on')) e.addEventListener(key.slice(2), value);
    else e.setAttribute(key, value === true ? '' : String(value));
  }
}

const isThere = (c) => c !== undefined && c !== null && c !== false && c !== '';

export function el(name, attributes, ...children) {
  const e = document.createElement(name);
  set(e, attributes);
  e.append(...children.flat().filter(isThere));
  return e;
}

export function svg(name, attributes, ...children) {
  const e = document.createElementNS('http://www.w3.org/2000/svg', name);
  set(e, attributes);
  e.append(...children.flat().filter(isThere));
  return e;
}

// --- signs --------------------------------------------------------------------

const RING = 'M14.5 8a6.5 6.5 0 1 1-13 0a6.5 6.5 0 1 1 13 0z';
const signs = {
  __proto__: null,
  verified: ['M8 1.5l5.5 2v4c0 3.4-2.3 5.9-5.5 7-3.2-1.1-5.5-3.6-5.5-7v-4z', 'M5.5 8l1.8 1.8 3.2-3.6'],
  failed: [RING, 'M8 4.6v4M8 11.2v.1'],
  held: ['M5.5 3v10M10.5 3v10'],
  search: ['M11.75 7a4.75 4.75 0 1 1-9.5 0a4.75 4.75 0 1 1 9.5 0z', 'M10.6 10.6L14 14'],
  down: ['M4.5 6.5L8 10l3.5-3.5'],
  copy: ['M7 5.5h5A1.5 1.5 0 0 1 13.5 7v5A1.5 1.5 0 0 1 12 13.5H7A1.5 1.5 0 0 1 5.5 12V7A1.5 1.5 0 0 1 7 5.5z',
    'M10.5 5.5V4A1.5 1.5 0 0 0 9 2.5H4A1.5 1.5 0 0 0 2.5 4v5A1.5 1.5 0 0 0 4 10.5h1.5'],
  document: ['M3.5 1.5h6l3 3v10h-9zM9.5 1.5v3h3'],
  arrived: ['M8 2v8M4.8 7L8 10.2 11.2 7M2.5 13.5h11'],
  waiting: [RING, 'M8 4.5V8l2.4 1.5'],
};

// A sign beside a word needs no label; one that stands alone does.
export function icon(name, label) {
  const named = label ? { role: 'img', 'aria-label': label } : { 'aria-hidden': 'true' };
  const parts = name === 'unlisted' ? [svg('path', { d: RING, 'stroke-dasharray': '2.6 2.5' })]
    : (signs[name] ?? []).map((d) => svg('path', { d }));
  return svg('svg', { class: 'i', viewBox: '0 0 16 16', ...named }, parts);
}

const states = {
  __proto__: null,
  failed: ['bad', 'failed'], broken: ['bad', 'failed'], quarantined: ['bad', 'failed'], waiting: ['warn', 'waiting'],
  held: ['warn', 'held'], unlisted: ['', 'unlisted'], verified: ['good', 'verified'], kind: ['', ''],
};

// kind: failed, broken, quarantined, held, waiting, unlisted, verified; or "kind" for
// a kind of artifact, which has no sign.
export function badge(kind, words = kind, title) {
  const [colour, sign] = states[kind] ?? ['', ''];
  return el('span', { class: `badge ${colour}`.trim(), title }, sign && icon(sign), words);
}

// What is known of an image's signature: green for a key of the list alone.
export function verified(row) {
  const key = text(row?.verified);
  if (key !== '') {
    return el('span', { class: 'st good', title: `verified with ${key}` }, icon('verified', 'verified'),
      el('span', { class: 't', 'aria-hidden': 'true' }, 'verified'));
  }
  return row?.signed === true ? el('span', { class: 'st soft' }, 'not checked') : '';
}

// --- times and links ----------------------------------------------------------

// An age that says the moment when it is pointed at. retime() keeps all right.
export function timeElement(time) {
  if (!seconds(time)) return '';
  return el('time', { datetime: time, title: `${moment(time)} UTC` }, age(time));
}

// The same of what is to come.
export function dueElement(time) {
  if (!seconds(time)) return '';
  return el('time', { datetime: time, title: `${moment(time)} UTC`, 'data-due': true }, due(time));
}

export function retime(root = document) {
  for (const t of root.querySelectorAll('time[datetime]')) {
    // In a history the moment itself stands there.
    if (t.classList.contains('flat')) continue;
    const time = t.getAttribute('datetime'), now = t.dataset.due === undefined ? age(time) : due(time);
    if (t.textContent !== now) t.textContent = now;
  }
}

// To a repository or an image, by its whole name.
export const imageLink = (image, ...children) => el('a', { href: imageAddress(image) }, children.length > 0 ? children : image);

// Where clients reach this mirror.
export const origin = () => location.origin;
export const host = () => location.host;
export const isPlain = () => location.protocol === 'http:';

// --- copying ------------------------------------------------------------------

export function say(message) {
  const said = document.getElementById('said');
  said.textContent = '';
  // A live region speaks when it changes.
  setTimeout(() => { said.textContent = message; }, 30);
}

// Over plain http there is no clipboard API, and over https it may be forbidden.
async function toClipboard(value, near) {
  try {
    if (navigator.clipboard !== undefined) {
      await navigator.clipboard.writeText(value);
      return true;
    }
  } catch {
    // the other way, then
  }
  const area = el('textarea', { class: 'unseen', readonly: true, 'aria-hidden': 'true', tabindex: '-1' });
  area.value = value;
  // Inside of a modal dialog nothing outside of it can be selected.
  (near.closest('dialog') ?? document.body).append(area);
  area.select();
  let done = false;
  try {
    done = document.execCommand('copy');
  } catch {
    done = false;
  }
  area.remove();
  near.focus({ preventScroll: true });
  return done;
}

// The button of a command says "Copy"; one by itself has a sign, and says what.
export function copyButton(value, what, label = 'Copy') {
  const isBare = label !== 'Copy';
  const words = el('span', {}, label);
  const button = el('button', { type: 'button', class: isBare ? 'btn bare' : 'btn', 'aria-label': isBare ? undefined : `Copy ${what}` },
    isBare && icon('copy'), words);
  button.addEventListener('click', async () => {
    const done = await toClipboard(value, button);
    words.textContent = done ? 'Copied' : 'Copy by hand';
    say(done ? `Copied ${what}` : `${what} could not be copied`);
    setTimeout(() => { words.textContent = label; }, 1200);
  });
  return button;
}

// A command of one line wraps between words; a file, with its path, scrolls.
export function command(value, { path, what = path ?? 'the command' } = {}) {
  const isFile = path !== undefined || value.includes('\n');
  const pre = el('pre', isFile ? { tabindex: '0', role: 'region', 'aria-label': what } : { class: 'w' });
  if (isFile) {
    pre.append(value);
  } else {
    for (const [i, word] of value.split(' ').entries()) pre.append(i > 0 ? ' ' : '', el('span', {}, word));
  }
  return el('div', { class: 'cmd' }, path !== undefined && el('p', { class: 'at' }, path), pre, copyButton(value, what));
}

// --- boxes --------------------------------------------------------------------

// One tinted box: what has happened, why, what is still served, what to do. kind is
// "bad" or "warn"; each part is text or an element.
export function alertBox({ kind = 'bad', what, why, served, todo, more }) {
  const parts = [served, todo].filter(isThere).flatMap((p, i) => (i > 0 ? [' ', p] : [p]));
  return el('div', { class: `alert ${kind}` }, icon(kind === 'bad' ? 'failed' : 'held'),
    el('div', {}, el('b', {}, what), isThere(why) && ' ', why, parts.length > 0 && el('p', {}, ...parts), more));
}

// A tab that is beyond an end of a narrow bar comes into sight, once the bar is in the page.
export function bringTab(bar, tab) {
  requestAnimationFrame(() => {
    const isSeen = tab.offsetLeft >= bar.scrollLeft && tab.offsetLeft + tab.offsetWidth <= bar.scrollLeft + bar.clientWidth;
    if (!isSeen) bar.scrollLeft = tab.offsetLeft - bar.clientWidth / 4;
  });
}

let serial = 0;

// items: [{name, node}]; node may be a function that makes it when it is first seen.
// One alone has no tabs. selected is a name, and onselect is told of another one.
export function tabs(items, label, { selected, onselect } = {}) {
  const made = (item) => (typeof item.node === 'function' ? item.node() : item.node);
  if (items.length < 2) return el('div', {}, items.length === 1 ? made(items[0]) : '');
  const id = `tabs-${++serial}`;
  const first = Math.max(0, items.findIndex((item) => item.name === selected));
  const bar = el('div', { class: 'tabs', role: 'tablist', 'aria-label': label });
  const panes = items.map((item, i) => el('div', {
    class: 'pane', role: 'tabpanel', id: `${id}-p${i}`, 'aria-labelledby': `${id}-t${i}`, 'data-name': item.name, hidden: true,
  }));
  const buttons = items.map((item, i) => el('button', {
    type: 'button', role: 'tab', id: `${id}-t${i}`, 'aria-controls': `${id}-p${i}`, onclick: () => choose(i, true),
  }, item.name));
  const fill = (i) => {
    if (panes[i].childNodes.length === 0) panes[i].append(made(items[i]));
  };
  function choose(chosen, isAsked) {
    for (const [i, button] of buttons.entries()) {
      button.setAttribute('aria-selected', String(i === chosen));
      button.tabIndex = i === chosen ? 0 : -1;
      panes[i].hidden = i !== chosen;
    }
    fill(chosen);
    bringTab(bar, buttons[chosen]);
    if (isAsked) onselect?.(items[chosen].name);
  }
  bar.addEventListener('keydown', (e) => {
    const at = buttons.indexOf(e.target);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: buttons.length - 1 }[e.key];
    if (at === -1 || to === undefined || e.ctrlKey || e.altKey || e.metaKey) return;
    e.preventDefault();
    const next = (to + buttons.length) % buttons.length;
    choose(next, true);
    buttons[next].focus();
  });
  bar.append(...buttons);
  choose(first, false);
  const box = el('div', { class: 'tabbed' }, bar, ...panes);
  // On paper all are there, one below the other. Nobody waits there for what is fetched:
  // who makes such a node fills it before.
  box.fill = fill;
  box.fillAll = () => items.forEach((item, i) => typeof item.node !== 'function' && fill(i));
  return box;
}

// The children become these nodes. What stays in its place is not touched, so that
// it keeps focus and selection.
export function place(parent, nodes) {
  const wanted = new Set(nodes);
  for (const child of [...parent.childNodes]) {
    if (!wanted.has(child)) child.remove();
  }
  let at = parent.firstChild;
  for (const node of nodes) {
    if (node === at) at = at.nextSibling;
    else parent.insertBefore(node, at);
  }
}

// The path above a title: pairs of words and an address, '' where there is none.
export function crumbs(...steps) {
  return el('nav', { class: 'crumb', 'aria-label': 'Path' }, el('a', { href: '#/' }, 'Images'),
    steps.flatMap(([words, address]) => [el('span', { 'aria-hidden': 'true' }, '/'),
      address ? el('a', { href: address }, words) : el('span', {}, words)]));
}
