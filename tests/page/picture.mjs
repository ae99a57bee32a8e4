// node picture.mjs HOST:PORT FILE: what tests/page/picture.sh has made, as a person
// sees it who has the font Inter, and has opened two repositories.

import { createRequire } from 'node:module';
import { join } from 'node:path';

const [at, file] = process.argv.slice(2);
const { chromium } = createRequire(join(process.env.PAGE_MODULES, 'x'))('playwright-core');
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM,
  args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu', `--host-resolver-rules=MAP mirror.example:5000 ${at}`],
});
const page = await browser.newPage({
  viewport: { width: 1280, height: 900 }, locale: 'en-GB', timezoneId: 'UTC', colorScheme: 'light', bypassCSP: true,
});
await page.goto('http://mirror.example:5000/');
await page.waitForSelector('#list > *');
await page.addStyleTag({ content: ':root { --sans: Inter; --mono: "DejaVu Sans Mono"; }' });
await page.evaluate(() => document.fonts.ready);
for (const name of ['docker.io/library/nginx', 'ghcr.io/fluxcd/source-controller']) {
  await page.locator(`[data-row="${name}"]`).click();
}
await page.evaluate(() => document.activeElement.blur());
await page.mouse.move(0, 0);
// Down to the end of a row.
await page.evaluate(() => scrollTo(0, 0));
const end = (await page.locator('[data-row="ghcr.io/kube-vip/kube-vip"]').boundingBox()).y;
await page.screenshot({ path: file, fullPage: true, clip: { x: 0, y: 0, width: 1280, height: Math.floor(end) } });
await browser.close();
