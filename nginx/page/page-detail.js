// One image: what the page knows of it at once, then what its manifests say,
// which are fetched as a node would fetch them, from /v2/ of this server.

import { bytes, copyButton, count, duration, el, isObject, list, number, parseImage, plural, seconds, shortDigest, text,
  timeElement, when } from './page-text.js';
import { getImages } from './page-data.js';
import { findImage, imageCount } from './page-list.js';
import { pullCommands } from './page-nodes.js';

const MANIFEST_MAX = 4 << 20;
const CONFIG_MAX = 4 << 20;
const LAYERS = 200, PLATFORMS = 100, NEIGHBOURS = 12, TEXT = 600;
const STATUS_IMAGES = 50000;
const types = [
  'application/vnd.oci.image.index.v1+json', 'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json', 'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.oci.artifact.manifest.v1+json',
].join(', ');

let turn = 0;
let body;

// --- fetching ---------------------------------------------------------------

const path = (at, kind, reference) =>
  `/v2/${[at.registry, ...at.repository.split('/')].map(encodeURIComponent).join('/')}/${kind}/${encodeURIComponent(reference)}`;

async function fetchJson(url, most, accept) {
  const reply = await fetch(url, { headers: accept ? { Accept: accept } : {}, credentials: 'omit' });
  if (reply.status === 404) return null;
  if (!reply.ok) throw new Error(`${reply.status} ${reply.statusText}`);
  if (Number(reply.headers.get('Content-Length')) > most) {
    await reply.body?.cancel();
    throw new Error(`more than ${bytes(most)}`);
  }
  return reply.json();
}

// The last list of blobs, until that of images is another one.
const blobs = { stamp: undefined, value: undefined };

export function forgetBlobs(stamp) {
  if (stamp !== blobs.stamp) Object.assign(blobs, { stamp, value: undefined });
}

async function whoHasWhat() {
  blobs.value ??= getImages('blobs').then((all) => {
    const images = new Map(), having = new Map();
    for (const row of list(all?.images)) {
      if (parseImage(row?.image) === null) continue;
      const has = list(row.blobs).filter((b) => Array.isArray(b) && typeof b[0] === 'string');
      images.set(row.image, has);
      for (const [key] of has) {
        if (!having.has(key)) having.set(key, []);
        having.get(key).push(row.image);
      }
    }
    return { images, having };
  });
  return blobs.value;
}

const keyOf = (digest) => text(digest).replace(/^[a-z0-9]+:/, '').slice(0, 16);

// --- pieces -------------------------------------------------------------------

const fact = (name, ...value) => [el('dt', {}, name), el('dd', {}, ...value)];
const cut = (s) => (s.length > TEXT ? `${s.slice(0, TEXT)}…` : s);

function section(title, ...parts) {
  return el('section', {}, el('h3', {}, title), ...parts);
}

function basics(t) {
  const signature = t.signed ? el('span', { class: 'good' }, 'a signature is mirrored with it (not checked here)')
    : 'no signature is mirrored';
  return el('dl', { class: 'facts' },
    ...fact('Digest', el('span', { class: 'mono' }, t.digest), copyButton(t.digest, 'digest')),
    ...fact('Published', timeElement(t.published), t.published === '' ? 'not known' : ` (${when(t.published)})`),
    ...fact('Size', `${bytes(t.size)}, of which ${bytes(t.own)} in no other tag`),
    ...fact('Platforms', t.platforms.length > 0 ? t.platforms.join(', ') : 'none named'),
    ...fact('Signatures', signature),
    ...(t.broken ? fact('Trouble', el('span', { class: 'bad' }, 'its manifests could not be read when this was written')) : []));
}

// --- layers ---------------------------------------------------------------------

function sharedText(having, digest, image) {
  const others = (having?.get(keyOf(digest)) ?? []).filter((i) => i !== image);
  return others.length === 0 ? '' : plural(others.length, 'other tag');
}

