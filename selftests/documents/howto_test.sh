#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# How-tos of setting up do what they say.
. "$(dirname "$0")/world.sh"

MACHINES+=' b4'
follow unready Documentation/backends.md
MACHINES=${MACHINES% b4}
follow world Documentation/migrate.md
follow world Documentation/limits.md
follow world Documentation/announce.md
follow world Documentation/keepalived.md
