"""Runs what is named test_... in a module of the page's tests, one after the other,
in one browser; says "ok" and "FAIL" as tests/lib.sh does. ONLY=WORD picks some."""
import os
import sys
import traceback

from browser import Browser


def run(names):
    """names: the globals of a module, whose tests take a browser."""
    failed = 0
    browser = Browser()
    try:
        for name, test in list(names.items()):
            if not name.startswith("test_") or os.environ.get("ONLY", "") not in name:
                continue
            what = (test.__doc__ or name).strip().split("\n")[0].rstrip(".")
            try:
                browser.size(1440, 900)
                browser.media()
                test(browser)
                browser.blameless()
                print(f"ok {what}", flush=True)
            except Exception:  # pylint: disable=broad-except # the next ones are looked at as well
                failed += 1
                print(f"FAIL {what}\n{traceback.format_exc()}", flush=True)
                browser.wrong.clear()
    finally:
        browser.close()
    sys.exit(1 if failed else 0)
