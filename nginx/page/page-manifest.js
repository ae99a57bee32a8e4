// What a node would fetch, fetched from /v2/ of this server; and what it says.

import { bytes, isObject, list, number, text } from './page-text.js';

const BODY_MAX = 4 << 20;
const ENTRIES_MAX = 100;

const types = [
  'application/vnd.oci.image.index.v1+json', 'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json', 'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.oci.artifact.manifest.v1+json', 'application/json;q=0.5', '*/*;q=0.1',
].join(', ');

// --- fetching -------------------------------------------------------------------

// Relative, as all addresses are: the page may be in a folder of its server.
const addressOf = (at, kind, reference) =>
  `v2/${[at.registry, ...at.repository.split('/')].map(encodeURIComponent).join('/')}/${kind}/${encodeURIComponent(reference)}`;

async function fetchJson(address, accept) {
  const reply = await fetch(address, { headers: accept ? { Accept: accept } : {} });
  if (reply.status === 404) return null;
  if (!reply.ok) throw new Error(`the server answers ${reply.status}`);
  if (Number(reply.headers.get('Content-Length')) > BODY_MAX) {
    await reply.body?.cancel();
    throw new Error(`it has more than ${bytes(BODY_MAX)}`);
  }
  try {
    return await reply.json();
  } catch {
    throw new Error('it is not JSON');
  }
}

// at: { registry, repository }. Null: it is not here.
export const getManifest = (at, reference) => fetchJson(addressOf(at, 'manifests', reference), types);
export const getReferrers = (at, digest) => fetchJson(addressOf(at, 'referrers', digest));

export async function hasManifest(at, digest) {
  const reply = await fetch(addressOf(at, 'manifests', digest), { method: 'HEAD', headers: { Accept: types } });
  return reply.ok;
}

// The configuration of an image; null for what is none, or has none.
export async function getConfig(at, manifest) {
  const descriptor = manifest?.config;
  const isImage = /image(\.config)?\.v1\+json$/.test(text(descriptor?.mediaType));
  if (!isImage || text(descriptor.digest) === '' || number(descriptor.size) > BODY_MAX) return null;
  return fetchJson(addressOf(at, 'blobs', descriptor.digest));
}

// Lines of TIME DIGEST; null: there is no history.
export async function getPast(at, reference) {
  const reply = await fetch(`history/${[at.registry, ...at.repository.split('/')].map(encodeURIComponent).join('/')}/${encodeURIComponent(reference)}`,
    { cache: 'no-cache' });
  if (reply.status === 404) return null;
  if (!reply.ok) throw new Error(`the server answers ${reply.status}`);
  return reply.text();
}

// --- indexes --------------------------------------------------------------------

// As "cdr ls" writes it: without the variant that goes without saying.
export function platformName(p) {
  if (!isObject(p)) return '';
  const version = text(p['os.version']);
  const isUsual = /^(arm64\/v?8|amd64\/v?1)$/.test(`${text(p.architecture)}/${text(p.variant)}`);
  return [`${text(p.os)}${version === '' ? '' : `(${version})`}`, text(p.architecture), isUsual ? '' : text(p.variant)]
    .filter((w) => w !== '').join('/');
}

const isProof = (m) => text(m.annotations?.['vnd.docker.reference.type']) === 'attestation-manifest';

// Of several entries for one platform: what tells them apart.
const special = (m) => [text(m.annotations?.['io.github.containers.compression.zstd']) === '' ? '' : 'zstd',
  ...list(m.platform?.['os.features']).map(text), text(m.artifactType)].filter((w) => w !== '');

// What an index lists: { name, digest, size, proofOf } each, at most ENTRIES_MAX of them.
// proofOf is the digest that an attestation of a build is about.
export function entriesOf(index) {
  const seen = new Map();
  return list(index?.manifests).filter((m) => isObject(m) && text(m.digest) !== '').slice(0, ENTRIES_MAX).map((m) => {
    const plain = [platformName(m.platform), ...special(m)].filter((w) => w !== '').join(', ') || 'no platform';
    const times = (seen.get(plain) ?? 0) + 1;
    seen.set(plain, times);
    return {
      name: times > 1 ? `${plain} (${times})` : plain, platform: platformName(m.platform), digest: m.digest, size: number(m.size),
      proofOf: isProof(m) ? text(m.annotations['vnd.docker.reference.digest']) || m.digest : '',
    };
  });
}
