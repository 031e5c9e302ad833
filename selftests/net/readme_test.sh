#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# README.md does what it says.
. "$(dirname "$0")/../documents/world.sh"

follow world README.md
