// One image: how to pull it, what it is made of, what it was, and what belongs to it.

import { badge, command, copyButton, crumbs, el, imageLink, place, tabs, timeElement, verified } from './page-dom.js';
import { bytes, cut, day, isObject, kindName, list, moment, plural, seconds, shortDigest, text } from './page-text.js';
import { format } from './page-route.js';
import { aliases } from './page-model.js';
import { entriesOf, getConfig, getManifest, hasManifest } from './page-manifest.js';
import { filesOf, isName, kindOf, pullCommands } from './page-pull.js';
import { looseImage } from './page-tree.js';
import { known, layersOf, layerTable, ownBar, sharesMost, shareTable } from './page-layers.js';
import { past } from './page-past.js';
import { attachedLines, attachments } from './page-attached.js';
import { absent, alertsOf, failureBox, stateBadges } from './page-repo.js';
import { fact, failed, keeping, section, waiting, whenChanged } from './page-parts.js';

const MOST = 5;
// So many platforms are read without being opened.
const READ_AHEAD = 16;

// --- facts ------------------------------------------------------------------------

function typeOf(tag, kind, index) {
  if (kind !== '') return kindName(kind);
  const n = index === null ? tag.platforms.length : index.filter((e) => e.proofOf === '').length;
  return n > 1 ? `Index, ${plural(n, 'platform')}` : 'Image';
}

function listed(tag, summary) {
  if (tag.isLoose) return 'no tag leads to it';
  if (tag.isUnlisted) return tag.lastListed !== '' && seconds(tag.lastListed) > 0 ? `not since ${day(tag.lastListed)}` : 'no';
  if (tag.failure !== null) return ['yes, failed ', timeElement(summary?.finished)];
  return list(summary?.lists).length < 2 && seconds(summary?.finished) > 0 && ['ok', 'failed'].includes(summary.result) ?
    ['yes, checked ', timeElement(summary.finished)] : 'yes';
}

function facts(tag, others, kind, index, summary) {
  const sig = verified(tag);
  return el('dl', { class: 'facts' },
    fact('Digest', [el('span', { class: 'mono' }, tag.digest), copyButton(tag.digest, 'the digest', 'Copy digest')], true),
    others.length > 0 && fact('Also tagged', el('span', { class: 'tagname' }, others.map((t, i) => [i > 0 && ', ', imageLink(t.image, t.tag || shortDigest(t.digest))]).flat())),
    !tag.isLoose && fact('Published here', seconds(tag.published) > 0 ? [timeElement(tag.published), el('span', { class: 'soft' }, `${moment(tag.published)} UTC`)] : 'not known'),
    tag.size !== undefined && fact('Size', bytes(tag.size)), fact('Type', el('span', { title: kind || undefined }, typeOf(tag, kind, index))),
    !tag.isLoose && fact('Signature', sig === '' ? el('span', { class: 'soft' }, 'none mirrored') : sig), fact('In the list', el('span', {}, listed(tag, summary))));
}

// --- pull --------------------------------------------------------------------------

function pullTabs(commands, choice) {
  return tabs(commands.map(({ name, text: line, note, path }) => ({
    name, node: el('div', {}, line !== undefined && command(line, path === undefined ? { what: `the ${name} command` } : { path }), note && el('p', { class: 'note' }, note)),
  })), 'Client', { selected: choice.pull, onselect: (name) => { choice.pull = name; } });
}

// --- content -----------------------------------------------------------------------

function configuration(config, manifest) {
  const c = isObject(config?.config) ? config.config : {};
  const words = (a) => list(a).filter((w) => typeof w === 'string').map((w) => JSON.stringify(w)).join(' ');
  const pairs = (o) => (isObject(o) ? Object.entries(o).map(([key, value]) => `${key}=${text(value)}`) : []);
  const rows = [
    ['Created', moment(config?.created) && `${moment(config.created)} UTC`], ['Entrypoint', words(c.Entrypoint)], ['Command', words(c.Cmd)],
    ['User', text(c.User)], ['Folder', text(c.WorkingDir)], ['Ports', isObject(c.ExposedPorts) ? Object.keys(c.ExposedPorts).join(' ') : ''],
    ['Environment', list(c.Env).filter((e) => typeof e === 'string').join('\n')], ['Labels', pairs(c.Labels).join('\n')],
    ['Annotations', pairs(manifest.annotations).join('\n')],
  ].filter(([, value]) => text(value) !== '');
  if (rows.length === 0) return '';
  return el('details', { class: 'config', 'data-key': 'configuration' }, el('summary', {}, 'Configuration'),
    el('dl', {}, rows.map(([name, value]) => el('div', {}, el('dt', {}, name), el('dd', { class: 'mono' }, cut(value, 4000))))));
}

