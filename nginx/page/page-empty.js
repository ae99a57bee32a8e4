// The first visit: nothing is mirrored yet, and what is to be done. The frame looks
// again by itself, and then this makes room for the list.

import { command, el, isPlain, origin } from './page-dom.js';

const code = (words) => el('code', { class: 'nb' }, words);

function step(title, words, ...more) {
  return el('li', {}, el('div', {}, el('h2', {}, title), el('p', {}, ...words), ...more));
}

export function emptyMirror() {
  const done = step('Serve a folder', ['Done: you are reading this from it.']);
  done.className = 'done';
  const list = 'default platform=linux/amd64,linux/arm64\nalpine:3.20\nnginx  tags=semver:>=1.26  newest=3\nghcr.io/fluxcd/source-controller:v1.4.1\n';
  return el('div', {},
    el('h1', { tabindex: '-1' }, 'Nothing is mirrored yet'),
    el('p', { class: 'lead' }, 'nginx serves a folder, and it is empty. Three steps are left; this page looks again every ten seconds.'),
    el('ol', { class: 'steps' }, done,
      step('Say what to mirror', ['One image a line, named as with docker pull.'], command(list, { path: 'images.list' })),
      step('Bring it here', ['Where the folder is; without ', code('-r'), ' it is /srv/cdr. ', code('--plan'), ' says first what it would cost.'],
        command('cdr sync -r /srv/cdr -i images.list'),
        el('p', { class: 'note' }, 'No internet here? ', code('cdr import'), ' takes a bundle from another site.')),
      step('Point a node here', ['It may be done now: what is not here yet comes from its registry.'],
        command(`cdr node-config containerd --mirror ${origin()} --install`),
        isPlain() && el('p', { class: 'note' }, 'This is plain HTTP: anybody who reaches the port can pull.'),
        el('p', { class: 'note' }, el('a', { href: '#/nodes/k3s' }, 'k3s, RKE2, CRI-O, podman, dockerd and others')))));
}
