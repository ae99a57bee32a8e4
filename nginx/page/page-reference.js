// What people paste for an image: names as clients have them, commands, lines of files,
// addresses. Nothing here touches the document or the network.

import { parseImage } from './page-text.js';

// --- one line --------------------------------------------------------------------

const CLIENTS = new Set(['docker', 'podman', 'nerdctl', 'ctr', 'crictl', 'skopeo', 'oras', 'crane', 'regctl', 'helm', 'buildah', 'cosign', 'cdr']);
const VERBS = new Set(['pull', 'run', 'create', 'push', 'copy', 'cp', 'inspect', 'inspecti', 'save', 'verify', 'manifest', 'digest', 'install', 'template']);
// Options whose value is the next word.
const VALUES = new Set(['--platform', '--namespace', '-n', '--version', '--name', '--network', '-p', '--publish', '-v', '--volume', '-e', '--env', '-u',
  '--user', '-w', '-o', '--output', '--creds', '--authfile', '--override-os', '--override-arch', '--override-variant', '--key', '-r']);

const isOption = (word) => word.startsWith('-') && word.length > 1;

// The words of a command that are neither options nor their values.
function argumentsOf(words) {
  const found = [];
  for (let i = 0; i < words.length; i++) {
    if (!isOption(words[i])) found.push(words[i]);
    else if (VALUES.has(words[i])) i++;
  }
  return found;
}

