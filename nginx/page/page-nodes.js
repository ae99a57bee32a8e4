// How a node is pointed at this mirror: what cdr node-config says, word for word, with
// this mirror's address in it. nodes.json is its output; scripts/page-nodes makes it.

import { bringTab, command, copyButton, el, place } from './page-dom.js';
import { format } from './page-route.js';
import { isObject, list, text } from './page-text.js';
import { prefixOf } from './page-pull.js';
import { fact, keeping, whenChanged } from './page-parts.js';

// The address that the file has in place of this one.
const STAND_IN = /(https?:\/\/)?cdr-mirror\.invalid:5000/g;

// For a client whose file we have not got: these are all that there are.
const names = ['containerd', 'k3s', 'rke2', 'cri-o', 'podman', 'dockerd', 'swarm', 'buildkit', 'talos', 'mesos'];

// What node-config says, with the mirror's address in it.
export const withAddress = (words, place_) => text(words).replace(STAND_IN, (_, scheme) => (scheme ? place_.origin : place_.host));

// One client as the page has it, or null: { client, title, files, then, mind, isPasted }.
export function clientOf(nodes, client, place_) {
  const row = list(nodes?.clients).find((c) => c?.client === client);
  const said = row?.[place_.protocol === 'https:' ? 'https' : 'http'];
  if (!isObject(said)) return null;
  const words = (a) => list(a).map((w) => withAddress(w, place_)).filter((w) => w !== '');
  const pasted = text(row.paste ?? said.paste);
  const files = list(said.files).filter(isObject).map((f) => ({ path: text(f.path), text: withAddress(f.text, place_) })).filter((f) => f.text !== '');
  return {
    client, title: text(row.title) || client, files: pasted !== '' && files.length === 0 ? [{ path: '', text: withAddress(pasted, place_) }] : files,
    then: words(said.then), mind: words(said.mind), isPasted: ['talos', 'mesos'].includes(client),
  };
}

// It asks here for images of Docker Hub alone, as node-config says of it.
export const isForHub = (c) => c.mind.some((m) => /docker\.io alone|Docker Hub alone/.test(m));

// --- how it looks -----------------------------------------------------------------

const step = (title, words, ...more) => el('li', {}, el('div', {}, el('h2', {}, title), el('p', {}, words), more.flat()));

function thenLines(then) {
  return then.map((t) => el('p', { class: 'note' }, `Then: ${t}.`));
}

function steps(client, said) {
  const all = [];
  const isPasted = said?.isPasted ?? ['talos', 'mesos'].includes(client);
  if (!isPasted) {
    all.push(step('Configure', 'On the node, as root. A second time it changes nothing.',
      command(`cdr node-config ${client} --mirror ${location.origin} --install`, { what: 'the command' }), thenLines(said?.then ?? [])));
  }
  if (said !== null) {
    const words = isPasted ? 'Its files are not on the node: what node-config prints goes there by hand.'
      : 'The same by hand, where cdr is not on the node. On the node the command looks which version is there.';
    all.push(step(isPasted ? 'Paste' : 'What that writes', words, said.files.map((f) => command(f.text, { path: f.path || `${said.title}` })),
      isPasted && thenLines(said.then), said.mind.map((m) => el('p', { class: 'note' }, `Note: ${m}.`))));
  } else {
    all.push(step('What that writes', 'This prints it, and writes nothing:', command(`cdr node-config ${client} --mirror ${location.origin}`)));
  }
  all.push(step('Prove it', 'Asks all that a client asks, and says what to mend first.', command(isPasted ? `cdr doctor --mirror ${location.origin}` : 'cdr doctor')));
  if (!isPasted) all.push(step('Take it back', 'All is as it was before.', command(`cdr node-config ${client} --remove`)));
  return el('ol', { class: 'steps' }, all);
}

function facts(client, said, store) {
  const isTls = location.protocol === 'https:';
  const here = store.model.registries;
  const all = said !== null && isForHub(said)
    ? [el('span', { class: 'mono' }, 'docker.io')]
    : ['every registry', ...(here.length === 0 ? [] : [el('span', { class: 'soft' }, 'Here now are images of'), ...here.map((r) => el('span', { class: 'mono' }, r))])];
  return el('dl', { class: 'facts' },
    fact('Address', [el('span', { class: 'mono' }, location.origin), copyButton(location.origin, 'the address', 'Copy address')], true),
    fact('Transport', isTls ? ['TLS', el('span', { class: 'soft' }, 'With an authority of your own, add --ca FILE.')]
      : ['Plain HTTP, no password', el('span', { class: 'soft' }, 'Anybody who reaches the port can pull.')], true),
    fact(`${client} asks it for`, all, true));
}

function prefixNote() {
  const prefix = prefixOf(location);
  return prefix === '' ? '' : el('p', { class: 'note' }, `This page is below ${prefix}/. Nodes ask for /v2/ at the top of ${location.host}: that has to lead here, too.`);
}

export function nodes(route, store) {
  let now = store, client;
  const heading = el('h1', { tabindex: '-1' }, 'Point a node here');
  const bar = el('nav', { class: 'tabs', 'aria-label': 'Client' }), two = el('div', { class: 'two keep' });
  const node = el('div', {}, heading, el('p', { class: 'lead' },
    'Names of images stay as they are. What is not here comes from the registries themselves, and so does all while the mirror is away.'), prefixNote(), bar, two);
  const ifNew = whenChanged();
  const view = { title: 'Nodes', node, update, show };

  function update(next) {
    now = next;
    const clients = list(now.nodes?.clients).filter(isObject).map((c) => text(c.client)).filter((c) => /^[a-z0-9-]+$/.test(c));
    const all = clients.length > 0 ? clients : names;
    client = all.includes(client) ? client : all[0];
    ifNew([client, now.nodes, now.model.registries], () => keeping(node, () => {
      bar.replaceChildren(...all.map((c) => el('a', { href: format({ view: 'nodes', client: c }), 'aria-current': c === client && 'page' }, c)));
      bringTab(bar, bar.children[all.indexOf(client)]);
      const said = clientOf(now.nodes, client, location);
      place(two, [steps(client, said), el('aside', {}, facts(client, said, now))]);
    }));
    view.title = `Nodes: ${client}`;
  }

  function show(to) {
    client = to.client;
    update(now);
  }
  show(route);
  return view;
}
