// Pieces that several views have.

import { el } from './page-dom.js';

let serial = 0;

// A section with a title, and soft words behind it: { node, title(soft), fill(nodes) }.
export function section(title, soft = '', ...nodes) {
  const id = `section-${++serial}`;
  const said = el('span', { class: 'soft' }, soft);
  const body = el('div', {}, nodes);
  return {
    node: el('section', { 'aria-labelledby': id }, el('h2', { id }, title, ' ', said), body), body,
    say(words) { if (said.textContent !== words) said.textContent = words; },
    fill(...more) { keeping(body, () => body.replaceChildren(...more.flat().filter((n) => n !== '' && n !== false && n !== null))); },
  };
}

// A pair of a list of facts.
export const fact = (name, values, isWide = false) => el('div', { class: isWide && 'all' }, el('dt', {}, name),
  [values].flat(1).filter((v) => v !== '' && v !== false).map((v) => el('dd', {}, v)));

const marks = 'a, button, summary, pre, input, select';
const nameIt = (e) => `${e.tagName} ${e.closest('[data-key]')?.dataset.key ?? ''} ${e.getAttribute('href') ?? e.getAttribute('aria-label') ?? e.textContent}`;

// Runs an act that makes what is in a node anew: what had focus, and what was open
// and is still there, has it and is open again.
export function keeping(node, act) {
  const had = node.contains(document.activeElement) ? nameIt(document.activeElement) : null;
  const open = new Set([...node.querySelectorAll('details[open][data-key]')].map((d) => d.dataset.key));
  act();
  for (const d of node.querySelectorAll('details[data-key]')) if (open.has(d.dataset.key)) d.open = true;
  if (had === null) return;
  [...node.querySelectorAll(marks)].find((e) => nameIt(e) === had)?.focus({ preventScroll: true });
}

// Makes something anew if what it is made of has changed: f(inputs, make).
export function whenChanged() {
  let was;
  return (inputs, make) => {
    const now = JSON.stringify(inputs);
    if (now === was) return;
    was = now;
    make();
  };
}

export const waiting = (words) => el('p', { class: 'soft' }, words);
export const failed = (error) => el('p', { class: 'bad' }, `It cannot be shown: ${error.message}.`);