function layerTable(manifest, config, having, image) {
  const layers = list(manifest.layers ?? manifest.blobs).filter(isObject);
  const total = Math.max(1, ...layers.map((l) => number(l.size)));
  const made = list(config?.history).filter((h) => isObject(h) && h.empty_layer !== true);
  const rows = layers.slice(0, LAYERS).map((l, i) => {
    const by = made.length === layers.length ? text(made[i].created_by) : '';
    const fill = el('span', {});
    fill.style.width = `${(100 * number(l.size)) / total}%`;
    return el('tr', {},
      el('td', {}, el('span', { class: 'mono', title: text(l.digest) }, shortDigest(l.digest)),
        by && el('div', { class: 'by' }, cut(by)),
        el('div', { class: 'by' }, text(l.annotations?.['org.opencontainers.image.title']))),
      el('td', { class: 'num' }, bytes(number(l.size)), el('span', { class: 'bar-box', 'aria-hidden': 'true' }, fill)),
      el('td', {}, sharedText(having, l.digest, image)));
  });
  const more = layers.length > LAYERS ? el('p', { class: 'hint' }, `and ${count(layers.length - LAYERS)} more`) : '';
  return [el('table', { class: 'layers' },
    el('thead', {}, el('tr', {}, el('th', { scope: 'col' }, plural(layers.length, 'layer')),
      el('th', { scope: 'col', class: 'num' }, 'Size'), el('th', { scope: 'col' }, 'Shared with'))),
    el('tbody', {}, ...rows)), more];
}

function configFacts(config, manifest) {
  const c = isObject(config?.config) ? config.config : {};
  const words = (a) => list(a).filter((w) => typeof w === 'string').map((w) => JSON.stringify(w)).join(' ');
  const pairs = [
    ['Created', seconds(config?.created) > 0 ? when(config.created) : ''],
    ['Artifact type', text(manifest.artifactType)],
    ['Configuration', text(manifest.config?.mediaType)],
    ['Entrypoint', words(c.Entrypoint)], ['Command', words(c.Cmd)],
    ['User', text(c.User)], ['Working folder', text(c.WorkingDir)],
    ['Ports', isObject(c.ExposedPorts) ? Object.keys(c.ExposedPorts).join(' ') : ''],
    ['Stop signal', text(c.StopSignal)],
  ].filter(([, value]) => value !== '');
  const parts = [el('dl', { class: 'facts' }, ...pairs.flatMap(([name, value]) => fact(name, el('span', { class: 'mono' }, cut(value)))))];
  for (const [name, lines] of [
    ['Environment', list(c.Env).filter((e) => typeof e === 'string')],
    ['Labels', isObject(c.Labels) ? Object.entries(c.Labels).map(([k, v]) => `${k} = ${text(v)}`) : []],
    ['Annotations', isObject(manifest.annotations) ? Object.entries(manifest.annotations).map(([k, v]) => `${k} = ${text(v)}`) : []],
  ]) {
    if (lines.length > 0) {
      parts.push(el('details', { class: 'quiet' }, el('summary', {}, `${name} (${lines.length})`),
        el('pre', { tabindex: '0' }, lines.slice(0, 200).map(cut).join('\n'))));
    }
  }
  return parts;
}

async function showManifest(t, manifest, place) {
  place.replaceChildren(el('p', { class: 'hint' }, 'Reading its configuration…'));
  const descriptor = manifest.config;
  let config = null;
  if (isObject(descriptor) && /image(\.config)?\.v1\+json$/.test(text(descriptor.mediaType)) && number(descriptor.size) <= CONFIG_MAX) {
    config = await fetchJson(path(t, 'blobs', text(descriptor.digest)), CONFIG_MAX).catch(() => null);
  }
  const known = await whoHasWhat().catch(() => null);
  place.replaceChildren(...configFacts(config, manifest), ...layerTable(manifest, config, known?.having, t.image));
}

