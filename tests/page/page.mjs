// The page in a real browser. tests/scenario/46-page.sh makes the trees, serves
// them, and says in PAGES (JSON) where; SHOTS=DIR keeps pictures to look at.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

const { chromium } = createRequire(join(process.env.PAGE_MODULES, 'x'))('playwright-core');
const { real, hostile, many, empty, bare, want, again } = JSON.parse(process.env.PAGES);
const APP = 'docker.io/library/app:1';
let browser;

before(async () => {
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM,
    // A container often has no namespaces for a sandbox, and a small /dev/shm.
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'],
  });
});
after(() => browser?.close());

const desktop = { viewport: { width: 1200, height: 900 } };
const phone = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true };

// A page that notes all that it must not do. Its end says so.
async function visit(url, options, act) {
  const { misses = false, init, ...context_ } = options;
  const context = await browser.newContext({ locale: 'en-GB', timezoneId: 'UTC', ...context_ });
  const page = await context.newPage();
  const wrong = [], requests = [];
  page.on('pageerror', (e) => wrong.push(`error: ${e.message}`));
  page.on('dialog', (d) => {
    wrong.push(`dialog: ${d.message()}`);
    d.dismiss();
  });
  page.on('console', (m) => {
    if (m.type() === 'error' && !(misses && /status of 404/.test(m.text()))) wrong.push(`console: ${m.text()}`);
  });
  page.on('request', (r) => {
    requests.push(new URL(r.url()).pathname);
    if (new URL(r.url()).origin !== new URL(url).origin) wrong.push(`request: ${r.url()}`);
    if (!['GET', 'HEAD'].includes(r.method())) wrong.push(`method: ${r.method()}`);
  });
  await page.addInitScript(() => {
    window.violations = [];
    document.addEventListener('securitypolicyviolation', (e) => window.violations.push(`${e.violatedDirective} ${e.blockedURI}`));
  });
  if (init) await page.addInitScript(init);
  await page.goto(url);
  await page.waitForFunction(() => document.querySelector('#state').textContent !== '' ||
    !document.querySelector('#trouble').hidden);
  await page.waitForSelector('#list > *');
  try {
    await act(page, requests, context);
    assert.deepEqual(await page.evaluate(() => window.violations), [], 'the policy was violated');
    assert.deepEqual(wrong, []);
  } finally {
    await context.close();
  }
}

async function shot(page, name, fullPage = true) {
  if (process.env.SHOTS) await page.screenshot({ path: join(process.env.SHOTS, `${name}.png`), fullPage });
}

const focused = (page) => page.evaluate(() => document.activeElement?.dataset.row ?? document.activeElement?.id);
const row = (page, key) => page.locator(`[data-row="${key}"]`);
const drawer = (page) => page.locator('#drawer');
const loaded = async (page) => {
  await page.waitForFunction(() => document.querySelector('#drawer').open &&
    !/(Looking|Fetching the manifest|Reading its configuration)…/.test(document.querySelector('#drawer-body').textContent));
};

// The browser tells of the end of a dialog a little later; then focus goes back.
const escape = async (page, key) => {
  await page.keyboard.press('Escape');
  await page.waitForFunction((k) => !document.querySelector('#drawer').open && location.hash === '' &&
    document.activeElement.dataset.row === k, key);
};

async function search(page, words) {
  const before_ = await page.locator('#count').textContent();
  await page.locator('#query').fill(words);
  await page.waitForFunction((b) => document.querySelector('#count').textContent !== b, before_);
}

const wide = (page) => page.evaluate(() => {
  const d = document.querySelector('#drawer');
  return Math.max(document.documentElement.scrollWidth - innerWidth, d.open ? d.scrollWidth - d.clientWidth : 0);
});

// Text whose contrast with what is behind it is less than WCAG's AA wants.
const pale = (page) => page.evaluate(() => {
  const parts = (c) => (c.match(/[\d.]+/g) ?? []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (e) => {
    for (; e; e = e.parentElement) {
      const c = parts(getComputedStyle(e).backgroundColor);
      if (c.length === 3 || c[3] === 1) return c;
    }
    return [255, 255, 255];
  };
  const bad = [];
  const open = document.querySelector('dialog[open]');
  for (const e of (open ?? document.body).querySelectorAll('*')) {
    const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim() !== '');
    if (!own || !e.checkVisibility() || e.closest('noscript')) continue;
    const style = getComputedStyle(e);
    const a = light(parts(e instanceof SVGElement ? style.fill : style.color)), b = light(behind(e));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) bad.push(`${e.tagName} "${e.textContent.slice(0, 30)}": ${ratio.toFixed(2)}`);
  }
  return bad;
});

