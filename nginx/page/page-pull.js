// The commands that bring one image from here, by what it is: what docker cannot run
// is never pulled with docker. Nothing here touches the document.

import { isObject, kindName, list, text } from './page-text.js';

// --- names --------------------------------------------------------------------

// A registry behind the mirror's name: a component of a name can have no colon.
const behind = (registry) => registry.replace(/:([0-9]+)$/, '_$1');

const component = '[a-z0-9]+(?:(?:[.]|__?|-+)[a-z0-9]+)*';
const nameOf = new RegExp(`^${component}(?:/${component})*$`);
const registryOf = /^(?:[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*|\[[0-9A-Fa-f:]+\])(?::[0-9]{1,5})?$/;
const tagOf = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;
const digestOf = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/;

// Does a shell, and each client, take these words as they are?
export const isName = (at) => registryOf.test(text(at?.registry)) && nameOf.test(text(at.repository)) &&
  (tagOf.test(text(at.tag)) || (text(at.tag) === '' && digestOf.test(text(at.digest))));

// What a name without a dot or a port begins with is no host to a client.
export function hostOf(place) {
  if (/[.:]/.test(place.host) || place.hostname === 'localhost') return place.host;
  return `${place.host}:${place.protocol === 'https:' ? 443 : 80}`;
}

// The folder of this page, if it is not at the top of its server.
export const prefixOf = (place) => text(place.pathname).replace(/[^/]*$/, '').replace(/\/$/, '');

// --- what it is -----------------------------------------------------------------

const IMAGE_CONFIG = /^application\/vnd\.(?:oci\.image\.config|docker\.container\.image)\.(?:v1|rootfs)/;

// The type of an artifact as its own manifest has it; '' for an image.
export function kindOf(manifest) {
  if (!isObject(manifest)) return '';
  const type = text(manifest.artifactType);
  if (type !== '') return type;
  const config = text(manifest.config?.mediaType);
  return IMAGE_CONFIG.test(config) ? '' : config;
}

const FILE = 'org.opencontainers.image.title';

// The names of the files in it, as oras has them.
export const filesOf = (manifest) => list(manifest?.layers ?? manifest?.blobs)
  .map((l) => text(l?.annotations?.[FILE])).filter((name) => name !== '');

// --- commands -------------------------------------------------------------------

// { name, text, note, path }: a command, or a file with its path.

const flag = (on, words) => (on ? ` ${words}` : '');

// "linux/arm/v7" as options of skopeo, which stand before its command.
function overrides(platform) {
  const [os, architecture, variant] = platform.replace(/\([^)]*\)/, '').split('/');
  return `--override-os ${os} --override-arch ${architecture}${flag(variant, `--override-variant ${variant}`)}`;
}

const plainPlatform = (p) => /^[a-z0-9]+\/[a-z0-9]+(\/v?[0-9a-z]+)?$/.test(p);

// What a client on a usual machine would not find: it has to be named.
function onlyFor(platforms) {
  const named = platforms.filter(plainPlatform);
  return named.length === 0 || named.includes('linux/amd64') ? '' : named[0];
}

const folderOf = (at) => `${at.repository.split('/').pop()}-${at.tag || at.digest.replace(/^[a-z0-9]+:/, '').slice(0, 12)}`;

function image(at, here, { isPlain, isSixed, isLoopback, platforms, isWhole, original }) {
  const only = onlyFor(platforms);
  const platform = flag(only, `--platform ${only}`);
  const first = only || platforms.find((p) => p === 'linux/amd64') || platforms.find(plainPlatform) || '';
  const verify = flag(isPlain, '--tls-verify=false');
  const insecure = isPlain && !isLoopback ?
    `This mirror speaks plain HTTP: dockerd needs "insecure-registries": ["${here.split('/')[0]}"].` : '';
  const noSixed = 'containers/image takes no IPv6 address: reach this mirror by a name.';
  // All of an index can be had where all of it is here; its digest stays the same then.
  const isOne = platforms.length < 2 && isWhole !== false && only === '';
  const copy = isOne ? 'skopeo copy' : isWhole === true ? 'skopeo copy --all --preserve-digests'
    : `skopeo${flag(first, first && overrides(first))} copy`;
  const folder = folderOf(at);
  return [
    { name: 'Kubernetes', text: `image: ${original}`,
      note: 'On nodes that point here the name stays as it is; the digest pins what you see on this page.' },
    { name: 'docker', text: `docker pull${platform} ${here}`, note: insecure },
    isSixed ? { name: 'podman', note: noSixed } : { name: 'podman', text: `podman pull${platform}${verify} ${here}` },
    { name: 'containerd', text: `ctr images pull${platform}${flag(isPlain, '--plain-http')} ${here}`,
      note: 'For pods: ctr -n k8s.io.' },
    isSixed ? { name: 'skopeo', note: noSixed }
      : { name: 'skopeo', text: `${copy}${flag(isPlain, '--src-tls-verify=false')} docker://${here} oci:${folder}`,
        note: isWhole !== false || first === '' ? '' : 'Not all platforms of its index are here, so one is named.' },
    { name: 'air gap', text: `cdr save ${at.image}${flag(platforms.length > 1 && first, `--platform ${first}`)} -o ${folder}.tar`,
      note: 'Where the tree is. One tar that docker, podman, ctr, nerdctl and k3s load.' },
  ];
}

