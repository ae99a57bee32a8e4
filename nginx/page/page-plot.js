// How the tree has grown: a step line over time, drawn with elements of the DOM.

import { bytes, count, el, list, number, seconds, svg, when } from './page-text.js';

const HEIGHT = 150;
const LEFT = 62, RIGHT = 10, TOP = 10, BOTTOM = 24;
const TABLE_ROWS = 60;

// A round number that is at least n, and whose half is one too.
function ceiling(n, base) {
  if (n <= 0) return 1;
  let unit = 1;
  while (unit * base <= n) unit *= base;
  const steps = base === 10 ? [1, 2, 4, 6, 8] : [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];
  return unit * (steps.find((step) => step * unit >= n) ?? base);
}

const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });
const hour = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });

function timeLabel(at, span) {
  return (span > 2 * 86400 ? day : hour).format(at * 1000);
}

function draw(points, get, show, base, width) {
  const from = points[0].at, to = points.at(-1).at, span = Math.max(to - from, 1);
  const top = ceiling(Math.max(...points.map(get)), base);
  const x = (at) => LEFT + (points.length === 1 ? 0.5 : (at - from) / span) * (width - LEFT - RIGHT);
  const y = (v) => HEIGHT - BOTTOM - (v / top) * (HEIGHT - TOP - BOTTOM);
  const parts = [];
  for (const v of [0, top / 2, top]) {
    parts.push(svg('line', { class: 'grid', x1: LEFT, x2: width - RIGHT, y1: y(v), y2: y(v) }));
    if (Number.isInteger(v)) {
      parts.push(svg('text', { x: LEFT - 8, y: y(v) + 4, 'text-anchor': 'end' }, show(v)));
    }
  }
  let line = `M${x(points[0].at).toFixed(1)} ${y(get(points[0])).toFixed(1)}`;
  for (const p of points.slice(1)) line += `H${x(p.at).toFixed(1)}V${y(get(p)).toFixed(1)}`;
  if (points.length > 1) {
    parts.push(svg('path', { class: 'area', d: `${line}V${y(0)}H${x(from).toFixed(1)}Z` }),
      svg('path', { class: 'line', d: line }));
  }
  parts.push(svg('circle', { class: 'dot', cx: x(to), cy: y(get(points.at(-1))), r: 3.5 }));
  parts.push(svg('text', { x: x(from), y: HEIGHT - 6, 'text-anchor': points.length > 1 ? 'start' : 'middle' },
    timeLabel(from, span)));
  if (points.length > 1) {
    parts.push(svg('text', { x: width - RIGHT, y: HEIGHT - 6, 'text-anchor': 'end' }, timeLabel(to, span)));
  }
  return parts;
}

const kinds = [
  { key: 'bytes', title: 'Content, each layer once', show: bytes, base: 1024 },
  { key: 'images', title: 'Tags and digests', show: count, base: 10 },
];

function figure(points, kind) {
  const get = (p) => p[kind.key];
  const id = `plot-${kind.key}`;
  const first = points[0], last = points.at(-1);
  const title = svg('title', { id: `${id}-t` }, kind.title);
  const desc = svg('desc', { id: `${id}-d` }, `From ${kind.show(get(first))} on ${when(first.time)} to ` +
    `${kind.show(get(last))} on ${when(last.time)}.`);
  const picture = svg('svg', {
    class: 'plot', role: 'img', 'aria-labelledby': `${id}-t ${id}-d`, height: HEIGHT,
  });
  const paint = () => {
    const width = Math.max(picture.clientWidth, 220);
    picture.setAttribute('viewBox', `0 0 ${width} ${HEIGHT}`);
    picture.replaceChildren(title, desc, ...draw(points, get, kind.show, kind.base, width));
  };
  new ResizeObserver(paint).observe(picture);
  return el('figure', {},
    el('figcaption', {}, `${kind.title}: ${kind.show(get(last))}`), picture);
}

function table(points) {
  const head = el('tr', {}, ...[['Time'], ['Content', 1], ['Layers and configs', 1], ['Tags and digests', 1],
    ['Repositories', 1]].map(([name, num]) => el('th', { scope: 'col', class: num && 'num' }, name)));
  // The newest first; some of many.
  const every = Math.ceil(points.length / TABLE_ROWS);
  const rows = points.filter((_, i) => (points.length - 1 - i) % every === 0).reverse();
  return [el('thead', {}, head), el('tbody', {}, ...rows.map((p) => el('tr', {},
    el('td', {}, when(p.time)), el('td', { class: 'num' }, bytes(p.bytes)),
    el('td', { class: 'num' }, count(p.blobs)), el('td', { class: 'num' }, count(p.images)),
    el('td', { class: 'num' }, count(p.repositories)))))];
}

export function showGrowth(history) {
  const points = list(history?.points).map((p) => ({
    time: p?.time, at: seconds(p?.time), bytes: number(p?.bytes), blobs: number(p?.blobs),
    images: number(p?.images), repositories: number(p?.repositories),
  })).filter((p) => p.at > 0).sort((a, b) => a.at - b.at);
  document.getElementById('growth').hidden = points.length === 0;
  if (points.length === 0) return;
  document.getElementById('plots').replaceChildren(...kinds.map((kind) => figure(points, kind)));
  document.getElementById('growth-table').replaceChildren(...table(points));
}