// The layers of one manifest, drawn anew when it is known who else has them.
async function showLayers(place_, tag, manifest, sharing) {
  const config = await getConfig(tag, manifest).catch(() => null);
  const layers = layersOf(manifest, config);
  const draw = (who) => keeping(place_, () => place_.replaceChildren(layerTable(layers, who, config !== null), ...[configuration(config, manifest)].filter((e) => e !== '')));
  draw(null);
  const who = await sharing;
  if (who !== null) draw(who);
}

// { node, ready }: ready is kept when all is in it.
function platformPane(tag, entry, sharing) {
  const pane = el('div', {}, waiting('Reading the manifest…'));
  const ready = (async () => {
    const manifest = await getManifest(tag, entry.digest);
    if (manifest === null) pane.replaceChildren(waiting('Not mirrored: its line in the list leaves this platform out.'));
    else await showLayers(pane, tag, manifest, sharing);
  })().catch((error) => pane.replaceChildren(failed(error)));
  return { node: pane, ready };
}

// The platforms of an index. rest() reads those that nobody has opened, one after the
// other, since a browser that prints does not wait; paper names what has not been read.
function platformTabs(tag, shown, sharing, choice) {
  const panes = new Map(), unread = el('p', { class: 'note paper' });
  const paneOf = (e) => {
    if (!panes.has(e)) panes.set(e, platformPane(tag, e, sharing));
    sayUnread();
    return panes.get(e);
  };
  function sayUnread() {
    const names = shown.filter((e) => !panes.has(e)).map((e) => e.name);
    unread.textContent = names.length === 0 ? '' : `Not read here, and so not on paper: ${names.join(', ')}.`;
  }
  const box = tabs(shown.map((e) => ({ name: e.name, node: () => paneOf(e).node })), 'Platform',
    { selected: choice.platform, onselect: (name) => { choice.platform = name; } });
  async function rest(isStill) {
    for (const [i, e] of shown.slice(0, READ_AHEAD).entries()) {
      if (!isStill() || !box.isConnected) return;
      await paneOf(e).ready;
      box.fill?.(i);
    }
  }
  return { nodes: [box, unread], rest };
}

// What an index lists and is here; all, if nothing is said of platforms.
function shownEntries(tag, entries) {
  const real = entries.filter((e) => e.proofOf === '');
  const here = real.filter((e) => tag.platforms.includes(e.platform));
  return { shown: here.length > 0 ? here : real, left: here.length > 0 ? real.length - here.length : 0 };
}

// Attestations of a build, with the platform that each is about.
const proofsOf = (entries) => entries.filter((e) => e.proofOf !== '').map((e) => ({
  digest: e.digest, platform: entries.find((of) => of.digest === e.proofOf)?.name ?? '',
}));

// What an address with a tag and a digest says of both, if they have parted. The digest
// is what is shown.
function parted(route, tag, model) {
  const here = model.image(`${route.registry}/${route.name}:${route.tag}`);
  const words = tag.isLoose ? ['It is still here, and no tag leads to it now. '] : [];
  if (route.tag !== '' && here === null) words.push(`The tag ${route.tag} is not here.`);
  else if (route.tag !== '' && here.digest !== tag.digest) words.push(`${route.tag} leads to another digest now: `, imageLink(here.image, shortDigest(here.digest)), '.');
  return words;
}

// --- the view ------------------------------------------------------------------------

// What is fetched of one digest, once: manifest, and what is shared, if that is known.
function contentOf(tag, store) {
  const { digestOf } = store.model;
  const manifest = getManifest(tag, tag.digest).then((m) => {
    if (m === null) throw new Error('its manifest is not here');
    return m;
  });
  manifest.catch(() => {});
  return { manifest, digestOf, sharing: store.blobs().then((b) => known(list(b?.images), tag.image, digestOf)).catch(() => null) };
}

