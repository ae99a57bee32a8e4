// Words and numbers for people, and elements that are made of them. What comes
// from the tree is text and never markup: nothing here, or anywhere in the page,
// takes HTML.

export function el(name, attributes, ...children) {
  const e = document.createElement(name);
  for (const [key, value] of Object.entries(attributes ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (key === 'class') e.className = value;
    else if (key.startsWith('on')) e.addEventListener(key.slice(2), value);
    else e.setAttribute(key, value === true ? '' : String(value));
  }
  e.append(...children.filter((c) => c !== undefined && c !== null && c !== false && c !== ''));
  return e;
}

export function svg(name, attributes, ...children) {
  const e = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes ?? {})) e.setAttribute(key, String(value));
  e.append(...children);
  return e;
}

export const isNumber = (n) => typeof n === 'number' && Number.isFinite(n);
export const isObject = (o) => typeof o === 'object' && o !== null && !Array.isArray(o);
export const list = (a) => (Array.isArray(a) ? a : []);
export const text = (s) => (typeof s === 'string' ? s : '');
export const number = (n) => (isNumber(n) && n >= 0 ? n : 0);

export function bytes(n) {
  if (!isNumber(n) || n < 0) return '';
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  let i = 0;
  while (n >= 1024 && i < units.length - 1) {
    n /= 1024;
    i++;
  }
  return `${i === 0 || n >= 100 ? Math.round(n) : n.toFixed(n >= 10 ? 1 : 2)} ${units[i]}`;
}

const grouped = new Intl.NumberFormat('en');
export const count = (n) => grouped.format(number(n));
export const plural = (n, one, many = `${one}s`) => `${count(n)} ${n === 1 ? one : many}`;

// Seconds since 1970 of an RFC 3339 time; 0: there is none.
export function seconds(time) {
  const ms = Date.parse(text(time));
  return Number.isNaN(ms) ? 0 : ms / 1000;
}

const steps = [[60, 'second'], [60, 'minute'], [24, 'hour'], [30.44, 'day'], [12, 'month'], [Infinity, 'year']];
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'always' });

export function age(time, now = Date.now() / 1000) {
  const at = seconds(time);
  if (at === 0) return '';
  let n = now - at;
  // Clocks differ by a little.
  if (n < 0 && n > -90) n = 0;
  const sign = n < 0 ? 1 : -1;
  n = Math.abs(n);
  if (n < 5) return 'just now';
  for (const [size, unit] of steps) {
    if (n < size) return relative.format(sign * Math.floor(n), unit);
    n /= size;
  }
  return '';
}

const absolute = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });
export const when = (time) => (seconds(time) ? absolute.format(seconds(time) * 1000) : '');

// An age that says the moment when it is pointed at. retime() keeps all right.
export function timeElement(time) {
  if (!seconds(time)) return '';
  return el('time', { datetime: time, title: when(time) }, age(time));
}

export function retime(root = document) {
  for (const t of root.querySelectorAll('time[datetime]')) {
    const now = age(t.getAttribute('datetime'));
    if (t.textContent !== now) t.textContent = now;
  }
}

export function duration(ms) {
  if (!isNumber(ms)) return '';
  if (ms < 1000) return `${ms} ms`;
  if (ms < 120000) return `${(ms / 1000).toFixed(1)} s`;
  return ms < 7200000 ? `${Math.round(ms / 60000)} min` : `${(ms / 3600000).toFixed(1)} h`;
}

// "registry/name/name:tag" or "...@digest", as "cdr ls" prints it. Null: it is none.
export function parseImage(image) {
  const found = /^([^/]+)\/((?:[^/]+\/)*[^/:@]+)(?::([^/:@]+)|@([a-z0-9]+:[0-9a-f]+))$/.exec(text(image));
  if (found === null) return null;
  return {
    image, registry: found[1], repository: found[2], tag: found[3] ?? '',
    reference: found[3] ?? found[4],
  };
}

export const shortDigest = (digest) => text(digest).replace(/^([a-z0-9]+:)?([0-9a-f]{12}).*$/, '$2');

// --- copying ------------------------------------------------------------

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
  near.focus();
  return done;
}

export function say(message) {
  const said = document.getElementById('said');
  said.textContent = '';
  // A live region speaks when it changes.
  setTimeout(() => { said.textContent = message; }, 30);
}

export function copyButton(value, what, label = 'Copy') {
  const button = el('button', { type: 'button', class: 'copy', 'aria-label': `Copy ${what}` }, label);
  button.addEventListener('click', async () => {
    const done = await toClipboard(value, button);
    button.textContent = done ? 'Copied' : 'Select and copy by hand';
    say(done ? `Copied ${what}` : `Could not copy ${what}`);
    setTimeout(() => { button.textContent = label; }, 1600);
  });
  return button;
}

export function codeBlock(value, where, what = where) {
  return el('div', { class: 'code' },
    el('div', { class: 'where' }, el('span', {}, where), copyButton(value, what)),
    el('pre', { tabindex: '0', role: 'region', 'aria-label': what }, el('code', {}, value)));
}
