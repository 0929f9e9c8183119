#!/usr/bin/env python3
"""Reads features from `tidemark serve`, with the standard library only.

    TIDEMARK_TOKEN=... python3 read_features.py http://localhost:8080 card_risk card_id=c-1042 card_id=c-7

Each ENTITY is its fields as `name=value`, several joined by commas. Prints one line of JSON per entity.
"""

import json
import os
import sys
import urllib.error
import urllib.request


class FeatureServer:
    """A `tidemark serve`, asked over HTTP."""

    def __init__(self, url, token=None, timeout_seconds=1.0):
        self.url = url.rstrip("/")
        self.token = token
        self.timeout_seconds = timeout_seconds

    def read(self, reads):
        """The answers, in the order of the reads: {"group": ..., "entity": {...}, "features": [...] or absent}."""
        request = urllib.request.Request(
            f"{self.url}/v1/read",
            data=json.dumps({"reads": reads}).encode(),
            headers={"Content-Type": "application/json"},
        )
        if self.token:
            request.add_header("Authorization", f"Bearer {self.token}")
        with urllib.request.urlopen(request, timeout=self.timeout_seconds) as response:
            return json.load(response)["answers"]


def main():
    url, group, *entities = sys.argv[1:]
    server = FeatureServer(url, os.environ.get("TIDEMARK_TOKEN"))
    reads = [
        {"group": group, "entity": dict(field.split("=", 1) for field in entity.split(","))}
        for entity in entities
    ]
    try:
        answers = server.read(reads)
    except urllib.error.HTTPError as error:
        problem = json.load(error)["error"]
        sys.exit(f"{error.code} {problem['message']}\n{problem['remedy']}")
    for answer in answers:
        print(json.dumps(answer))


if __name__ == "__main__":
    main()
