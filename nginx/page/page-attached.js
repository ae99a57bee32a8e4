// What belongs to an image: signatures, and what else names it as its subject.

import { copyButton, el, icon, timeElement } from './page-dom.js';
import { bytes, isObject, kindName, list, number, seconds, shortDigest, text } from './page-text.js';
import { getManifest, getReferrers } from './page-manifest.js';
import { filesOf, hostOf, isName, kindOf, orasPull, repositoryOf } from './page-pull.js';

const SHOWN = 24, LOOKED_INTO = 12;

// --- names --------------------------------------------------------------------

const SIGNATURE = /signature|\.sig\b|simplesigning/;
const predicates = [
  [/slsa\.dev\/provenance\/v?([0-9.]+)/, (m) => `Provenance, SLSA ${m[1]}`], [/slsa\.dev/, () => 'Provenance, SLSA'],
  [/spdx\.dev/, () => 'SBOM, SPDX'], [/cyclonedx\.org/, () => 'SBOM, CycloneDX'], [/cosign\/sign/, () => 'Signature'],
  [/vuln/, () => 'Scan for vulnerabilities'], [/openvex/, () => 'VEX'],
];
const typesOf = [
  [/spdx/, 'SBOM, SPDX'], [/cyclonedx/, 'SBOM, CycloneDX'], [/syft/, 'SBOM, Syft'], [/notary\.signature/, 'Signature, Notation'],
  [/cosign.*sig|simplesigning/, 'Signature, cosign'], [/sigstore\.bundle/, 'Sigstore bundle'], [/in-toto/, 'Attestation'],
  [/openvex/, 'VEX'], [/vulnerab|sarif/, 'Scan for vulnerabilities'],
];

const named = (pairs, words) => {
  for (const [pattern, name] of pairs) {
    const m = pattern.exec(words);
    if (m !== null) return typeof name === 'function' ? name(m) : name;
  }
  return '';
};

// What people call what a descriptor of a referrer is about.
export function attachmentName(descriptor) {
  const notes = isObject(descriptor?.annotations) ? descriptor.annotations : {};
  const predicate = named(predicates, text(notes['dev.sigstore.bundle.predicateType']) || text(notes['in-toto.io/predicate-type']));
  if (predicate !== '') return predicate;
  if (text(notes['dev.sigstore.bundle.content']) === 'message-signature') return 'Signature, Sigstore';
  const type = text(descriptor?.artifactType) || text(descriptor?.mediaType);
  return named(typesOf, type) || kindName(type) || 'Attachment';
}

const tails = { sig: 'Signature, cosign', att: 'Attestation, cosign', sbom: 'SBOM, cosign' };

// Tags of a repository that belong to a digest, as cosign makes them.
function companions(tag, repository) {
  const begin = `${tag.digest.replace(':', '-')}.`;
  return list(repository?.attached).filter((t) => t.tag.startsWith(begin)).map((t) => ({
    name: tails[t.tag.slice(begin.length)] ?? 'Attachment', digest: t.digest, size: t.size, created: t.published,
  }));
}

// --- what there is ------------------------------------------------------------

// [{ name, digest, size, created, files, type }]; size and files of some are looked up.
// proofs: { digest, platform } of what an index has about its build.
export async function attachments(tag, repository, proofs, isStill) {
  const index = await getReferrers(tag, tag.digest);
  const found = list(index?.manifests).filter((m) => isObject(m) && text(m.digest) !== '').map((m) => ({
    name: attachmentName(m), type: text(m.artifactType) || text(m.mediaType), digest: m.digest,
    created: text(m.annotations?.['org.opencontainers.image.created']),
  }));
  found.push(...companions(tag, repository), ...proofs.map((p) => ({ name: 'Provenance or SBOM of the build', digest: p.digest, about: p.platform })));
  const unique = [...new Map(found.map((one) => [one.digest, one])).values()];
  for (const one of unique.slice(0, LOOKED_INTO)) {
    const manifest = await getManifest(tag, one.digest).catch(() => null);
    if (!isStill()) return null;
    if (manifest === null) {
      one.isAbsent = true;
      continue;
    }
    const layers = list(manifest.layers ?? manifest.blobs).filter(isObject);
    one.size = layers.reduce((sum, l) => sum + number(l.size), 0);
    one.files = filesOf(manifest);
    one.type ??= kindOf(manifest) || text(layers[0]?.mediaType);
    const predicate = named(predicates, text(layers[0]?.annotations?.['in-toto.io/predicate-type']) || text(layers[0]?.annotations?.predicateType));
    if (predicate !== '' && !SIGNATURE.test(one.name.toLowerCase())) one.name = predicate;
  }
  return unique.filter((one) => !one.isAbsent);
}

// --- how it looks ---------------------------------------------------------------

// What is known of its signature: green for a key of the list alone.
export function signatureLine(tag) {
  if (tag.verified !== '') {
    return el('div', { class: 'line' }, el('span', { class: 'good' }, icon('verified')),
      el('div', {}, el('b', { class: 'good' }, 'Verified'), ` with ${tag.verified}`,
        el('p', {}, 'Its line in the list asks for it: a digest that this key has not signed is not published.')));
  }
  if (!tag.signed) return '';
  return el('div', { class: 'line' }, icon('unlisted'), el('div', {}, 'A signature is mirrored, and not checked',
    el('p', {}, 'With ', el('code', {}, 'signed=KEY.pub'), ' on its line in the list it is checked before it is published.')));
}

function attachmentLine(tag, one, place) {
  const here = repositoryOf(tag, place);
  const command = here !== '' && isName({ registry: tag.registry, repository: tag.repository, tag: '', digest: one.digest }) && one.files !== undefined
    ? orasPull(`${here}@${one.digest}`, { isPlain: place.protocol !== 'https:', files: one.files, folder: `attached-${shortDigest(one.digest)}` }) : '';
  return el('div', { class: 'line' }, icon('document'),
    el('div', {}, one.name, one.about && el('span', { class: 'soft' }, ` of ${one.about}`), el('p', {}, el('span', { class: 'mono', title: one.digest }, shortDigest(one.digest)),
      one.type && el('span', { title: one.type }, ` ${one.type.replace(/^application\//, '')}`),
      seconds(one.created) > 0 && [' ', timeElement(one.created)],
      command !== '' && [' ', copyButton(command, `oras for ${one.name}`, command.startsWith('oras pull') ? 'Copy oras pull' : 'Copy oras copy')])),
    el('span', { class: 'soft nb' }, one.size === undefined ? '' : bytes(one.size)));
}

export function attachedLines(tag, found, place) {
  const lines = [signatureLine(tag), ...found.slice(0, SHOWN).map((one) => attachmentLine(tag, one, place))].filter((l) => l !== '');
  if (found.length > SHOWN) lines.push(el('p', { class: 'note' }, `and ${found.length - SHOWN} more`));
  if (lines.length === 0) {
    lines.push(el('p', { class: 'soft' }, 'None is mirrored. ', el('code', {}, 'referrers=yes'), ' on its line in the list brings them along.'));
  }
  return lines;
}
