#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Chaos under mixed traffic for SOAK_SECONDS, from a fixed seed, twice from nothing to nothing: no flow that is promised to
# go on breaks, nothing leaks, and a flood of one shard costs the other little. "make soak" is the same for half an hour.
set -eu

cd "$(dirname "$0")/../.."
[ -x build/frames ] || { echo "SKIP: no build/frames, which \"make frames\" makes"; exit 4; }
exec selftests/soak/soak.py --seed "${SEED:-1}" --seconds "${SOAK_SECONDS:-40}" --rounds 2
