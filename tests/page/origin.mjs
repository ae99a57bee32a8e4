// Hostile content of the tree in a real browser: opened by its URL, in frames, and as
// a script, a style or an image. tests/scenario/138-hostile-content.sh plants it, serves
// it, and says in ORIGIN (JSON) where; all of it calls /hit, if it can.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

const { chromium } = createRequire(join(process.env.PAGE_MODULES, 'x'))('playwright-core');
const { mirror, elsewhere, loose, paths } = JSON.parse(process.env.ORIGIN);
const content = paths.filter((p) => !p.bait).map((p) => p.path);
let browser;

before(async () => {
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM,
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'],
  });
});
after(() => browser?.close());

// Opens a document of origin, has act do something, and returns what was asked or
// said that only a script, a style or a form of the content can have caused.
async function hits(url, act = () => {}, blank = false) {
  const context = await browser.newContext({ acceptDownloads: false });
  const page = await context.newPage();
  if (blank) await page.route(url, (route) => route.fulfill({ contentType: 'text/html', body: '<!DOCTYPE html><body>' }));
  const seen = [];
  page.on('dialog', (d) => {
    seen.push(`dialog ${d.message()}`);
    d.dismiss();
  });
  context.on('request', (r) => /\/hit/.test(r.url()) && seen.push(new URL(r.url()).search));
  try {
    // What is a download is no document: the page stays where it was.
    await page.goto(url).catch((e) => assert.match(e.message, /Download is starting|ERR_ABORTED/));
    await act(page);
    await page.waitForTimeout(100);
    for (const f of page.frames()) {
      const ran = await f.evaluate(() => globalThis.ran).catch(() => undefined);
      if (ran !== undefined) seen.push(`ran ${ran}`);
    }
  } finally {
    await context.close();
  }
  return seen;
}

// As an element of another page, all of them at once.
const element = (name, attribute) => (page, all) => page.evaluate(([n, a, ps]) => Promise.all(ps.map((p) => new Promise((done) => {
  const e = document.createElement(n);
  if (n === 'link') e.rel = 'stylesheet';
  e[a] = p;
  e.onload = e.onerror = done;
  setTimeout(done, 3000);
  document.body.append(e);
}))), [name, attribute, all]);
const ways = {
  script: element('script', 'src'),
  iframe: element('iframe', 'src'),
  object: element('object', 'data'),
  embed: element('embed', 'src'),
  style: element('link', 'href'),
  module: (page, all) => page.evaluate((ps) => Promise.all(ps.map((p) => import(p).catch(() => {}))), all),
  worker: (page, all) => page.evaluate((ps) => Promise.all(ps.map((p) => new Promise((done) => {
    try {
      const w = new Worker(p);
      w.onerror = done;
      w.onmessage = () => fetch('/hit?worker');
    } catch {
      done();
    }
    setTimeout(done, 1000);
  }))), all),
};

test('the content is as hostile as it should be: a careless server runs it', async () => {
  const ran = new Set();
  for (const path of paths.filter((p) => p.bait)) {
    if ((await hits(loose + path.path)).length > 0) ran.add(path.kind);
    if (path.kind === 'script' && (await hits(`${loose}/blank.html`, (page) => ways.script(page, [path.path]))).length > 0) ran.add('script');
  }
  assert.deepEqual([...ran].sort(), ['html', 'script', 'svg', 'xhtml']);
});

test('opened by its URL nothing runs', async () => {
  for (const path of content) assert.deepEqual(await hits(mirror + path), [], path);
});

for (const [name, way] of Object.entries(ways)) {
  test(`as ${name} of another page nothing runs`, async () => {
    assert.deepEqual(await hits(`${elsewhere}/blank.html`, (page) => way(page, content.map((p) => mirror + p))), []);
  });
  test(`as ${name} of a page of this origin nothing runs`, async () => {
    // A page of this origin that lets all in: the browser is told that / is one.
    assert.deepEqual(await hits(`${mirror}/`, (page) => way(page, content), true), []);
  });
}

test('types and policies are those of no page', async () => {
  for (const path of content) {
    const { headers } = await fetch(mirror + path);
    assert.equal(headers.get('content-security-policy'), "default-src 'none'; sandbox", path);
    assert.equal(headers.get('x-content-type-options'), 'nosniff', path);
    assert.match(headers.get('content-type'), /^application\/(?!(x-)?(java|ecma)script$)/, path);
  }
});

test('what is opened has no origin of its own', async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  let documents = 0;
  for (const path of content) {
    const opened = await page.goto(mirror + path).then(() => true, () => false);
    if (!opened) continue;
    // The viewer's, in which the bytes are no document.
    if (await page.evaluate(() => document.contentType) === 'application/pdf') continue;
    documents++;
    assert.equal(await page.evaluate(() => self.origin), 'null', path);
  }
  assert.ok(documents > 0, 'no document was opened at all');
  await context.close();
});

test("the mirror's page works", async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  const wrong = [];
  page.on('pageerror', (e) => wrong.push(e.message));
  page.on('console', (m) => m.type() === 'error' && wrong.push(m.text()));
  await page.goto(`${mirror}/`);
  await page.waitForSelector('#list > *');
  await page.goto(`${mirror}/#docker.io/library/app:1`);
  await page.waitForFunction(() => document.querySelector('#drawer').open &&
    !/(Looking|Fetching the manifest|Reading its configuration)…/.test(document.querySelector('#drawer-body').textContent));
  assert.match(await page.locator('#drawer-body').textContent(), /linux\/amd64|[0-9] ?[kMG]?B/);
  assert.deepEqual(wrong, []);
  await context.close();
});
