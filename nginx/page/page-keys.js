// Keys for all views. Single letters can be switched off, as WCAG 2.1.4 wants.

import { el } from './page-dom.js';

const NAME = 'cdr-single-keys';
// So long after a "g" another letter names a view.
const CHORD_MS = 900;

const isOn = () => {
  try {
    return localStorage.getItem(NAME) !== 'off';
  } catch {
    return true;
  }
};
const keep = (on) => {
  try {
    localStorage.setItem(NAME, on ? 'on' : 'off');
  } catch {
    // for this visit, then
  }
};

const isField = (e) => e.matches?.('input:not([type=checkbox]), select, textarea, [contenteditable]') === true;

// The rows of a view that has no list of its own: each has a link of class "go".
function moveInDocument(by) {
  const rows = [...document.querySelectorAll('#main .go')];
  const next = rows.indexOf(document.activeElement) + by;
  if (rows[next] === undefined) return false;
  rows[next].focus();
  return true;
}

// view(), route(): what is shown; format makes addresses.
export function startKeys({ view, route, format }) {
  const dialog = document.getElementById('keys'), letters = document.getElementById('letters');
  const open = () => {
    letters.checked = on;
    dialog.showModal();
  };
  let on = isOn(), chord = 0;
  document.getElementById('show-keys').addEventListener('click', open);
  letters.addEventListener('change', () => {
    on = letters.checked;
    keep(on);
  });
  dialog.addEventListener('click', (e) => {
    if (e.target === dialog) dialog.close();
  });

  const field = () => document.querySelector('#main input[type=search]');
  const visit = (to) => { location.hash = format(to); };

  function search() {
    if (field() === null) {
      visit({ view: 'home' });
      addEventListener('hashchange', () => setTimeout(() => field()?.focus()), { once: true });
    } else {
      field().focus();
      field().select();
    }
  }

  function up() {
    const { view: name, registry, name: repository } = route();
    if (name === 'image') visit({ view: 'repo', registry, name: repository });
    else if (name !== 'home') visit({ view: 'home' });
  }

  function move(by) {
    const act = view()?.move ?? moveInDocument;
    if (!act(by) && by < 0 && document.activeElement?.matches('.go')) field()?.focus();
  }

  const views = { __proto__: null, i: 'home', n: 'nodes', a: 'activity' };
  function letter(key) {
    if (performance.now() - chord < CHORD_MS && views[key] !== undefined) {
      chord = 0;
      visit({ view: views[key] });
      return true;
    }
    chord = key === 'g' ? performance.now() : 0;
    const act = { __proto__: null, '/': search, '?': open, j: () => move(1), k: () => move(-1), u: up }[key];
    act?.();
    return act !== undefined;
  }

  // Only the list has arrows; tabs and plain text keep theirs.
  const isInList = (e) => e === field() || e === document.body || e.matches?.('.go, h1') === true;

  document.addEventListener('keydown', (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey || e.defaultPrevented || dialog.open) return;
    if (e.key === 'ArrowDown' || e.key === 'ArrowUp') {
      if (!isInList(e.target) || document.querySelector('#main .go') === null) return;
      if (e.target === document.body && !document.activeElement?.matches('.go, input')) return;
      e.preventDefault();
      move(e.key === 'ArrowDown' ? 1 : -1);
    } else if (on && !isField(e.target) && letter(e.key)) {
      e.preventDefault();
    }
  });
}

export const keysHint = () => el('kbd', { 'aria-hidden': 'true' }, '/');
