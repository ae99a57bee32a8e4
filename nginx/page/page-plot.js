// Plots, drawn with elements of the DOM at the size that they have: a step area for
// what there is, bars for what comes and goes.

import { el, svg } from './page-dom.js';
import { day, moment } from './page-text.js';

const HEIGHT = 154, GROUND = 130, TOP = 10, LEFT = 56, RIGHT = 4;
const DAY = 86400;
const TABLE_ROWS = 60, LEAST_POINTS = 8;

// Fewer points, or of a shorter time, show no course.
export const isEnough = (points) => points.length >= LEAST_POINTS && points.at(-1).at - points[0].at >= DAY;

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'];
const rounds = [1, 2, 4, 6, 8, 10, 12, 16, 20, 30, 40, 60, 80, 100, 120, 160, 200, 300, 400, 600, 800, 1024];

// What the axis ends with: a round number of bytes that is at least n, as [number, unit].
export function ceiling(n) {
  let i = 0;
  while (n > 1024 && i < units.length - 1) {
    n /= 1024;
    i++;
  }
  return [rounds.find((r) => r >= n) ?? Math.ceil(n), i];
}

const f = (n) => n.toFixed(1);

function axes(width, most) {
  const [top, unit] = ceiling(most);
  const y = (v) => GROUND - (v / (top * 1024 ** unit)) * (GROUND - TOP);
  const parts = [];
  for (const part of [0, 0.5, 1]) {
    const at = y(part * top * 1024 ** unit);
    parts.push(svg('line', { class: 'g', x1: LEFT, x2: width - RIGHT, y1: f(at), y2: f(at) }),
      svg('text', { x: LEFT - 8, y: f(at + 4), 'text-anchor': 'end' }, `${top * part}${part === 1 ? ` ${units[unit]}` : ''}`));
  }
  return { y, parts };
}

const dates = (width, from, to) => [svg('text', { x: LEFT, y: HEIGHT - 4 }, day(from)),
  svg('text', { x: width - RIGHT, y: HEIGHT - 4, 'text-anchor': 'end' }, day(to))];

const iso = (at) => new Date(at * 1000).toISOString();

// points: [{ at, value }], the oldest first, at in seconds.
function drawArea(points, width) {
  const from = points[0].at, to = points.at(-1).at;
  const { y, parts } = axes(width, Math.max(...points.map((p) => p.value), 1));
  const x = (at) => LEFT + ((at - from) / (to - from)) * (width - LEFT - RIGHT);
  let line = `${f(x(from))} ${f(y(points[0].value))}`;
  for (const p of points.slice(1)) line += `H${f(x(p.at))}V${f(y(p.value))}`;
  return [...parts, svg('path', { class: 'a', d: `M${f(x(from))} ${GROUND}L${line}V${GROUND}Z` }),
    svg('path', { class: 'l', d: `M${line}` }), ...dates(width, iso(from), iso(to))];
}

// buckets: [{ at, value }], each as long as the next one is later.
function drawBars(buckets, width) {
  const { y, parts } = axes(width, Math.max(...buckets.map((b) => b.value), 1));
  const each = (width - LEFT - RIGHT) / buckets.length, gap = Math.min(3, each / 4);
  const bars = buckets.map((b, i) => svg('rect', {
    class: 'b', x: f(LEFT + i * each + gap / 2), width: f(each - gap), y: f(y(b.value)), height: f(GROUND - y(b.value)), rx: 1,
  }));
  return [...parts, ...bars, ...dates(width, iso(buckets[0].at), iso(buckets.at(-1).at))];
}

// The numbers as a table: the newest first; some of many.
function table(points, name, show, when) {
  const every = Math.ceil(points.length / TABLE_ROWS);
  const rows = points.filter((_, i) => (points.length - 1 - i) % every === 0).reverse();
  return el('details', { 'data-key': `table ${name}` }, el('summary', {}, 'As a table'), el('table', {},
    el('thead', {}, el('tr', {}, el('th', { scope: 'col' }, 'Time, UTC'), el('th', { scope: 'col', class: 'num' }, name))),
    el('tbody', {}, rows.map((p) => el('tr', {}, el('td', {}, when(p.at)), el('td', { class: 'num' }, show(p.value)))))));
}

// A figure: a headline number, a sentence, and the drawing. kind: "area" or "bars".
export function plot(kind, points, { headline, words, name, show, byDay }) {
  const draw = kind === 'area' ? drawArea : drawBars;
  const picture = svg('svg', { class: 'plot', role: 'img', 'aria-label': `${name}: ${headline} ${words}`, height: HEIGHT });
  let drawn = 0;
  const paint = () => {
    const width = Math.max(Math.round(picture.getBoundingClientRect().width), 200);
    if (width === drawn) return;
    drawn = width;
    picture.setAttribute('viewBox', `0 0 ${width} ${HEIGHT}`);
    picture.replaceChildren(...draw(points, width));
  };
  // Not within the observer's own turn: what is drawn may change the size again.
  new ResizeObserver(() => requestAnimationFrame(paint)).observe(picture);
  return el('figure', {}, el('figcaption', {}, el('b', {}, headline), ' ', words), picture,
    table(points, name, show, (at) => (byDay ? day(iso(at)) : moment(iso(at)))));
}

// --- points ---------------------------------------------------------------------

// Those of the last days before the newest one, and what there was when these began.
export function lastDays(points, days) {
  const from = (points.at(-1)?.at ?? 0) - days * DAY;
  const before = points.filter((p) => p.at < from).at(-1);
  const within = points.filter((p) => p.at >= from);
  return before === undefined ? within : [{ at: from, value: before.value }, ...within];
}

const steps = [1, 3, 6, 12, 24].map((hours) => hours * 3600);

// Sums of what came at some moments, in 8 to 31 equal parts of the time, of which days
// are the longest.
export function inBuckets(points, most = 31) {
  if (points.length === 0) return { every: 0, buckets: [] };
  const span = points.at(-1).at - points[0].at;
  const every = steps.find((s) => span / s <= most - 1) ?? DAY;
  const first = Math.floor(points[0].at / every), last = Math.floor(points.at(-1).at / every);
  const from = Math.max(first, last - most + 1);
  const buckets = Array.from({ length: last - from + 1 }, (_, i) => ({ at: (from + i) * every, value: 0 }));
  for (const p of points) {
    const b = buckets[Math.floor(p.at / every) - from];
    if (b !== undefined) b.value += p.value;
  }
  return { every, buckets };
}
