// A long table: above 200 rows only those near to what is seen are in the document,
// and the row that has the focus. All rows of such a table are equally high.

import { el, place } from './page-dom.js';

const MOST = 200;
const BEYOND = 10;
// On paper, and where the browser looks for words in the page.
const WHOLE = 2000;
const HEIGHT = 44;

// make(item): a row with a link of class "go"; key(item) names it, and stamp(item)
// says all that it shows.
export function makeRows({ table, body, columns, make, key, stamp }) {
  // whole: how many rows are in the document although that is many.
  let items = [], height = HEIGHT, whole = 0, wasThere = false;
  const made = new Map();
  const spaces = [];

  const isMany = () => items.length > MOST && whole === 0;
  const rowKey = (row) => row?.dataset?.key;
  const focused = () => {
    const row = document.activeElement?.closest?.('tr[data-key]');
    return row !== null && body.contains(row) ? rowKey(row) : undefined;
  };

  function rowOf(item, index) {
    const name = key(item), now = stamp(item), had = made.get(name);
    const row = had?.now === now ? had.row : make(item);
    if (had?.now !== now) made.set(name, { row, now });
    row.dataset.key = name;
    row.setAttribute('aria-rowindex', String(index + 2));
    return row;
  }

  function spaceOf(n, rows) {
    spaces[n] ??= el('tr', { class: 'space', 'aria-hidden': 'true' }, el('td', { colspan: columns }));
    spaces[n].firstChild.style.height = `${rows * height}px`;
    return spaces[n];
  }

  // The indexes that are in the document, in order.
  function wanted() {
    if (!isMany()) return items.slice(0, whole || items.length).keys();
    const top = body.isConnected ? body.getBoundingClientRect().top : 0;
    const first = Math.max(0, Math.floor(-top / height) - BEYOND);
    const end = Math.min(items.length, Math.ceil((innerHeight - top) / height) + BEYOND);
    const here = new Set();
    for (let i = Math.min(first, items.length - 1); i < end; i++) here.add(i);
    const name = focused(), at = name === undefined ? -1 : items.findIndex((item) => key(item) === name);
    if (at !== -1) here.add(at);
    return [...here].sort((a, b) => a - b);
  }

  function measure() {
    const row = body.querySelector('tr[data-key]');
    if (!isMany() || row === null || row.offsetHeight === 0 || row.offsetHeight === height) return false;
    height = row.offsetHeight;
    return true;
  }

  function draw() {
    const name = focused(), nodes = [];
    table.classList.toggle('many', isMany());
    let next = 0, gaps = 0;
    for (const i of wanted()) {
      if (i > next) nodes.push(spaceOf(gaps++, i - next));
      nodes.push(rowOf(items[i], i));
      next = i + 1;
    }
    if (next < items.length && whole === 0) nodes.push(spaceOf(gaps, items.length - next));
    place(body, nodes);
    table.setAttribute('aria-rowcount', String(items.length + 1));
    if (name !== undefined && focused() === undefined) find(name)?.focus({ preventScroll: true });
    if (made.size > 4 * MOST + nodes.length) {
      const here = new Set(nodes);
      for (const [k, { row }] of made) if (!here.has(row)) made.delete(k);
    }
    if (measure()) draw();
  }

  const find = (name) => (made.has(name) && made.get(name).row.isConnected ? made.get(name).row.querySelector('.go') : null);

  let asked = false;
  const soon = () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      wasThere ||= body.isConnected;
      if (body.isConnected) draw();
      else if (wasThere) removeEventListener('scroll', soon);
    });
  };
  addEventListener('scroll', soon, { passive: true });
  new ResizeObserver(soon).observe(table);

  // Brings a row into the document and into sight, and gives it the focus.
  function focusAt(index) {
    if (items[index] === undefined) return false;
    const name = key(items[index]);
    if (find(name) === null) {
      const top = body.getBoundingClientRect().top + scrollY + index * height;
      scrollTo(0, Math.max(0, top - innerHeight / 2));
      draw();
    }
    const link = find(name);
    link?.focus({ preventScroll: true });
    link?.closest('tr').scrollIntoView({ block: 'nearest' });
    return link !== null;
  }

  return {
    set(all) {
      items = all;
      whole = 0;
      draw();
    },
    // All rows, for the browser's own search, or the first of them, for paper. Gives
    // how many there are then.
    whole(is, isPaper) {
      whole = is && (isPaper || items.length <= WHOLE) ? WHOLE : 0;
      draw();
      return whole || items.length;
    },
    focus: (name) => focusAt(items.findIndex((item) => key(item) === name)),
    // The next (1) or the previous (-1) row. False: there is none.
    move(by) {
      const name = focused(), at = name === undefined ? -1 : items.findIndex((item) => key(item) === name);
      return focusAt(at === -1 && by < 0 ? -1 : at + by);
    },
    hasFocus: () => focused() !== undefined,
  };
}
