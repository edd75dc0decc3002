/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints of disks with two paths.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM vsc_ide

#if !defined(VSC_IDE_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define VSC_IDE_TRACE_H

#include <linux/tracepoint.h>

#include "ide.h"

/* for those who read the format of an event */
TRACE_DEFINE_ENUM(VSC_IDE_OTHER);
TRACE_DEFINE_ENUM(VSC_IDE_READ);
TRACE_DEFINE_ENUM(VSC_IDE_WRITE);
TRACE_DEFINE_ENUM(VSC_IDE_FLUSH);
TRACE_DEFINE_ENUM(VSC_IDE_TRIM);
TRACE_DEFINE_ENUM(VSC_IDE_BY_REGISTERS);
TRACE_DEFINE_ENUM(VSC_IDE_BY_CHANNEL);
TRACE_DEFINE_ENUM(VSC_IDE_HOLD);
TRACE_DEFINE_ENUM(VSC_IDE_GOOD);
TRACE_DEFINE_ENUM(VSC_IDE_BUSY);
TRACE_DEFINE_ENUM(VSC_IDE_CONFLICT);
TRACE_DEFINE_ENUM(VSC_IDE_FAILED);
TRACE_DEFINE_ENUM(VSC_IDE_GONE);
TRACE_DEFINE_ENUM(VSC_IDE_BROKEN);
TRACE_DEFINE_ENUM(VSC_IDE_REGISTERS);
TRACE_DEFINE_ENUM(VSC_IDE_TO_CHANNEL);
TRACE_DEFINE_ENUM(VSC_IDE_CHANNEL);
TRACE_DEFINE_ENUM(VSC_IDE_TO_REGISTERS);
TRACE_DEFINE_ENUM(VSC_IDE_LOST);

#define show_vsc_ide_kind(kind)				\
	__print_symbolic(kind,				\
		{ VSC_IDE_OTHER,	"other" },	\
		{ VSC_IDE_READ,		"read" },	\
		{ VSC_IDE_WRITE,	"write" },	\
		{ VSC_IDE_FLUSH,	"flush" },	\
		{ VSC_IDE_TRIM,		"trim" })

#define show_vsc_ide_route(route)			\
	__print_symbolic(route,				\
		{ VSC_IDE_BY_REGISTERS,	"registers" },	\
		{ VSC_IDE_BY_CHANNEL,	"channel" },	\
		{ VSC_IDE_HOLD,		"hold" })

#define show_vsc_ide_outcome(outcome)			\
	__print_symbolic(outcome,			\
		{ VSC_IDE_GOOD,		"good" },	\
		{ VSC_IDE_BUSY,		"busy" },	\
		{ VSC_IDE_CONFLICT,	"conflict" },	\
		{ VSC_IDE_FAILED,	"failed" },	\
		{ VSC_IDE_GONE,		"gone" },	\
		{ VSC_IDE_BROKEN,	"broken" })

#define show_vsc_ide_state(state)			\
	__print_symbolic(state,				\
		{ VSC_IDE_REGISTERS,	"registers" },	\
		{ VSC_IDE_TO_CHANNEL,	"to-vmbus" },	\
		{ VSC_IDE_CHANNEL,	"vmbus" },	\
		{ VSC_IDE_TO_REGISTERS,	"to-registers" }, \
		{ VSC_IDE_LOST,		"lost" })

TRACE_EVENT(vsc_ide_route,
	TP_PROTO(struct vsc_ide_disk *disk, int route, int kind, u32 blocks),
	TP_ARGS(disk, route, kind, blocks),
	TP_STRUCT__entry(
		__string(disk, disk->name)
		__field(int, route)
		__field(int, kind)
		__field(u32, blocks)
	),
	TP_fast_assign(
		__assign_str(disk);
		__entry->route = route;
		__entry->kind = kind;
		__entry->blocks = blocks;
	),
	TP_printk("%s %s by=%s blocks=%u", __get_str(disk),
		  show_vsc_ide_kind(__entry->kind),
		  show_vsc_ide_route(__entry->route), __entry->blocks)
);

TRACE_EVENT(vsc_ide_answer,
	TP_PROTO(struct vsc_ide_disk *disk, u64 id, int outcome, u32 moved),
	TP_ARGS(disk, id, outcome, moved),
	TP_STRUCT__entry(
		__string(disk, disk->name)
		__field(u64, id)
		__field(int, outcome)
		__field(u32, moved)
	),
	TP_fast_assign(
		__assign_str(disk);
		__entry->id = id;
		__entry->outcome = outcome;
		__entry->moved = moved;
	),
	TP_printk("%s id=%#llx %s moved=%u", __get_str(disk), __entry->id,
		  show_vsc_ide_outcome(__entry->outcome), __entry->moved)
);

TRACE_EVENT(vsc_ide_reissue,
	TP_PROTO(struct vsc_ide_disk *disk, u8 opcode),
	TP_ARGS(disk, opcode),
	TP_STRUCT__entry(
		__string(disk, disk->name)
		__field(u8, opcode)
	),
	TP_fast_assign(
		__assign_str(disk);
		__entry->opcode = opcode;
	),
	TP_printk("%s opcode=%#x", __get_str(disk), __entry->opcode)
);

TRACE_EVENT(vsc_ide_state,
	TP_PROTO(struct vsc_ide_disk *disk),
	TP_ARGS(disk),
	TP_STRUCT__entry(
		__string(disk, disk->name)
		__field(int, state)
		__field(u32, inflight)
	),
	TP_fast_assign(
		__assign_str(disk);
		__entry->state = READ_ONCE(disk->path.state);
		__entry->inflight = READ_ONCE(disk->path.inflight);
	),
	TP_printk("%s %s inflight=%u", __get_str(disk),
		  show_vsc_ide_state(__entry->state), __entry->inflight)
);

#endif /* VSC_IDE_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
