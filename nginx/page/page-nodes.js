// How nodes and people get images from here, with this server's own address in it.

import { codeBlock, el } from './page-text.js';

const host = () => location.host;
const isTls = () => location.protocol === 'https:';
const base = () => `${location.protocol}//${host()}`;
const isLoopback = () => /^(localhost|127\.[0-9.]+|\[::1\])$/.test(location.hostname);

const toml = (s) => JSON.stringify(s);

function containerd() {
  return [
    el('p', {}, 'One file for every registry; containerd names the registry in each request.'),
    codeBlock(`[host.${toml(base())}]\n  capabilities = ["pull", "resolve"]\n`,
      '/etc/containerd/certs.d/_default/hosts.toml', 'hosts.toml for containerd'),
    el('p', {}, 'It is read if config.toml says where (containerd 2.x, then 1.x):'),
    codeBlock('[plugins."io.containerd.cri.v1.images".registry]\n  config_path = "/etc/containerd/certs.d"\n',
      '/etc/containerd/config.toml, 2.x', 'config.toml for containerd 2'),
    codeBlock('[plugins."io.containerd.grpc.v1.cri".registry]\n  config_path = "/etc/containerd/certs.d"\n',
      '/etc/containerd/config.toml, 1.x', 'config.toml for containerd 1'),
  ];
}

function podman(registries) {
  const conf = registries.map((r) => `[[registry]]\nlocation = ${toml(r)}\n` +
    `[[registry.mirror]]\nlocation = ${toml(`${host()}/${behind(r)}`)}\n${isTls() ? '' : 'insecure = true\n'}`).join('\n');
  return [
    el('p', {}, 'An entry for each registry that is mirrored now.'),
    codeBlock(conf, '/etc/containers/registries.conf.d/cdr.conf', 'registries.conf for podman and CRI-O'),
  ];
}

function dockerd() {
  const conf = { 'registry-mirrors': [base()] };
  if (!isTls() && !isLoopback()) conf['insecure-registries'] = [host()];
  return [
    el('p', {}, 'dockerd knows mirrors for Docker Hub only. For other images, write this address before their names.'),
    codeBlock(`${JSON.stringify(conf, null, 2)}\n`, '/etc/docker/daemon.json', 'daemon.json for dockerd'),
  ];
}

function k3s(registries) {
  // A wildcard is not honoured by all releases, so each is named.
  const conf = `mirrors:\n${registries.map((r) =>
    `  ${toml(r)}:\n    endpoint:\n      - ${toml(base())}\n`).join('')}`;
  return [
    el('p', {}, 'For RKE2 it is /etc/rancher/rke2/registries.yaml. Restart the service after a change.'),
    codeBlock(conf, '/etc/rancher/k3s/registries.yaml', 'registries.yaml for k3s'),
  ];
}

export function showClients(registries) {
  const some = registries.length > 0 ? registries : ['docker.io'];
  const clients = [['containerd', containerd()], ['podman and CRI-O', podman(some)],
    ['Docker', dockerd()], ['k3s and RKE2', k3s(some)]];
  const box = document.getElementById('clients');
  const open = new Set([...box.querySelectorAll('details[open] > summary')].map((s) => s.textContent));
  box.replaceChildren(...clients.map(([name, parts]) =>
    el('details', { open: open.has(name) }, el('summary', {}, name), ...parts)));
}

// A registry behind the mirror's name: a component of a name can have no colon.
const behind = (registry) => registry.replace(/:([0-9]+)$/, '_$1');

// Commands to pull one image, by tag and by the digest it has now.
export function pullCommands(at, digest) {
  const here = `${host()}/${behind(at.registry)}/${at.repository}`;
  const byTag = at.tag === '' ? `${here}@${digest}` : `${here}:${at.tag}`;
  const pinned = at.tag === '' ? at.image : `${at.image}@${digest}`;
  const plain = isTls() ? '' : ' --plain-http';
  const verify = isTls() ? '' : ' --tls-verify=false';
  const docker = isTls() || isLoopback() ? '' : ` (needs "insecure-registries": ["${host()}"])`;
  return [
    codeBlock(`docker pull ${byTag}`, `Docker${docker}`, 'docker pull'),
    codeBlock(`podman pull${verify} ${byTag}`, 'podman', 'podman pull'),
    codeBlock(`ctr images pull${plain} ${byTag}`, 'containerd', 'ctr images pull'),
    codeBlock(`image: ${pinned}`, 'Kubernetes, on nodes that point here; pinned to this digest',
      'image for Kubernetes'),
  ];
}