// As "cdr ls" writes it: without the variant that goes without saying.
const platformName = (p) => {
  if (!isObject(p)) return '';
  const version = text(p['os.version']);
  const plain = /^(arm64\/v?8|amd64\/v?1)$/.test(`${text(p.architecture)}/${text(p.variant)}`);
  return [`${text(p.os)}${version === '' ? '' : `(${version})`}`, text(p.architecture), plain ? '' : text(p.variant)].filter((w) => w !== '').join('/');
};

// Of several entries for one platform: what tells them apart.
const special = (m) => [text(m.annotations?.['io.github.containers.compression.zstd']) === '' ? '' : 'zstd',
  ...list(m.platform?.['os.features']).map(text), text(m.artifactType)].filter((w) => w !== '');

async function showIndex(t, index, place) {
  const entries = list(index.manifests).filter(isObject).slice(0, PLATFORMS);
  const inner = el('div', { 'aria-live': 'polite' });
  const picker = el('select', { id: 'platform' });
  for (const [i, m] of entries.entries()) {
    const isProof = text(m.annotations?.['vnd.docker.reference.type']) === 'attestation-manifest';
    picker.append(el('option', { value: i }, isProof ? `attestation ${shortDigest(m.digest)}`
      : [platformName(m.platform), ...special(m)].filter((w) => w !== '').join(', ') || shortDigest(m.digest)));
  }
  let asked = 0;
  const show = async () => {
    const mine = ++asked;
    const entry = entries[picker.value];
    inner.replaceChildren(el('p', { class: 'hint' }, 'Fetching the manifest…'));
    try {
      const manifest = await fetchJson(path(t, 'manifests', text(entry.digest)), MANIFEST_MAX, types);
      if (mine !== asked) return;
      if (manifest === null) inner.replaceChildren(el('p', { class: 'hint' }, 'Not mirrored: the list leaves this platform out.'));
      else await showManifest(t, manifest, inner);
    } catch (error) {
      if (mine === asked) inner.replaceChildren(el('p', { class: 'bad' }, `It cannot be shown: ${error.message}`));
    }
  };
  picker.addEventListener('change', show);
  // The first one that is here.
  const here = entries.findIndex((m) => t.platforms.includes(platformName(m.platform)));
  picker.value = String(Math.max(here, 0));
  place.replaceChildren(el('p', { class: 'pick' }, el('label', {}, 'Platform ', picker)), inner);
  if (entries.length > 0) await show();
}

// --- what belongs to it ---------------------------------------------------------

async function attachments(t) {
  const found = [];
  const index = await fetchJson(path(t, 'referrers', t.digest), MANIFEST_MAX);
  for (const r of list(index?.manifests).filter(isObject)) {
    found.push([text(r.artifactType) || text(r.mediaType), text(r.digest),
      text(r.annotations?.['org.opencontainers.image.created'])]);
  }
  if (/^sha(256|512):/.test(t.digest)) {
    for (const [end, name] of [['sig', 'cosign signature'], ['att', 'cosign attestation'], ['sbom', 'cosign SBOM']]) {
      // Asking nginx would be a miss in its log for each image without one.
      const tag = `${t.digest.replace(':', '-')}.${end}`;
      const there = findImage(`${t.registry}/${t.repository}:${tag}`);
      if (there !== null) found.push([name, there.digest, there.published]);
    }
  }
  if (found.length === 0) return el('p', { class: 'hint' }, 'None here. "referrers=yes" in the list brings them along.');
  return el('table', {}, el('thead', {}, el('tr', {}, ...['Kind', 'Digest', 'Created'].map((h) => el('th', { scope: 'col' }, h)))),
    el('tbody', {}, ...found.slice(0, 100).map(([kind, digest, created]) => el('tr', {},
      el('td', {}, kind), el('td', { class: 'mono', title: digest }, shortDigest(digest)), el('td', {}, timeElement(created))))));
}

