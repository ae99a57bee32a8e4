// The frame: asks what has changed every ten seconds, and shows the view that the
// address names. A view is made by a function (route, store), which gives
//	title		of the document
//	node		what stands in <main>
//	update(store)	data has changed; focus and what is open stay
//	show(route)	if it is there: another address of the same view
//	ready		if it is there: a promise; then focusRow(image) knows its rows
//	whole(is, isPaper)	if it is there: all rows in the document, or on paper
//	move(by)	if it is there: focus the next (1) or previous (-1) row

import { el, place, retime } from './page-dom.js';
import { format, imageAddress, parse } from './page-route.js';
import { resolve } from './page-reference.js';
import { makeStore } from './page-data.js';
import { home } from './page-home.js';
import { startKeys } from './page-keys.js';
import { showStrip } from './page-strip.js';
import { text } from './page-text.js';

const EVERY_MS = 10000;
const byId = (id) => document.getElementById(id);
const main = byId('main');
const store = makeStore();

// --- views ------------------------------------------------------------------------

const views = {
  home: async () => home,
  repo: async () => (await import('./page-repo.js')).repo,
  image: async () => (await import('./page-image.js')).image,
  nodes: async () => (await import('./page-nodes.js')).nodes,
  activity: async () => (await import('./page-activity.js')).activity,
};

// What stands there for a view that cannot be shown yet; tick() tries again.
function stub(title, ...words) {
  const node = el('div', {}, el('h1', { tabindex: '-1' }, title), el('p', { class: 'lead' }, ...words));
  return { title, node, update() {}, isStub: true };
}

// A file of the page does not come.
const plain = (at) => stub(at.image || 'Not here', 'This part of the page could not be loaded. ', el('a', { href: '#/' }, 'All images'));

// Nothing could be read so far: what is here is not known.
const unread = () => stub('What is mirrored cannot be read', `${store.error}. This page looks again every ten seconds.`);

// A view that fails is a part that could not be loaded: the rest goes on.
function made(make) {
  try {
    if (!store.isRead && route.view !== 'nodes') return unread();
    return make(route, store, go);
  } catch (error) {
    console.error(error);
    return plain(route);
  }
}

let current = null, route = null, address;
// Where one was in the list, to come back to: its address, how far down, which row.
let left = null;
// A link was followed, and so this is no way back.
let isLink = false;

function leave(next) {
  if (route?.view === 'home' && next.view !== 'home') left = { address, top: scrollY, row: next.image };
}

function arrive(isFirst) {
  const back = route.view === 'home' && !isLink && left?.address === address ? left : null;
  scrollTo(0, back?.top ?? 0);
  if (isFirst) return;
  if (back !== null && current.focusRow?.(back.row)) return;
  main.querySelector('h1[tabindex]')?.focus({ preventScroll: true });
}

function nameIt() {
  document.title = `${current.title} · ${location.hostname || 'CDR'}`;
  byId('address').textContent = location.href;
  for (const link of document.querySelectorAll('.nav a')) {
    const here = link.dataset.view === route.view || (link.dataset.view === 'home' && ['repo', 'image'].includes(route.view));
    if (here) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
}

// A name as some client or registry has it leads to the one that the tree has, and the
// address says so.
function whatIsMeant(next) {
  const { model } = store;
  if (!store.isRead || !['repo', 'image'].includes(next.view)) return next;
  if (next.view === 'image' ? model.image(next.image) !== null : model.repository(next.image) !== null) return next;
  const image = resolve(model, next.pasted, location.host);
  if (image === '' || image === next.image) return next;
  history.replaceState(null, '', imageAddress(image));
  return parse(location.hash);
}

async function go() {
  // Nothing is known yet: the first answer shows what is asked for.
  if (!store.isRead && store.error === '') return;
  const next = whatIsMeant(parse(location.hash)), isFirst = current === null;
  if (!isFirst && location.hash === address) return;
  leave(next);
  const isSame = !isFirst && next.view === route.view && current.show !== undefined;
  route = next;
  address = location.hash;
  const mine = address;
  if (isSame) {
    current.show(route);
    nameIt();
    isLink = false;
    return;
  }
  const make = await views[route.view]().catch(() => undefined);
  // Somebody has gone on meanwhile.
  if (mine !== location.hash) return;
  current = made(make ?? plain);
  place(main, [current.node]);
  main.dataset.view = route.view;
  nameIt();
  // A long list may take a moment.
  await current.ready;
  if (mine !== location.hash) return;
  arrive(isFirst);
  isLink = false;
  if (!isFirst) tick();
}

// --- from time to time ----------------------------------------------------------

function update() {
  if (current === null) return;
  // What was nothing may be something now.
  if (whatIsMeant(route) !== route) {
    go();
    return;
  }
  showStrip(byId('strip'), store);
  const version = text(store.summary?.version);
  byId('version').textContent = version === '' ? '' : `cdr ${version}`;
  try {
    current.update(store);
  } catch (error) {
    console.error(error);
  }
  nameIt();
}

let timer, running = false;
async function tick() {
  clearTimeout(timer);
  if (running) return;
  running = true;
  const hadFailed = store.failedAt;
  const hasNews = await store.refresh(route?.view ?? parse(location.hash).view);
  running = false;
  if (current?.isStub && store.failedAt === 0) current = null;
  if (current === null) await go();
  if (hasNews || hadFailed !== store.failedAt) update();
  else showStrip(byId('strip'), store);
  retime();
  // Nobody looks: nothing is asked for.
  clearTimeout(timer);
  if (!document.hidden) timer = setTimeout(tick, EVERY_MS);
}

document.addEventListener('visibilitychange', () => {
  if (document.hidden) clearTimeout(timer);
  else tick();
});
addEventListener('hashchange', go);
addEventListener('popstate', go);
document.addEventListener('click', (e) => {
  if (e.target.closest?.('a[href^="#"]')) isLink = true;
});
document.addEventListener('keydown', (e) => {
  // The browser looks for words in what is in the document.
  if (((e.ctrlKey || e.metaKey) && e.key === 'f') || e.key === 'F3') current?.whole?.(true, false);
});
byId('skip').addEventListener('click', () => main.focus());

// --- on paper ---------------------------------------------------------------------

addEventListener('beforeprint', () => {
  for (const box of main.querySelectorAll('.tabbed')) box.fillAll();
  current?.whole?.(true, true);
});
addEventListener('afterprint', () => current?.whole?.(false));

byId('host').textContent = location.hostname || 'CDR';
startKeys({ view: () => current, route: () => route, format });
tick();
