// SPDX-License-Identifier: GPL-2.0-only
#define CREATE_TRACE_POINTS
#include "trace.h"

EXPORT_TRACEPOINT_SYMBOL_GPL(storport_srb_build);
EXPORT_TRACEPOINT_SYMBOL_GPL(storport_srb_start);
EXPORT_TRACEPOINT_SYMBOL_GPL(storport_srb_timeout);
EXPORT_TRACEPOINT_SYMBOL_GPL(storport_srb_complete);
EXPORT_TRACEPOINT_SYMBOL_GPL(storport_reset);