async function neighbours(t, choose) {
  const known = await whoHasWhat();
  const shared = new Map();
  for (const [key, size] of known.images.get(t.image) ?? []) {
    for (const other of known.having.get(key) ?? []) {
      if (other !== t.image) shared.set(other, (shared.get(other) ?? 0) + number(size));
    }
  }
  const most = [...shared].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  if (most.length === 0) return el('p', { class: 'hint' }, 'It shares no layer with another tag.');
  const rows = most.slice(0, NEIGHBOURS).map(([image, size]) => el('tr', {},
    el('td', {}, el('a', { href: `#${encodeURI(image)}`, onclick: (e) => {
      e.preventDefault();
      choose(image);
    } }, image)), el('td', { class: 'num' }, bytes(size))));
  const rest = most.length > NEIGHBOURS ? el('p', { class: 'hint' }, `and ${count(most.length - NEIGHBOURS)} more`) : '';
  return el('div', {}, el('table', {}, el('thead', {}, el('tr', {}, el('th', { scope: 'col' }, 'Tag'),
    el('th', { scope: 'col', class: 'num' }, 'In common'))), el('tbody', {}, ...rows)), rest);
}

// What a run found of many images at once is said of their group.
function statusOf(status, image) {
  const row = list(status?.images).find((i) => i?.image === image);
  const group = list(status?.groups).find((g) => isObject(g) && g.group === row?.group);
  if (group === undefined) return row;
  return { ...row, result: group.result, last_success: group.last_listed, last_listed: group.last_listed };
}

// status.json is about lists and runs; with very many images it is not worth it.
async function lastSync(t, finished) {
  if (imageCount() > STATUS_IMAGES) return '';
  const status = await getImages('status');
  if (status === null) return '';
  const row = statusOf(status, t.image);
  if (row === undefined) return el('p', { class: 'hint' }, 'It came along with another image, or before there was a status.');
  const isListed = text(row.last_listed) >= finished;
  return el('dl', { class: 'facts' },
    ...fact('Result', text(row.result).replaceAll('_', ' '), row.reason ? ` (${text(row.reason)})` : ''),
    ...(row.error ? fact('Error', cut(text(row.error))) : []),
    ...fact('Last success', timeElement(row.last_success) || 'never'),
    ...fact('On the list', isListed ? 'of the last run' : el('span', {}, 'not of the last run; last ', timeElement(row.last_listed))),
    ...fact('Fetched then', `${bytes(number(row.bytes))} in ${duration(number(row.duration_ms))}`));
}

// --- the drawer -----------------------------------------------------------------

function later(title, promise, mine) {
  const place = el('div', {}, el('p', { class: 'hint' }, 'Looking…'));
  promise.then((what) => {
    if (mine !== turn) return;
    if (what === '') place.parentElement.remove();
    else place.replaceChildren(what);
  }).catch((error) => {
    if (mine === turn) place.replaceChildren(el('p', { class: 'bad' }, `It cannot be shown: ${error.message}`));
  });
  return section(title, place);
}

export function showDetail(t, finished, choose) {
  const mine = ++turn;
  body ??= document.getElementById('drawer-body');
  document.getElementById('drawer-title').textContent = t.image;
  const content = el('div', {}, el('p', { class: 'hint' }, 'Fetching the manifest…'));
  body.replaceChildren(
    basics(t),
    section('Pull it', ...pullCommands(t, t.digest)),
    section('Content', content),
    later('Shared with', neighbours(t, choose), mine),
    later('Signatures and attachments', attachments(t), mine),
    later('In the last sync', lastSync(t, finished), mine));
  body.parentElement.scrollTop = 0;
  (async () => {
    const manifest = await fetchJson(path(t, 'manifests', t.digest), MANIFEST_MAX, types);
    if (mine !== turn) return;
    if (manifest === null) throw new Error('its manifest is not here');
    if (Array.isArray(manifest.manifests)) await showIndex(t, manifest, content);
    else await showManifest(t, manifest, content);
  })().catch((error) => {
    if (mine === turn) content.replaceChildren(el('p', { class: 'bad' }, `It cannot be shown: ${error.message}`));
  });
}

export function endDetail() {
  turn++;
  body?.replaceChildren();
}