function view(route, store) {
  const node = el('div', {});
  const heading = el('h1', { tabindex: '-1' }), title = el('div', { class: 'title' }), lead = el('p', { class: 'lead' }), alerts = el('div', {});
  const pull = section('Pull'), content = section('Content'), history = section('History');
  const attached = section('Signatures and attachments'), shares = section('Shares most with');
  const aside = el('aside', {}), body = el('div', {}, pull.node, content.node, history.node, attached.node, shares.node);
  const two = el('div', { class: 'two' }, body, aside);
  const choice = { pull: undefined, platform: undefined };
  const ifNew = { all: whenChanged(), title: whenChanged(), alerts: whenChanged(), pull: whenChanged(), facts: whenChanged(), sharing: whenChanged(), attached: whenChanged() };
  let turn = 0, got = { kind: '', files: [], entries: null, proofs: [], isWhole: undefined, isRead: false }, now = store, tag, seeAll = false;
  // Reads what is not seen yet.
  let rest = () => {};
  // Of a digest that no name leads to: whether it is here; undefined: not known yet.
  let isKept;

  const kind = () => tag.kind || got.kind;

  function showTitle() {
    ifNew.title([tag, kind()], () => keeping(title, () => title.replaceChildren(heading, ...[kind() !== '' && badge('kind', kindName(kind()), kind()),
      tag.verified !== '' && badge('verified', 'verified', `with ${tag.verified}`), ...stateBadges(tag), copyButton(tag.image, 'the name', 'Copy name')].filter((e) => e))));
    const others = aliases(now.model, tag);
    ifNew.facts([tag, others.map((t) => t.image), kind(), got.entries?.length, now.summary], () => keeping(aside, () => aside.replaceChildren(
      facts(tag, others, kind(), got.entries, now.summary))));
  }

  // Nothing is said before it is known whether docker can run it.
  function showPull() {
    const isKnown = got.isRead || tag.kind !== '' || tag.platforms.length > 0;
    const what = { kind: kind(), platforms: tag.platforms, files: got.files, isWhole: got.isWhole };
    ifNew.pull([tag.image, tag.digest, what, isKnown && (what.kind === '' || got.isRead)], () => {
      if (!isKnown || (what.kind !== '' && !got.isRead)) {
        pull.fill(waiting('Reading the manifest…'));
        return;
      }
      const commands = pullCommands(tag, what, location);
      pull.fill(commands.length > 0 ? pullTabs(commands, choice) : el('p', { class: 'soft' }, 'No client takes a name like this one.'));
    });
  }

  async function showContent(mine, all) {
    const { manifest, sharing } = all;
    content.fill(waiting('Reading the manifest…'));
    const m = await manifest;
    if (mine !== turn) return;
    const isIndex = Array.isArray(m.manifests), entries = isIndex ? entriesOf(m) : null;
    got = { ...got, kind: isIndex ? text(m.artifactType) : kindOf(m), files: filesOf(m), entries, proofs: proofsOf(list(entries)), isRead: true };
    const bar = el('div', {}), pane = el('div', {}), note = el('p', { class: 'note' });
    if (isIndex) {
      const { shown, left } = shownEntries(tag, entries);
      const all = platformTabs(tag, shown, sharing, choice);
      pane.append(...all.nodes);
      rest = () => all.rest(() => mine === turn);
      if (left > 0) note.append(`Its index lists ${plural(left, 'more platform')} that ${left === 1 ? 'is' : 'are'} not mirrored.`);
    }
    content.fill(bar, pane, note.textContent !== '' && note);
    showTitle();
    showPull();
    if (!isIndex) await showLayers(pane, tag, m, sharing);
    const who = await sharing;
    if (mine !== turn || who === null) return;
    if (kind() === '') place(bar, [ownBar(who)].filter((e) => e !== ''));
  }

  async function showShares(mine, { sharing, digestOf }) {
    shares.node.hidden = true;
    const who = await sharing;
    if (mine !== turn || who === null) return;
    got = { ...got, isWhole: who.isWhole };
    if (got.isRead || tag.platforms.length > 0) showPull();
    const most = sharesMost(who, digestOf, MOST);
    shares.node.hidden = most.length === 0;
    if (most.length > 0) shares.fill(shareTable(most, (image) => imageLink(image)));
  }

  async function showPast(mine) {
    const found = await past(tag, () => mine === turn, seeAll);
    if (found === null || mine !== turn) return;
    history.say(found.note);
    history.fill(found.node, found.older, found.more > 0 && el('p', { class: 'note' }, el('button', { type: 'button', class: 'btn', onclick: () => {
      seeAll = true;
      showPast(turn).catch((error) => history.fill(failed(error)));
    } }, `Show ${found.more} older`)));
  }

  async function showAttached(mine, { manifest }) {
    attached.fill(attachedLines(tag, [], location).filter((l) => !l.textContent.startsWith('None')), waiting('Looking…'));
    await manifest.catch(() => null);
    const found = await attachments(tag, now.model.repository(tag.full), got.proofs, () => mine === turn);
    if (found !== null && mine === turn) attached.fill(attachedLines(tag, found, location));
  }

  function begin() {
    const mine = ++turn, all = contentOf(tag, now);
    rest = () => {};
    const guard = (part, promise) => promise.catch((error) => mine === turn && part.fill(failed(error)));
    got = { kind: '', files: [], entries: null, proofs: [], isWhole: undefined, isRead: false };
    const read = guard(content, showContent(mine, all));
    all.manifest.catch(() => {
      if (mine !== turn) return;
      got = { ...got, isRead: true };
      showPull();
    });
    guard(shares, showShares(mine, all));
    guard(history, showPast(mine));
    guard(attached, read.then(() => (mine === turn ? showAttached(mine, all) : undefined))).then(() => mine === turn && rest());
  }

  const canBeKept = () => route.digest !== '' && isName({ registry: route.registry, repository: route.name, tag: '', digest: route.digest });

  async function look() {
    isKept = await hasManifest({ registry: route.registry, repository: route.name }, route.digest).catch(() => false);
    const hadFocus = node.contains(document.activeElement);
    update(now);
    if (hadFocus) node.querySelector('h1').focus({ preventScroll: true });
  }

  function update(next) {
    now = next;
    tag = next.model.image(route.image);
    if (tag === null && isKept === true) tag = looseImage({ ...route, full: `${route.registry}/${route.name}`, repository: route.name });
    if (tag === null) {
      const isAsked = canBeKept() && isKept === undefined;
      missing(route, node, next, isAsked);
      ifNew.all(null, () => { turn++; });
      if (isAsked) look();
      return;
    }
    heading.textContent = `${tag.repository.split('/').pop()}${tag.tag === '' ? `@${shortDigest(tag.digest)}` : `:${tag.tag}`}`;
    ifNew.alerts([tag.failure, tag.held, tag.broken, next.runs], () => keeping(alerts, () => alerts.replaceChildren(...alertsOf([tag], tag.failure === null ? [] : [tag.failure], next))));
    // What belongs to it may change while its digest does not.
    ifNew.all([tag.digest, tag.published, tag.verified, tag.signed, tag.referrers], begin);
    const words = parted(route, tag, next.model);
    lead.replaceChildren(...words);
    showTitle();
    showPull();
    place(node, [path, title, ...(words.length > 0 ? [lead] : []), alerts, two]);
  }

  const path = crumbs([route.registry, `#/?registry=${encodeURIComponent(route.registry)}`],
    [route.name, format({ view: 'repo', registry: route.registry, name: route.name })]);
  update(store);
  return { title: route.image, node, update };
}

// It is not here: perhaps it has failed, and never came. isAsked: that is being found out.
function missing(route, node, store, isAsked) {
  const failure = list(store.failures).find((f) => f?.image === route.image);
  const repository = store.model.repository(`${route.registry}/${route.name}`);
  node.replaceChildren(crumbs([route.registry, `#/?registry=${encodeURIComponent(route.registry)}`],
    [route.name, format({ view: 'repo', registry: route.registry, name: route.name })]),
  el('div', { class: 'title' }, el('h1', { tabindex: '-1' }, `${route.name.split('/').pop()}${route.tag === '' ? `@${shortDigest(route.digest)}` : `:${route.tag}`}`),
    failure !== undefined && badge('failed', 'failed')),
  isAsked ? waiting('Looking for its digest…') : el('p', { class: 'lead' }, failure !== undefined ? 'It is in the list, and nothing of it is here.' : absent(route.image, store.model),
    repository !== null && repository.tags.length > 0 && [' ', el('a', { href: format({ view: 'repo', registry: route.registry, name: route.name }) },
      repository.named > 0 ? `${plural(repository.named, 'other tag')} of it` : 'Others of it')]),
  ...(failure === undefined ? [] : [failureBox([failure], store)]));
}

export const image = view;
