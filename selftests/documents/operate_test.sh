#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Documents for those who run it do what they say.
. "$(dirname "$0")/world.sh"

follow served Documentation/troubleshooting.md
follow served Documentation/capacity.md
follow served Documentation/security.md
follow world Documentation/metrics.md
