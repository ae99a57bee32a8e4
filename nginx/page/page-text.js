// Words, numbers and times for people. Nothing here touches the document.

import { now } from './page-clock.js';

// No true figure is larger than what counts exactly.
export const isNumber = (n) => typeof n === 'number' && Math.abs(n) <= Number.MAX_SAFE_INTEGER;
export const isObject = (o) => typeof o === 'object' && o !== null && !Array.isArray(o);
export const list = (a) => (Array.isArray(a) ? a : []);
export const text = (s) => (typeof s === 'string' ? s : '');
export const number = (n) => (isNumber(n) && n >= 0 ? n : 0);
export const cut = (s, most = 400) => (s.length > most ? `${s.slice(0, most)}…` : s);

// --- numbers ------------------------------------------------------------------

const grouped = new Intl.NumberFormat('en');
export const count = (n) => grouped.format(number(n));
export const plural = (n, one, many = `${one}s`) => `${count(n)} ${n === 1 ? one : many}`;

// Units of 1024, and three digits: 3.80 MiB.
export function bytes(n) {
  if (!isNumber(n) || n < 0) return '';
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  let i = 0;
  while (n >= 999.5 && i < units.length - 1) {
    n /= 1024;
    i++;
  }
  const digits = i === 0 || n >= 99.95 ? 0 : n >= 9.995 ? 1 : 2;
  return `${n.toFixed(digits)} ${units[i]}`;
}

// --- times --------------------------------------------------------------------

const MINUTE = 60, HOUR = 3600, DAY = 86400;

// Seconds since 1970 of an RFC 3339 time; 0: there is none.
export function seconds(time) {
  const ms = Date.parse(text(time));
  return Number.isNaN(ms) ? 0 : ms / 1000;
}

// Rounded down: "38 min", "4 h", "1 day", "3 weeks", "2 months".
export function span(s) {
  if (s < MINUTE) return 'less than a minute';
  if (s < HOUR) return `${Math.floor(s / MINUTE)} min`;
  if (s < DAY) return `${Math.floor(s / HOUR)} h`;
  if (s < 14 * DAY) return plural(Math.floor(s / DAY), 'day');
  if (s < 61 * DAY) return `${Math.floor(s / (7 * DAY))} weeks`;
  if (s < 730 * DAY) return `${Math.floor(s / (30.44 * DAY))} months`;
  return `${Math.floor(s / (365.25 * DAY))} years`;
}

// Clocks differ by a little.
const LITTLE = 90;

// Of what has been. By this server's clock it may still be to come: "in 3 h" would be no
// past, so that says the day.
export function age(time) {
  const at = seconds(time), passed = now() - at;
  if (at === 0) return '';
  if (passed < -LITTLE) return day(time);
  return passed < MINUTE ? 'just now' : `${span(passed)} ago`;
}

// Of what is to come.
export function due(time) {
  const at = seconds(time), left = at - now();
  if (at === 0) return '';
  if (Math.abs(left) < MINUTE) return 'now';
  return left > 0 ? `in ${span(left)}` : `${span(-left)} ago`;
}

// "2026-11-29 10:04", in UTC as everything in the tree.
export function moment(time) {
  const at = seconds(time);
  return at === 0 ? '' : new Date(at * 1000).toISOString().slice(0, 16).replace('T', ' ');
}

const days = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' });
const years = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' });

// "2 Nov", with the year if it was another one.
export function day(time) {
  const at = new Date(seconds(time) * 1000);
  if (at.getTime() === 0) return '';
  return (at.getUTCFullYear() === new Date(now() * 1000).getUTCFullYear() ? days : years).format(at);
}

const clocks = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
export const clock = (ms) => clocks.format(ms);

export function duration(ms) {
  if (!isNumber(ms) || ms < 0) return '';
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 120000) return `${(ms / 1000).toFixed(1)} s`;
  return ms < 7200000 ? `${Math.round(ms / 60000)} min` : `${(ms / 3600000).toFixed(1)} h`;
}

// --- names --------------------------------------------------------------------

const DIGEST = /^[a-z0-9]+:[0-9a-f]+$/;

// "registry/name/name:tag@digest", as "cdr ls" prints it; tag, digest or both may be left
// out. Null: it is none. There may be very many, so it is read without a pattern.
export function parseImage(image) {
  const words = text(image), slash = words.indexOf('/'), last = words.lastIndexOf('/') + 1;
  let end = words.length, tag = '', digest = '';
  const at = words.indexOf('@', last);
  if (at !== -1) {
    digest = words.slice(at + 1);
    end = at;
    if (!DIGEST.test(digest)) return null;
  }
  const colon = words.indexOf(':', last);
  if (colon !== -1 && colon < end) {
    tag = words.slice(colon + 1, end);
    end = colon;
    if (tag === '' || tag.includes(':')) return null;
  }
  if (slash < 1 || end === last || words.includes('//')) return null;
  return {
    image: words, registry: words.slice(0, slash), repository: words.slice(slash + 1, end), full: words.slice(0, end), tag, digest, reference: tag || digest,
  };
}

export const shortDigest = (digest) => text(digest).replace(/^([a-z0-9]+:)?([0-9a-f]{12}).*$/, '$2');
export const shortPlatform = (platform) => text(platform).replace(/^linux\//, '');

const registries = { __proto__: null, 'docker.io': 'Docker Hub' };
export const registryName = (registry) => registries[text(registry)] ?? text(registry);

const kinds = [
  [/helm\.(chart|config)/, 'Helm chart'], [/in-toto|provenance|attestation/, 'Attestation'],
  [/simplesigning|notary|signature|sigstore/, 'Signature'], [/spdx|cyclonedx|sbom|syft/, 'SBOM'],
  [/model/, 'Model'], [/wasm/, 'Wasm'], [/flux/, 'Flux source'], [/tekton/, 'Tekton'], [/opa\.|policy/, 'Policy'],
];

// What people call an artifact of such a type. '': it is an image.
export function kindName(type) {
  if (text(type) === '') return '';
  return kinds.find(([pattern]) => pattern.test(type))?.[1] ?? 'Artifact';
}

const reasons = { __proto__: null, not_found: 'not found', no_room: 'no room' };
export const reasonName = (reason) => reasons[text(reason)] ?? text(reason).replaceAll('_', ' ');