// --- what it says ---------------------------------------------------------------

test('what is mirrored, and how the last sync went', () => visit(real, desktop, async (page) => {
  assert.equal(await page.title(), `CDR on ${new URL(real).host}`);
  assert.match(await page.locator('#state').textContent(), /^Last sync .*: some images failed$/);
  const failures = page.locator('#failures li');
  assert.equal(await failures.count(), 1);
  assert.match(await failures.textContent(), /docker\.io\/library\/gone:1.*(denied|not found): .*never been mirrored/);
  const figures = await page.locator('#figures').innerText();
  assert.match(figures, new RegExp(`Mirrored\\s+${want.images.length} tags\\s+in ${want.repositories} repositories`));
  assert.match(figures, /Updated\s+0 of 2\s+1 unchanged, 1 failed/);
  assert.match(figures, new RegExp(`Pulls left, docker\\.io\\s+${want.pulls}\\s+of 100 in 6 h`));
  assert.match(figures, /Free\s+[0-9.]+ [KMGTP]iB/);
  // Those on no list any more are served, and so are shown; signatures when asked for.
  const shown = () => page.locator('[data-row].tag').evaluateAll((all) => all.map((e) => e.dataset.row).sort());
  const signature = /:sha256-[0-9a-f]+\.sig$/;
  assert.deepEqual(await shown(), want.images.filter((i) => !signature.test(i)).sort());
  assert.match(await page.locator('#count').textContent(), /1 signature tag not shown$/);
  await page.locator('#attached').check();
  assert.deepEqual(await shown(), [...want.images].sort());
  assert.match(await row(page, APP).innerText(), new RegExp(`^1\\s+${want.app.slice(7, 19)}\\s.*signed$`, 's'));
  await shot(page, 'desktop');
}));

