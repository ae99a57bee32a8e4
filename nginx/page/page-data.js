// What the page reads of this server. A list of very many images comes as two
// files, as cdr-layout(5) says: one with what has changed, and one with the rest,
// which the browser keeps as long as that is the same.

import { isObject, list, text } from './page-text.js';

export async function getText(name) {
  // The browser asks with If-None-Match, and takes its own copy after a 304.
  const reply = await fetch(name, { cache: 'no-cache', credentials: 'omit' });
  if (reply.status === 404) return null;
  if (!reply.ok) throw new Error(`${name}: ${reply.status}`);
  return reply.text();
}

export function parse(name, source) {
  if (source === null) return null;
  try {
    return JSON.parse(source);
  } catch {
    throw new Error(`${name} is not JSON`);
  }
}

const getJson = async (name) => parse(name.slice(1), await getText(name));

function merge(head, earlier, hasNews) {
  const images = new Map();
  for (const row of [...list(earlier?.images), ...(hasNews ? list(head.images) : [])]) {
    if (!isObject(row)) continue;
    if (row.gone === true) images.delete(row.image);
    else images.set(row.image, row);
  }
  return { ...head, images: [...images.values()], groups: hasNews ? head.groups : earlier?.groups };
}

// With all its images; null: there is no such list. A sync may be between the two
// files, or have died there: then the one with all of them is the newer one.
export async function getImages(name) {
  let head, earlier;
  for (let turn = 0; turn < 2; turn++) {
    head = await getJson(`/${name}.json`);
    if (!isObject(head) || text(head.earlier) === '') return head;
    earlier = await getJson(`/${name}-earlier.json`);
    if (text(earlier?.id) === head.earlier) return merge(head, earlier, true);
  }
  return merge(head, earlier, earlier === null);
}
