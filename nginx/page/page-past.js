// What a tag led to, and the command that sets it back.

import { command, el } from './page-dom.js';
import { moment, plural, seconds, shortDigest, text } from './page-text.js';
import { getPast, hasManifest } from './page-manifest.js';
import { isName } from './page-pull.js';

const LINES_MAX = 200, SHOWN = 8;
const line = /^(\S+) ((?:sha256:[0-9a-f]{64})|(?:sha512:[0-9a-f]{128}))(?: (.*))?$/;

// A history as cdr-layout(5) has it: [{ time, digest, isRollback }], the newest first.
// Lines that are none are left out.
export function readPast(source) {
  return text(source).split('\n').map((words) => line.exec(words)).filter((m) => m !== null && seconds(m[1]) > 0)
    .slice(-LINES_MAX).map(([, time, digest, more]) => ({ time, digest, isRollback: /(^| )rollback( |$)/.test(text(more)) })).reverse();
}

// How tags of a repository came to where they are: histories is [[tag, readPast()]].
// [{ time, tags, from, to, isRollback }], the newest first; what moved alike in one
// moment is one change. from: '' for the first.
export function changes(histories, most) {
  const all = new Map();
  for (const [tag, past] of histories) {
    for (const [i, { time, digest, isRollback }] of past.entries()) {
      const from = past[i + 1]?.digest ?? '', key = `${time} ${from} ${digest}`;
      if (!all.has(key)) all.set(key, { time, tags: [], from, to: digest, isRollback });
      all.get(key).tags.push(tag);
    }
  }
  return [...all.values()].sort((a, b) => seconds(b.time) - seconds(a.time)).slice(0, most);
}

// --- how it looks -----------------------------------------------------------------

function step(at, one, state) {
  const { isHere, isNow } = state;
  let end = el('span', { class: 'soft' }, isNow);
  if (isNow === '' && isHere === false) end = el('span', { class: 'soft' }, 'not here any more');
  if (isNow === '' && isHere === true && at.tag !== '' && isName(at)) {
    end = el('details', { class: 'rb', 'data-key': `${one.time} ${one.digest}` }, el('summary', {}, 'Roll back…'),
      command(`cdr rollback ${at.image} ${one.digest}`),
      el('p', { class: 'note' }, 'Where the tree is. The tag is held there, whatever its registry says, until ',
        el('code', {}, `cdr rollback --release ${at.image}`), '.'));
  }
  return el('div', { class: 'line past' }, el('time', { class: 'nb soft flat', datetime: one.time, title: `${one.time}` }, moment(one.time)),
    el('span', {}, el('span', { class: 'mono', title: one.digest }, `${one.digest.slice(0, 7)}${shortDigest(one.digest)}`),
      one.isRollback && el('span', { class: 'soft' }, ' set back')), end);
}

// The section's content for one tag: { node, note, older, more }, of which older is for
// paper. at.digest is what is served now.
export async function past(at, isStill, seeAll = false) {
  const steps = readPast(await getPast(at, at.reference));
  if (steps.length === 0) return { node: el('p', { class: 'soft' }, 'There is no history of it here.'), note: '', older: '', more: 0 };
  const shown = seeAll ? steps : steps.slice(0, SHOWN);
  const digests = [...new Set(shown.map((one) => one.digest))];
  const here = new Map();
  for (const digest of digests) {
    // One after the other: they are few, and the nodes come first.
    here.set(digest, digest === at.digest || await hasManifest(at, digest).catch(() => undefined));
    if (!isStill()) return null;
  }
  const all = new Set(steps.map((one) => one.digest)).size;
  const many = digests.filter((d) => here.get(d) === true).length;
  let note = plural(all, 'digest');
  if (all === digests.length && !digests.some((d) => here.get(d) === undefined)) {
    note += all === 1 ? '' : many === all ? ', all here' : `, ${many} of them here`;
  }
  const node = el('div', {}, shown.map((one, i) => step(at, one, {
    isHere: here.get(one.digest), isNow: one.digest !== at.digest ? '' : i === 0 ? 'served now' : 'the same as now',
  })));
  // Paper has the older ones, too.
  const older = steps.length > shown.length && el('div', { class: 'paper' }, steps.slice(shown.length).map((one) => step(at, one, { isNow: '' })));
  return { node, note, older, more: steps.length - shown.length };
}
