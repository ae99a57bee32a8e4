// One repository: its tags, a row a digest, and what has changed.

import { alertBox, badge, command, copyButton, crumbs, el, imageLink, place, timeElement, verified } from './page-dom.js';
import { bytes, count, cut, kindName, list, moment, parseImage, plural, reasonName, seconds, shortDigest, shortPlatform, text } from './page-text.js';
import { groups } from './page-model.js';
import { getPast } from './page-manifest.js';
import { bytesAlone } from './page-layers.js';
import { changes, readPast } from './page-past.js';
import { isName } from './page-pull.js';
import { nearest } from './page-search.js';
import { trouble } from './page-trouble.js';
import { compareTags } from './page-versions.js';
import { keeping, waiting, whenChanged } from './page-parts.js';

const PLATFORMS = 2, ALIASES = 6, CHANGES = 5, ASKED = 12, ROWS = 200;
// So many more at a time; and at most on paper, and where the browser looks for words.
const MORE = 2000;

// --- alerts -------------------------------------------------------------------------

// What has failed of these, in one box; the others are in Activity.
export function failureBox(failures, store) {
  if (failures.length === 0) return '';
  const t = trouble(failures[0], store);
  const others = failures.length - 1;
  return alertBox({ kind: 'bad', what: `${t.image.replace(/^.*\/(?=[^/]+$)/, '')} failed in the last sync: ${reasonName(t.reason)}.`, why: cut(t.why), served: t.served,
    todo: t.todo, more: [t.command !== '' && command(t.command), others > 0 && el('p', {}, el('a', { href: '#/activity' }, `${plural(others, 'other image')} failed, too`))] });
}

export function heldBox(tag) {
  const isKnown = seconds(tag.held) > 0;
  return alertBox({ kind: 'warn', what: `${tag.reference} is held${isKnown ? ` since ${moment(tag.held)} UTC` : ''}.`,
    why: 'Sync leaves this tag alone, whatever its registry says, until it is released.', more: isName(tag) && command(`cdr rollback --release ${tag.image}`) });
}

const brokenBox = (tag) => alertBox({ kind: 'bad', what: `${tag.reference} is damaged: its manifests cannot be read.`,
  todo: 'This fetches again what is bad or missing:', more: command('cdr verify --repair') });

// At most one of a kind: what matters most.
export function alertsOf(tags, failures, store) {
  const broken = tags.find((t) => t.broken), held = tags.find((t) => t.held !== '');
  return [failures.length > 0 ? failureBox(failures, store) : broken !== undefined ? brokenBox(broken) : '', held !== undefined ? heldBox(held) : '']
    .filter((box) => box !== '');
}

// --- tags ---------------------------------------------------------------------------

export function platformsOf(platforms, most = PLATFORMS) {
  if (platforms.length === 0) return '';
  const named = platforms.map(shortPlatform);
  return el('span', { title: cut(platforms.join(', '), 2000) }, named.slice(0, most).join(', '),
    named.length > most && el('span', { class: 'soft' }, ` +${named.length - most}`));
}

export function stateBadges(tag) {
  return [tag.failure && badge('failed', 'failed'), tag.broken && badge('broken', 'broken'),
    tag.held !== '' && badge('held', 'held'), tag.isUnlisted && badge('unlisted', 'unlisted')].filter((b) => b);
}

function row(group, hasSignatures) {
  const { first, tags } = group;
  const name = first.tag || `@${shortDigest(first.digest)}`;
  const others = tags.slice(1).map((t) => t.tag || `@${shortDigest(t.digest)}`);
  const marked = tags.find((t) => stateBadges(t).length > 0) ?? first;
  return el('tr', {},
    el('td', {}, imageGo(first, name), others.length > 0 && ' ', others.length > 0 && el('span', { class: 'alias', title: others.length > ALIASES ? cut(others.join(', '), 2000) : undefined },
      others.slice(0, ALIASES).join(', '), others.length > ALIASES && ` +${others.length - ALIASES}`), stateBadges(marked).map((b) => [' ', b]).flat()),
    el('td', { class: 'mono soft ph', title: first.digest }, shortDigest(first.digest)),
    el('td', { class: 'num' }, bytes(first.size)),
    el('td', { class: 'nb' }, first.kind !== '' ? badge('kind', kindName(first.kind), first.kind) : platformsOf(first.platforms)),
    el('td', { class: 'nb soft' }, timeElement(newestOf(tags))),
    hasSignatures && el('td', { class: 'up' }, verified(tags.find((t) => t.verified !== '') ?? tags.find((t) => t.signed) ?? first)));
}