// With names of files in it oras writes these; without, it would write nothing.
export function orasPull(here, { isPlain, files, folder }) {
  return files.length > 0 ? `oras pull${flag(isPlain, '--plain-http')} ${here}`
    : `oras copy${flag(isPlain, '--from-plain-http')} ${here} --to-oci-layout ${folder}`;
}

const NO_FILES = 'Its layers have no names of files, so it is copied as an OCI layout.';

// As Helm has versions: a tag cannot have the "+" of one.
const isVersion = (tag) => /^v?[0-9]+(\.[0-9]+){0,2}(-[0-9A-Za-z.-]+)?(_[0-9A-Za-z.-]+)?$/.test(tag);

function chart(at, repository, { isPlain }) {
  const plain = flag(isPlain, '--plain-http');
  const name = at.repository.split('/').pop();
  const commands = !isVersion(at.tag) ? [] : [
    { name: 'helm', text: `helm pull${plain} oci://${repository} --version ${at.tag.replace(/_/g, '+')}` },
    { name: 'install', text: `helm install${plain} my-release oci://${repository} --version ${at.tag.replace(/_/g, '+')}`,
      note: 'Helm knows --plain-http since 3.13.' },
  ];
  return [...commands, flux(at, repository, name, isPlain, 'application/vnd.cncf.helm.chart.content.v1.tar+gzip')];
}

// A whole resource. The layer of a chart is for a HelmRelease that names this in chartRef.
function flux(at, repository, name, isPlain, layer) {
  const selector = layer === '' ? '' : `  layerSelector:\n    mediaType: ${layer}\n    operation: copy\n`;
  return { name: 'Flux', path: `${name}.yaml`, text: `apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
metadata:
  name: ${name.replace(/[^a-z0-9-]+/g, '-')}
  namespace: flux-system
spec:
  interval: 10m
  url: oci://${repository}
${isPlain ? '  insecure: true\n' : ''}  ref:
    digest: ${at.digest}
${selector}`, note: layer === '' ? '' : 'A HelmRelease names it in spec.chartRef.' };
}

function artifact(at, here, pinned, { isPlain, isSixed, files }) {
  const folder = folderOf(at);
  const note = files.length > 0 ? '' : NO_FILES;
  const commands = [{ name: 'oras', text: orasPull(here, { isPlain, files, folder }), note }];
  if (at.tag !== '') commands.push({ name: 'by digest', text: orasPull(pinned, { isPlain, files, folder }), note });
  if (!isSixed) {
    commands.push({ name: 'skopeo', text: `skopeo copy${flag(isPlain, '--src-tls-verify=false')} docker://${here} dir:${folder}` });
  }
  return commands;
}

// at: { image, registry, repository, tag, digest }. what: { kind, platforms, files,
// isWhole }: kind is its type, '' for an image; isWhole, if that is
// known, says whether all is here that its index lists. place: a Location. An empty list: no client takes such a name.
export function pullCommands(at, what, place) {
  if (!isName(at)) return [];
  const isPlain = place.protocol !== 'https:', isSixed = place.hostname.startsWith('[');
  const isLoopback = /^(localhost|127\.[0-9.]+|\[::1\])$/.test(place.hostname);
  const platforms = list(what.platforms).filter((p) => text(p) !== '');
  const original = at.tag !== '' && digestOf.test(text(at.digest)) ? `${at.image}@${at.digest}` : at.image;
  const settings = { isPlain, isSixed, isLoopback, platforms, files: list(what.files), isWhole: what.isWhole, original };
  const repository = repositoryOf(at, place);
  const here = at.tag === '' ? `${repository}@${at.digest}` : `${repository}:${at.tag}`;
  const kind = kindName(what.kind);
  let commands;
  if (kind === '') {
    commands = image(at, here, settings);
    // An address cannot stand behind the mirror's name.
    if (repository === '') commands = commands.filter((c) => c.name === 'Kubernetes' || c.name === 'air gap');
    return belowPrefix(commands, place);
  }
  if (repository === '') return [];
  commands = artifact(at, here, `${repository}@${at.digest}`, settings);
  if (kind === 'Helm chart') commands = [...chart(at, repository, settings), commands[0]];
  else if (kind === 'Flux source') commands = [flux(at, repository, at.repository.split('/').pop(), isPlain, ''), ...commands];
  return belowPrefix(commands, place);
}

// Where a repository is on this mirror; '': no name of a client can say that.
export function repositoryOf(at, place) {
  const registry = behind(text(at?.registry));
  return nameOf.test(registry) ? `${hostOf(place)}/${registry}/${at.repository}` : '';
}

// Clients ask for /v2/ at the top of a host, wherever the page is.
function belowPrefix(commands, place) {
  const prefix = prefixOf(place);
  if (prefix === '') return commands;
  const note = `This page is below ${prefix}/: /v2/ of ${place.host} has to lead here, too.`;
  return commands.map((c) => (c.text === undefined || c.name === 'Kubernetes' || c.name === 'air gap' ? c
    : { ...c, note: [c.note, note].filter((w) => text(w) !== '').join(' ') }));
}
