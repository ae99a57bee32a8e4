// Addresses. What is shown is behind the "#", so that back, forward, reload and a
// pasted link work, whatever folder of a server the page is in.
//
//	#/?q=&show=&registry=&platform=&sort=	images
//	#/i/REGISTRY/NAME			a repository
//	#/i/REGISTRY/NAME:TAG, ...@DIGEST	an image; with both the one of the digest
//	#/nodes/CLIENT, #/activity

import { parseImage } from './page-text.js';

const decode = (s) => {
  try {
    return decodeURIComponent(s);
  } catch {
    return s;
  }
};
// What a name may have stays readable, but for "+", which is a space in a query. Half of
// a letter, as a damaged name may have it, is in no address.
const encode = (s) => encodeURIComponent(s.replace(/\p{Surrogate}/gu, '\ufffd')).replace(/%(2F|3A|40|2C)/g, (c) => decodeURIComponent(c));

// All that a route has. Names of the query differ from it in one place.
const filters = { q: 'q', show: 'show', registryFilter: 'registry', platform: 'platform', sort: 'sort' };

// registry, name, tag and digest are parts of image, the whole reference; pasted is what
// stands there, which may be another way to say it (page-reference.js).
export function parse(hash) {
  const [path, query = ''] = hash.replace(/^#/, '').split(/\?(.*)/s);
  const route = {
    view: 'home', image: '', registry: '', name: '', tag: '', digest: '', client: '', pasted: '',
  };
  const asked = new URLSearchParams(query);
  for (const [key, name] of Object.entries(filters)) route[key] = asked.get(name) ?? '';
  // As addresses were before there were views: #REGISTRY/NAME:TAG
  const old = /^[^/]+\/.+/.test(path);
  const [, first, rest = ''] = /^\/?([^/]*)\/?(.*)$/s.exec(old ? `/i/${path}` : path);
  if (first === 'i' && rest !== '') {
    const image = decode(rest), at = parseImage(image);
    route.pasted = query === '' ? image : `${image}?${query}`;
    route.view = at === null || at.reference === '' ? 'repo' : 'image';
    Object.assign(route, { image, registry: at?.registry ?? '', name: at?.repository ?? '', tag: at?.tag ?? '', digest: at?.digest ?? '' });
  } else if (first === 'nodes') {
    route.view = 'nodes';
    route.client = decode(rest);
  } else if (first === 'activity') {
    route.view = 'activity';
  }
  return route;
}

// The address of a route, of which all may be left out that is empty.
export function format(route) {
  let path = '#/';
  if (route.view === 'repo' || route.view === 'image') {
    const ref = `${route.tag ? `:${route.tag}` : ''}${route.digest ? `@${route.digest}` : ''}`;
    path += `i/${encode(route.image || `${route.registry}/${route.name}${ref}`)}`;
  } else if (route.view === 'nodes') {
    path += `nodes/${encode(route.client || 'containerd')}`;
  } else if (route.view === 'activity') {
    path += 'activity';
  }
  const query = Object.entries(filters).filter(([key]) => route[key])
    .map(([key, name]) => `${name}=${encode(route[key])}`).join('&');
  return query === '' ? path : `${path}?${query}`;
}

export const imageAddress = (image) => format({ view: 'image', image });