test('an image: layers, sharing, platforms, signatures, commands', () => visit(`${real}#${APP}`, desktop, async (page) => {
  await loaded(page);
  assert.equal(await page.title(), `${APP} - CDR on ${new URL(real).host}`);
  const said = await drawer(page).innerText();
  assert.ok(said.includes(want.app));
  assert.match(said, /a signature is mirrored with it/);
  assert.match(said, /cosign signature/);
  assert.match(said, /application\/x\.sbom/);
  assert.equal(await page.locator('.layers tbody tr').count(), 2);
  assert.equal(await page.locator('.layers tbody tr', { hasText: '1 other tag' }).count(), 1);
  assert.ok(said.includes('docker.io/library/base:1'), 'who shares a layer');
  assert.match(said, /On the list\s+of the last run/);
  const host = new URL(real).host;
  for (const command of [`docker pull ${host}/${APP}`, `podman pull --tls-verify=false ${host}/${APP}`,
    `ctr images pull --plain-http ${host}/${APP}`, `image: ${APP}@${want.app}`]) assert.ok(said.includes(command), command);
  await shot(page, 'image', false);
  // The list gives the way to another one.
  await page.locator('#drawer a', { hasText: 'docker.io/library/base:1' }).click();
  await loaded(page);
  assert.match(page.url(), /#docker\.io\/library\/base:1$/);
  assert.match(await drawer(page).innerText(), /On the list\s+not of the last run/);
  await page.goBack();
  await loaded(page);
  assert.equal(await page.locator('#drawer-title').textContent(), APP);
}));

test('an index: platforms one by one, and one that is not here', () => visit(`${real}#docker.io/library/multi:1`,
  // The one miss is that platform.
  { ...desktop, misses: true }, async (page) => {
  await loaded(page);
  const names = await page.locator('#platform option').allTextContents();
  assert.ok(names.includes('linux/amd64') && names.includes('linux/arm64'), names.join());
  assert.equal(await page.locator('.layers tbody tr').count(), 1);
  await page.locator('#platform').selectOption({ label: 'linux/arm64' });
  await page.waitForFunction(() => /Not mirrored/.test(document.querySelector('#drawer-body').textContent));
}));

test('how to point a node here', () => visit(real, desktop, async (page) => {
  for (const s of await page.locator('#clients summary').all()) await s.click();
  const said = await page.locator('#clients').innerText();
  assert.match(said, new RegExp(`\\[host\\."${real.slice(0, -1)}"\\]\\s+capabilities = \\["pull", "resolve"\\]`));
  assert.ok(said.includes(`location = "docker.io"\n[[registry.mirror]]\nlocation = "${new URL(real).host}/docker.io"\ninsecure = true`));
  assert.ok(said.includes('location = "other.example"'));
  assert.match(said, /"registry-mirrors": \[\s*"http:/);
  assert.match(said, /mirrors:\s+"docker\.io":\s+endpoint:\s+- "http:/);
  await shot(page, 'nodes');
}));

test('growth: a picture with words, and a table', () => visit(real, desktop, async (page) => {
  const plots = page.locator('svg.plot');
  assert.equal(await plots.count(), 2);
  for (const plot of await plots.all()) {
    assert.equal(await plot.getAttribute('role'), 'img');
    assert.match(await plot.locator('desc').textContent(), /^From .* to .*\.$/);
    assert.equal(await plot.locator('path.line').count(), 1);
  }
  await page.locator('#growth summary').click();
  assert.equal(await page.locator('#growth-table tbody tr').count(), want.points);
}));

// --- how it is used ---------------------------------------------------------------

test('by keyboard alone', () => visit(real, desktop, async (page) => {
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.className), 'skip');
  await page.keyboard.press('/');
  assert.equal(await focused(page), 'query');
  await page.keyboard.type('library/app');
  await page.waitForFunction(() => /^1 tag in 1 repository/.test(document.querySelector('#count').textContent));
  await page.keyboard.press('Enter');
  assert.equal(await focused(page), 'docker.io/library/app');
  await page.keyboard.press('ArrowLeft');
  assert.equal(await row(page, APP).count(), 0, 'closed');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowDown');
  assert.equal(await focused(page), APP);
  assert.notEqual(await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle), 'none', 'focus is seen');
  await page.keyboard.press('Enter');
  await loaded(page);
  for (let i = 0; i < 30; i++) {
    await page.keyboard.press('Tab');
    assert.ok(await page.evaluate(() => document.activeElement === document.body ||
      document.querySelector('#drawer').contains(document.activeElement)), 'focus stays in the dialog');
  }
  await escape(page, APP);
  // Typing a slash into the search is that and no more.
  await page.locator('#query').focus();
  await page.keyboard.type('/');
  assert.equal(await page.locator('#query').inputValue(), 'library/app/');
}));

test('search, registry and order', () => visit(real, desktop, async (page) => {
  await search(page, want.app.slice(0, 20));
  assert.deepEqual(await page.locator('.tag').evaluateAll((all) => all.map((e) => e.dataset.row)), [APP]);
  await search(page, 'ARM LIBRARY');
  assert.match(await page.locator('#count').textContent(), /^0 tags/);
  await search(page, '');
  await page.locator('#registry').selectOption('other.example');
  assert.match(await page.locator('#count').textContent(), /^1 tag in 1 repository/);
  await page.locator('#registry').selectOption('');
  await page.locator('#order').selectOption('size');
  const order = await page.locator('.repo').evaluateAll((all) => all.map((e) => e.dataset.row));
  assert.equal(order[0], want.largest);
}));

test('copying, with the clipboard API and without', async () => {
  const command = `docker pull ${new URL(real).host}/${APP}`;
  const copy = async (page) => {
    await loaded(page);
    await page.locator('button[aria-label="Copy docker pull"]').click();
    await page.waitForFunction(() => document.querySelector('#said').textContent === 'Copied docker pull');
  };
  const pasted = async (page) => {
    await escape(page, APP);
    await page.locator('#query').focus();
    await page.keyboard.press('Control+V');
    return page.locator('#query').inputValue();
  };
  await visit(`${real}#${APP}`, { ...desktop, permissions: ['clipboard-read', 'clipboard-write'] }, async (page) => {
    await copy(page);
    assert.equal(await pasted(page), command);
  });
  const init = () => Object.defineProperty(navigator, 'clipboard', { value: undefined });
  await visit(`${real}#${APP}`, { ...desktop, init }, async (page) => {
    await copy(page);
    assert.equal(await pasted(page), command);
  });
});

test('it asks again, cheaply, and only while somebody looks', () => visit(real, desktop, async (page, requests, context) => {
  const other = await context.newPage();
  await other.clock.install();
  const asked = [];
  other.on('request', (r) => asked.push(new URL(r.url()).pathname));
  await other.goto(real);
  await other.waitForSelector('.tag');
  asked.length = 0;
  await other.clock.runFor(31000);
  await other.waitForTimeout(300);
  assert.deepEqual(asked, ['/summary.json']);
  // Nobody looks.
  const hide = (hidden) => other.evaluate((h) => {
    Object.defineProperty(document, 'hidden', { value: h, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  }, hidden);
  await hide(true);
  asked.length = 0;
  await other.clock.runFor(300000);
  assert.deepEqual(asked, []);
  // A sync in the meantime is seen as soon as somebody looks again; what was
  // open and typed stays.
  await other.locator('#query').fill('library');
  await other.clock.runFor(200);
  execFileSync('sh', ['-c', again], { stdio: 'inherit' });
  await hide(false);
  await other.waitForFunction(() => /all is well/.test(document.querySelector('#state').textContent));
  assert.ok(asked.includes('/images.json') && asked.includes('/history.json'));
  assert.equal(await other.locator('[data-row="docker.io/library/late:1"]').count(), 1);
  assert.equal(await other.locator('#failures li').count(), 0);
  assert.equal(await other.locator('#query').inputValue(), 'library');
}));

// --- where it is read ---------------------------------------------------------------

for (const colorScheme of ['light', 'dark']) {
  test(`on a phone, ${colorScheme}`, () => visit(real, { ...phone, colorScheme }, async (page) => {
    assert.ok(await wide(page) <= 0, 'it scrolls sideways');
    for (const s of await page.locator('#clients summary').all()) await s.click();
    assert.ok(await wide(page) <= 0, 'it scrolls sideways, with all open');
    assert.deepEqual(await pale(page), []);
    const small = await page.locator('button:visible, summary:visible, select:visible').evaluateAll((all) =>
      all.filter((e) => e.getBoundingClientRect().height < 24).map((e) => e.textContent));
    assert.deepEqual(small, [], 'too small to touch');
    await shot(page, `phone-${colorScheme}`);
    await row(page, APP).click();
    await loaded(page);
    assert.ok(await wide(page) <= 0, 'an image scrolls sideways');
    assert.deepEqual(await pale(page), []);
    await shot(page, `phone-image-${colorScheme}`, false);
    const paper = await page.evaluate(() => getComputedStyle(document.body).backgroundColor.match(/\d+/g).map(Number));
    assert.equal(paper[0] < 60, colorScheme === 'dark');
  }));
}

test('without motion, and in 200 percent', () => visit(`${real}#${APP}`,
  { viewport: { width: 600, height: 450 }, reducedMotion: 'reduce' }, async (page) => {
    await loaded(page);
    assert.equal(await page.evaluate(() => getComputedStyle(document.querySelector('#drawer')).animationName), 'none');
    assert.ok(await wide(page) <= 0, 'it scrolls sideways');
  }));

test('ten thousand tags: few of them are in the document', () => visit(many, desktop, async (page) => {
  const nodes = () => page.evaluate(() => document.querySelectorAll('*').length);
  assert.match(await page.locator('#count').textContent(), /^10,000 tags in 500 repositories/);
  assert.ok(await nodes() < 1500, `${await nodes()} elements`);
  await shot(page, 'many', false);
  await search(page, 'service 1.');
  assert.ok(await nodes() < 3000, `${await nodes()} elements`);
  await search(page, 'service-0123 4.');
  assert.match(await page.locator('#count').textContent(), /^\d+ tags in 1 repository/);
  await search(page, '');
  const blocks = await page.locator('.repo').count();
  await page.locator('[data-row="+"]').click();
  assert.ok(await page.locator('.repo').count() > blocks);
  assert.equal(await focused(page), await page.locator('.repo').nth(blocks).getAttribute('data-row'));
  await page.locator('.repo').first().click();
  assert.equal(await page.locator('.tag').count(), 20);
}));

test('a list in two files: what has changed since counts', () => visit(`${many}#${want.moved.image}`,
  { ...desktop, misses: true }, async (page) => {
    const drawer = () => page.locator('#drawer-body').textContent();
    const has = (what) => page.waitForFunction((w) => document.querySelector('#drawer-body').textContent.includes(w), what);
    await has(want.moved.digest);
    // Of those that have the layer one is only in the one file, and one in the other.
    await has(want.neighbour);
    await has(want.new);
    assert.ok(!(await drawer()).includes(want.gone));
    // What a run says of many at once is said of it.
    await has('unchanged');
    assert.match(await drawer(), /Last success[^]*ago/);
    await page.goto(`${many}#${want.gone}`);
    await page.waitForFunction(() => /There is no /.test(document.querySelector('#trouble').textContent));
  }));

test('an empty tree, and one without a sync', async () => {
  await visit(empty, desktop, async (page) => {
    assert.match(await page.locator('#list').textContent(), /^Nothing is mirrored yet/);
    assert.match(await page.locator('#failures').textContent(), /1 image failed/);
    await shot(page, 'empty');
  });
  await visit(bare, { ...desktop, misses: true }, async (page) => {
    assert.equal(await page.locator('#state').textContent(), 'There was no sync yet');
    assert.match(await page.locator('#list').textContent(), /^Nothing is mirrored yet/);
    assert.equal(await page.locator('#trouble').isVisible(), false);
    await shot(page, 'bare');
  });
});

// --- what others have written -------------------------------------------------------

const EVIL = '"><img src=x onerror=hit()><script>hit()</script>';

test('names and errors are text, whatever is in them', () => visit(hostile, desktop, async (page) => {
  await page.evaluate(() => { window.hit = () => { window.isHit = true; }; });
  assert.ok((await page.locator('#failures').textContent()).includes(EVIL));
  assert.ok((await page.locator('#list').textContent()).includes(EVIL), 'the odd name is shown as it is');
  // What a manifest, its configuration and its referrers say, and their types.
  const labels = { [EVIL]: EVIL, constructor: {}, __proto__: EVIL };
  const config = { created: EVIL, config: { Cmd: [EVIL, 7], Env: [EVIL, {}], Labels: labels, User: EVIL, ExposedPorts: labels },
    history: [{ created_by: EVIL }, null, 'x'] };
  const manifest = { annotations: { [EVIL]: EVIL }, artifactType: EVIL,
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: `sha256:${'c'.repeat(64)}`, size: 5 },
    layers: [{ digest: EVIL, size: 'many', annotations: { 'org.opencontainers.image.title': EVIL } }, null, 3, { size: -5 }] };
  const referrers = { manifests: [{ artifactType: EVIL, digest: EVIL, annotations: { 'org.opencontainers.image.created': EVIL } }, null] };
  await page.route('**/v2/**', (route) => {
    const kind = new URL(route.request().url()).pathname.split('/').at(-2);
    return route.fulfill({ json: { manifests: manifest, blobs: config, referrers }[kind] });
  });
  const odd = page.locator('.tag');
  for (let i = 0; i < await odd.count(); i++) {
    await odd.nth(i).click();
    await loaded(page);
    assert.ok((await drawer(page).innerText()).includes('<img src=x'));
    await escape(page, await odd.nth(i).getAttribute('data-row'));
  }
  assert.equal(await page.locator('img').count(), 1, 'the one of the page itself');
  assert.equal(await page.locator('body script, iframe, object, embed').count(), 0);
  assert.deepEqual(await page.locator('a').evaluateAll((all) => all.filter((a) => a.origin !== location.origin).length), 0);
  assert.equal(await page.evaluate(() => window.isHit), undefined);
  assert.ok(await wide(page) <= 0, 'a long name scrolls sideways');
  await shot(page, 'hostile');
}));

test('a file that is damaged: it says so, and goes on when it is well', () => visit(real, desktop, async (page) => {
  await page.route('**/summary.json', (route) => route.fulfill({ body: '{"a":' }));
  const look = () => page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
  await look();
  await page.waitForFunction(() => /summary\.json is not JSON/.test(document.querySelector('#trouble').textContent));
  assert.ok(await page.locator('.tag').count() > 0, 'what was known stays');
  await shot(page, 'trouble', false);
  await page.unroute('**/summary.json');
  await look();
  await page.waitForFunction(() => document.querySelector('#trouble').hidden);
}));

test('a fragment that is of no use', () => visit(`${real}#docker.io/library/none:1`, desktop, async (page) => {
  await page.waitForFunction(() => /There is no docker\.io\/library\/none:1 here/.test(document.querySelector('#trouble').textContent));
  assert.equal(await drawer(page).isVisible(), false);
  await page.goto(`${real}#%E0%A4%A/`);
  assert.equal(await drawer(page).isVisible(), false);
}));