function imageGo(tag, name) {
  const link = imageLink(tag.image, el('b', {}, name));
  link.className = 'go tagname';
  return link;
}

const newestOf = (tags) => tags.reduce((best, t) => (t.at > seconds(best) ? t.published : best), '');

function tagTable(shown, hasSignatures) {
  const heads = [['Tag'], ['Digest', 'ph'], ['Size', 'num'], ['Platforms'], ['Updated'], ...(hasSignatures ? [['Signature', 'up']] : [])];
  return el('table', { class: 'rows cards tags' }, el('caption', { class: 'unseen' }, 'Tags, a row for each digest'),
    el('thead', {}, el('tr', {}, heads.map(([name, kind]) => el('th', { scope: 'col', class: kind }, name)))),
    el('tbody', {}, shown.map((g) => row(g, hasSignatures))));
}

// --- what changed -----------------------------------------------------------------

const lastMoved = (r) => r.tags.filter((t) => t.tag !== '').sort((a, b) => b.at - a.at || compareTags(b.tag, a.tag)).slice(0, ASKED);

async function historyOf(asked) {
  const all = await Promise.all(asked.map(async (t) => [t.tag, readPast(await getPast(t, t.tag).catch(() => null))]));
  return changes(all, CHANGES);
}

const short = (digest) => digest.replace(/^[a-z0-9]+:/, '').slice(0, 8);

function changeLine(r, change) {
  const tags = change.tags.sort((a, b) => compareTags(b, a));
  return el('div', { class: 'line change' },
    el('span', { class: 'tagname' }, tags.slice(0, 3).map((t, i) => [i > 0 && ', ', imageLink(`${r.full}:${t}`, t)]).flat(), tags.length > 3 && ` +${tags.length - 3}`),
    el('span', { class: 'soft nb' }, timeElement(change.time)),
    el('p', { class: 'mono', title: change.from === '' ? change.to : `${change.from} → ${change.to}` },
      change.from === '' ? `new, ${short(change.to)}` : `${short(change.from)} → ${short(change.to)}`, change.isRollback && ', set back'));
}

// --- the view ----------------------------------------------------------------------

function figures(r, digests, alone) {
  const words = [plural(r.named, 'tag'), plural(digests, 'digest')];
  if (r.size !== undefined) words.push(`${bytes(r.size)} on disk`);
  if (alone !== null) words.push(`${alone === r.size ? 'all' : bytes(alone)} of it in no other repository`);
  return `${words.join(', ')}.`;
}