// The word of a line that names an image: of "docker pull NAME", "FROM NAME" and
// "image: NAME". '': the line is words to search for.
export function imageWord(line) {
  const words = line.trim().split(/\s+/);
  while (['$', '#', '-', 'sudo'].includes(words[0])) words.shift();
  const first = (words[0] ?? '').toLowerCase().replace(/["'`]/g, '');
  if (words.length < 2) return words[0] ?? '';
  if (first === 'image:' || first === 'from') return argumentsOf(words.slice(1))[0] ?? '';
  if (!CLIENTS.has(first)) return '';
  const all = argumentsOf(words.slice(1));
  const named = all.find((word) => /[/:@]/.test(word) && !/^[0-9.]*:?[0-9]+:[0-9]+$/.test(word));
  return named ?? (all.length > 1 && VERBS.has(all.at(-2)) ? all.at(-1) : '');
}

// --- one word --------------------------------------------------------------------

const decode = (s) => {
  try {
    return decodeURIComponent(s);
  } catch {
    return s;
  }
};

// What a name begins with that is a registry: as it is, and as it stands behind the name of
// a mirror.
const isRegistry = (part) => /[.:]/.test(part) || part === 'localhost' || /_[0-9]+$/.test(part);

// A request of a client, as logs have it: HOST/v2/NAME/manifests/REFERENCE.
const request = /^(?:([^/]*)\/)?v2\/(.+?)\/(?:(?:manifests|blobs|referrers)\/([^/]+)|tags\/list)\/?$/;

function fromRequest([, host = '', name, reference = ''], query) {
  const of = new URLSearchParams(query).get('ns') ?? (host !== '' && !isRegistry(name.split('/')[0]) ? host : '');
  return `${of === '' ? '' : `${of}/`}${name}${reference === '' ? '' : `${/:/.test(reference) ? '@' : ':'}${reference}`}`;
}

const HUB = /^(?:index\.docker\.io|registry-1\.docker\.io|registry\.hub\.docker\.com)\//i;

// A word without what is no part of a name: quotes, escapes, a scheme, the path of a request,
// the name of this mirror (host) in front. What is none of these stays as it is.
export function bareName(word, host = '') {
  let name = word.replace(/^["'`]+|["'`,;]+$/g, '');
  if (/%(?:2f|3a|40)/i.test(name)) name = decode(name);
  // An address of this page.
  name = name.replace(/^.*#\/i\//, '');
  const isUrl = /^[a-z][a-z0-9+-]*:\/\//i.test(name);
  name = name.replace(/^[a-z][a-z0-9+-]*:\/\//i, '');
  const [path, query] = isUrl || name.includes('/v2/') || name.startsWith('v2/') ? name.split(/\?(.*)/s) : [name];
  const asked = request.exec(path.replace(/^\//, ''));
  if (asked !== null) name = fromRequest(asked, query);
  else name = path;
  if (host !== '' && name.toLowerCase().startsWith(`${host.toLowerCase()}/`)) name = name.slice(host.length + 1);
  return name.replace(/^hub\.docker\.com\/(?:_|r\/library)\/([^/]+).*$/, 'docker.io/library/$1')
    .replace(/^hub\.docker\.com\/r\/([^/]+\/[^/]+).*$/, 'docker.io/$1').replace(HUB, 'docker.io/');
}

// --- which one of the tree -----------------------------------------------------------

// Whole names that such a one may stand for, the likeliest first.
function wholeNames(name) {
  const [first, ...rest] = name.split('/');
  const all = [name];
  if (rest.length === 0) all.push(`docker.io/library/${name}`);
  else if (!isRegistry(first)) all.push(`docker.io/${name}`);
  if (first === 'docker.io' && rest.length === 1) all.push(`docker.io/library/${rest[0]}`);
  if (/_[0-9]+$/.test(first)) all.push([first.replace(/_([0-9]+)$/, ':$1'), ...rest].join('/'));
  // Behind another name of this mirror.
  if (rest.length > 1 && isRegistry(first) && isRegistry(rest[0])) all.push(...wholeNames(rest.join('/')));
  return all;
}

// Clients write digests whole; people leave the end away.
const LEAST_DIGITS = 7;

function exactly(r, tag, digest) {
  const all = [...r.tags, ...r.attached];
  let { full: image } = r;
  if (tag !== '') image += `:${(all.find((t) => t.tag === tag) ?? all.find((t) => t.tag.toLowerCase() === tag.toLowerCase()))?.tag ?? tag}`;
  if (digest === '') return image;
  const isShort = digest.length >= 'sha256:'.length + LEAST_DIGITS;
  return `${image}@${(isShort && all.find((t) => t.digest.startsWith(digest))?.digest) || digest}`;
}

// The whole name of what a line means, if its repository is in the tree: a repository or an
// image, which may be gone from it. '': nothing here fits.
export function resolve(model, line, host = '') {
  const bare = bareName(imageWord(line), host).trim().replace(/^\/+|\/+$/g, '');
  const [, named, tag = '', digest = ''] = /^(.*?)(?::([^/:@]+))?(?:@([A-Za-z0-9]+:[0-9A-Fa-f]+))?$/s.exec(bare);
  const name = named.toLowerCase();
  if (isDigest(bare)) return withDigest(model, bare.replace(/^@/, '').toLowerCase());
  if (name === '') return '';
  const known = wholeNames(name).map((full) => model.repository(full)).find((r) => r !== null) ?? onlyOne(model, `/${name}`);
  return known === null ? '' : exactly(known, tag, digest.toLowerCase());
}

const isDigest = (word) => /^@?(?:sha(?:256|512):)?[0-9a-f]{12,}$/i.test(word);

// What leads to a digest, of which the end may be left away.
function withDigest(model, digest) {
  const fits = (t) => t.digest.slice(digest.includes(':') ? 0 : t.digest.indexOf(':') + 1).startsWith(digest);
  for (const r of model.repositories) {
    if (!r.hasDigest(digest)) continue;
    const found = r.tags.find(fits) ?? r.attached.find(fits);
    if (found !== undefined) return found.image;
  }
  return '';
}

// The end of one name alone.
function onlyOne(model, end) {
  const found = model.repositories.filter((r) => r.full.endsWith(end));
  return found.length === 1 ? found[0] : null;
}

// Is it an image, and not a repository?
export const isImage = (image) => (parseImage(image)?.reference ?? '') !== '';
