#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Counts the results of a meson test run: prints "passed failed"; skips are neither."""
import json
import sys

passed = failed = 0
for line in open(sys.argv[1], encoding="utf-8"):
    result = json.loads(line)["result"]
    if result in ("OK", "EXPECTEDFAIL"):
        passed += 1
    elif result != "SKIP":
        failed += 1
print(passed, failed)
