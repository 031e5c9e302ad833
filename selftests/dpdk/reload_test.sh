#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Generations replaced under traffic, and a worker that stalls: reload.c, with ASan where the program under test has it.
here=$(cd "$(dirname "$0")" && pwd)
program=$here/../../build/dpdk_reload
[[ ${MAGLEV_DPDK:-} != *asan ]] || program+=-asan
exec "$program" --no-huge --no-pci --no-telemetry -m 128 --file-prefix "reload$$" --lcores 0@0-1,1@0-1,2@0-1 --log-level 4
