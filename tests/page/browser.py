"""A Chromium for tests of the page: notes all that a page must not do.

Needs Debian's python3-selenium and chromium-driver.
"""
import contextlib
import json
import shutil
import time
from urllib.parse import urlsplit

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

__all__ = ["Browser", "Keys", "By", "instead"]
PATIENCE = 60
WATCH = """
window.violations = [];
document.addEventListener('securitypolicyviolation',
  (e) => window.violations.push(`${e.violatedDirective} ${e.blockedURI}`));
window.addEventListener('error', (e) => window.violations.push(`error: ${e.message}`));
window.addEventListener('unhandledrejection', (e) => window.violations.push(`rejected: ${e.reason}`));
"""
CLOCK = """
window.Date = class extends Date {
  static now() { return super.now() + HOURS * 3600000; }
  constructor(...a) {
    if (a.length > 0) super(...a);
    else super(window.Date.now());
  }
};
"""
INSTEAD = """
window.answers = ANSWERS;
window.realFetch = window.fetch;
window.fetch = async (name, ...more) => {
  // As a proxy that wants its cookie with each request.
  if (window.answers.cookies && more[0]?.credentials === 'omit') return new Response('', { status: 401 });
  if (!Object.hasOwn(window.answers, name)) return window.realFetch(name, ...more);
  const said = window.answers[name];
  if (said === 'gone') throw new TypeError('nobody answers');
  if (said === 'hang') {
    return new Promise((_, no) => more[0]?.signal?.addEventListener('abort', () => no(new TypeError('ended'))));
  }
  if (said === 'stall') {
    return new Response(new ReadableStream({ start(c) {
      c.enqueue(new TextEncoder().encode('{'));
      more[0]?.signal?.addEventListener('abort', () => c.error(new TypeError('ended')));
    } }), { headers: { ETag: 'stall' } });
  }
  if (said === null || typeof said === 'number') return new Response('x', { status: said ?? 404 });
  const body = typeof said === 'string' ? said : JSON.stringify(said);
  return new Response(body, { headers: window.answers.noTags ? {} : { ETag: `x${body.length}` } });
};
"""


def instead(answers):
    """A script that has fetch give these, as Browser.instead says."""
    return INSTEAD.replace("ANSWERS", json.dumps(answers))


class Browser:
    """One browser, in which page after page is opened."""

    def __init__(self, text_px=16, hosts=""):
        options = Options()
        options.add_experimental_option("prefs", {"webkit.webprefs.default_font_size": text_px})
        options.binary_location = next(found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name)))
        # A container often has no namespaces for a sandbox, and a small /dev/shm.
        for word in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--hide-scrollbars", "--lang=en-GB",
                     "--force-color-profile=srgb", "--font-render-hinting=none"):
            options.add_argument(word)
        if hosts:
            options.add_argument(f"--host-resolver-rules={hosts}")
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
        self.driver.set_script_timeout(PATIENCE)
        self.origin = None
        self.requests = []
        self.wrong = []
        self.cdp("Page.addScriptToEvaluateOnNewDocument", source=WATCH)
        self.cdp("Emulation.setTimezoneOverride", timezoneId="UTC")

    def cdp(self, command, **arguments):
        return self.driver.execute_cdp_cmd(command, arguments)

    def js(self, source, *arguments):
        """What an expression is in the page; its arguments are a[0] and so on."""
        return self.driver.execute_script(f"const a = arguments; return ({source});", *arguments)

    def size(self, width, height, is_phone=False):
        self.cdp("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=2 if is_phone else 1, mobile=is_phone)
        self.cdp("Emulation.setTouchEmulationEnabled", enabled=is_phone)

    def media(self, **features):
        """dark=True, forced=True"""
        self.cdp("Emulation.setEmulatedMedia", media="", features=[
            {"name": "prefers-color-scheme", "value": "dark" if features.get("dark") else "light"},
            {"name": "forced-colors", "value": "active" if features.get("forced") else "none"}])

    def open(self, url):
        self.notice()
        self.driver.get("about:blank")
        self.notice()
        self.requests = []
        self.origin = "{0.scheme}://{0.netloc}".format(urlsplit(url))
        self.driver.get(url)
        self.ready()

    @contextlib.contextmanager
    def instead(self, answers):
        """Pages opened meanwhile get these answers to what they fetch, by address: a
        value or text, None (404), a status, "hang", "stall" (in the middle) or "gone";
        window.answers may change.
        "cookies": what is asked without them gets 401; "noTags": no answer here has an ETag."""
        added = self.cdp("Page.addScriptToEvaluateOnNewDocument", source=instead(answers))["identifier"]
        try:
            yield
        finally:
            self.cdp("Page.removeScriptToEvaluateOnNewDocument", identifier=added)

    @contextlib.contextmanager
    def clock(self, hours):
        """Pages opened meanwhile have a clock that is so far ahead, or behind."""
        added = self.cdp("Page.addScriptToEvaluateOnNewDocument", source=CLOCK.replace("HOURS", str(hours)))["identifier"]
        try:
            yield
        finally:
            self.cdp("Page.removeScriptToEvaluateOnNewDocument", identifier=added)

    def look(self):
        """The page asks again now, and not in ten seconds."""
        self.js("document.dispatchEvent(new Event('visibilitychange'))")

    def ready(self):
        """A view is there, and the state of the mirror."""
        self.until("document.querySelector('#main h1') && document.querySelector('#strip li') && true")

    def until(self, source, *arguments):
        end = time.monotonic() + PATIENCE
        while not (got := self.js(source, *arguments)):
            if time.monotonic() > end:
                raise AssertionError(f"never true: {source} {arguments}\n{self.text('body')[:2000]}")
            time.sleep(.02)
        return got

    def text(self, where):
        return self.js("document.querySelector(a[0])?.innerText ?? ''", where)

    def texts(self, where):
        return self.js("[...document.querySelectorAll(a[0])].map((e) => e.innerText)", where)

    def count(self, where):
        return self.js("document.querySelectorAll(a[0]).length", where)

    def click(self, where):
        self.driver.find_element(By.CSS_SELECTOR, where).click()

    def press(self, *keys):
        ActionChains(self.driver, duration=0).send_keys(*keys).perform()

    def chord(self, *keys):
        chain = ActionChains(self.driver, duration=0)
        for key in keys[:-1]:
            chain.key_down(key)
        chain.send_keys(keys[-1])
        for key in keys[:-1]:
            chain.key_up(key)
        chain.perform()

    def shot(self, path):
        with contextlib.closing(open(path, "wb")) as out:
            out.write(self.driver.get_screenshot_as_png())

    def notice(self):
        """Collects what was asked for, and what went wrong."""
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] != "Network.requestWillBeSent":
                continue
            asked = message["params"]["request"]
            at = urlsplit(asked["url"])
            if at.scheme in ("data", "about", "chrome"):
                continue
            self.requests.append(at.path)
            if self.origin and f"{at.scheme}://{at.netloc}" != self.origin:
                self.wrong.append(f"asked {asked['url']}")
            if asked["method"] not in ("GET", "HEAD"):
                self.wrong.append(f"{asked['method']} {asked['url']}")
        for entry in self.driver.get_log("browser"):
            # What is not in a tree is absent, and that is no error.
            if entry["level"] == "SEVERE" and " 404 " not in entry["message"]:
                self.wrong.append(entry["message"])
        with contextlib.suppress(Exception):
            self.wrong += self.js("window.violations ?? []")

    def blameless(self):
        self.notice()
        wrong, self.wrong = self.wrong, []
        assert not wrong, "\n".join(wrong)

    def close(self):
        self.driver.quit()