export function repo(route, first) {
  const { full, registry, repository: name } = nameOf(route);
  const node = el('div', {}), box = el('div', {});
  const title = el('div', { class: 'title' }), lead = el('p', { class: 'lead' }), alerts = el('div', {});
  const tags = el('div', {}), note = el('p', { class: 'note' });
  const news = el('div', {}, waiting('Reading the history…'));
  const heading = el('h1', { tabindex: '-1' }, name);
  const main = el('section', {}, el('h2', { class: 'unseen' }, 'Tags'), tags, note);
  const aside = el('aside', {}, el('h2', {}, 'What changed'), news);
  const ifNew = { alerts: whenChanged(), tags: whenChanged(), history: whenChanged(), alone: whenChanged() };
  const seen = { attached: false, most: ROWS, isWhole: false };
  let alone = null, digests = 0, turn = 0, drawn = null, store = first;

  // Of very many tags nothing is looked at again as long as the list is the same.
  function showAll(r) {
    const isSame = drawn?.model === store.model && drawn.attached === seen.attached && drawn.most === seen.most && drawn.isWhole === seen.isWhole;
    if (isSame) return;
    drawn = { model: store.model, ...seen };
    const all = groups(r);
    digests = all.length;
    lead.textContent = figures(r, digests, alone);
    ifNew.alerts([r.tags.filter((t) => t.held !== '' || t.broken), r.failures], () => keeping(alerts, () => {
      alerts.replaceChildren(...alertsOf(r.tags, r.failures, store));
    }));
    showTags(r, all);
    const asked = lastMoved(r);
    ifNew.history(asked.map((t) => [t.reference, t.digest, t.published]), async () => {
      const mine = ++turn, found = await historyOf(asked);
      if (mine !== turn) return;
      keeping(news, () => news.replaceChildren(...(found.length > 0 ? found.map((c) => changeLine(r, c)) : [waiting('There is no history of it here.')])));
    });
    ifNew.alone([store.images?.written, store.images?.index, full], async () => {
      const rows = list((await store.blobs().catch(() => null))?.images);
      alone = bytesAlone(rows, (image) => image.startsWith(`${full}:`) || image.startsWith(`${full}@`));
      await store.measure?.().catch(() => false);
      const again = store.model.repository(full);
      if (again !== null) lead.textContent = figures(again, digests, alone);
    });
  }

  function showTags(r, all) {
    const hasSignatures = r.tags.some((t) => t.signed || t.verified !== '');
    const shown = all.slice(0, seen.isWhole ? Math.max(seen.most, MORE) : seen.most);
    const rows = [...shown, ...(seen.attached ? r.attached.map((t) => ({ first: t, tags: [t] })) : [])];
    ifNew.tags([rows, all.length, r.attached.length, seen.isWhole], () => keeping(main, () => {
      tags.replaceChildren(tagTable(rows, hasSignatures));
      note.replaceChildren(...[all.some((g) => g.tags.length > 1) && 'Tags in one row have the same digest.', ...noteOf(r, shown.length, all.length)].filter((w) => w));
      note.hidden = note.childNodes.length === 0;
    }));
  }

  function noteOf(r, shown, all) {
    const left = all - shown, parts = [];
    const button = (words, act) => el('button', { type: 'button', class: 'aslink', onclick: () => {
      act();
      update(store);
    } }, words);
    if (left > 0 && seen.isWhole) parts.push(` The first ${count(shown)} of ${count(all)} rows.`);
    else if (left > 0) parts.push(` ${count(shown)} of ${count(all)} rows: `, button(`show ${count(Math.min(left, MORE))} more`, () => { seen.most += MORE; }), '.');
    if (r.attached.length > 0) {
      parts.push(` Signature tags of cosign are ${seen.attached ? 'shown, too' : 'not counted'}`,
        el('span', { class: 'screen' }, '; ', button(seen.attached ? 'hide them' : `show ${count(r.attached.length)}`, () => { seen.attached = !seen.attached; })), '.');
    }
    return parts;
  }

  function update(now) {
    store = now;
    const r = now.model.repository(full);
    const kind = r?.kind ?? '';
    keeping(title, () => title.replaceChildren(heading, ...[kind !== '' && badge('kind', kind, r.newest?.kind), ...stateOf(r),
      copyButton(full, 'the name', 'Copy name')].filter((e) => e)));
    if (r === null || r.tags.length === 0) {
      const alert = r === null ? '' : failureBox(r.failures, now);
      lead.replaceChildren(r === null ? absent(full, now.model) : 'It is in the list, and nothing of it is here.');
      place(node, [box, ...(alert === '' ? [] : [alert])]);
      return;
    }
    showAll(r);
    place(node, [box, alerts, two]);
  }

  box.append(crumbs([registry, `#/?registry=${encodeURIComponent(registry)}`]), title, lead);
  const two = el('div', { class: 'two keep' }, main, aside);
  update(first);
  // Many rows, for paper and for the browser's own search.
  function whole(isOn) {
    seen.isWhole = isOn;
    update(store);
  }
  return { title: name, node, update, whole, move: (by) => moveIn(tags, by) };
}

const stateOf = (r) => (r === null || r.state === '' ? [] : [badge(r.state === 'broken' ? 'broken' : r.state, r.state)]);

function nameOf(route) {
  const full = `${route.registry}/${route.name}`;
  return route.registry === '' ? { full: text(route.image), registry: '', repository: text(route.image) || 'Not here' }
    : { full, registry: route.registry, repository: route.name };
}

// What to say of a name that is none of the tree's, and where to go on.
export function absent(name, model) {
  const near = model.repository(parseImage(name)?.full ?? '') === null ? nearest(model, name, location.host) : null;
  return el('span', {}, `${name} is not in this mirror. `, near !== null && ['Close to it: ', imageLink(near.full), '. '], el('a', { href: '#/' }, 'All images'));
}

// Focus the next or the previous row of a table.
export function moveIn(node, by) {
  const rows = [...node.querySelectorAll('.rows .go')], at = rows.indexOf(document.activeElement);
  rows[at === -1 && by < 0 ? rows.length - 1 : Math.min(Math.max(at + by, 0), rows.length - 1)]?.focus();
}
