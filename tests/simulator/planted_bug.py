# SPDX-License-Identifier: Apache-2.0
"""A bug that is planted into copies of the sources: see planted.py."""


class Bug:
    def __init__(self, name, *edits, worlds=60):
        """edits: (file, what stands there, what is planted)"""
        self.name, self.edits, self.worlds = name, edits, worlds
