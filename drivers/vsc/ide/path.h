/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which way the commands of a disk take: through the registers of the emulated
 * controller, or over the channel. Pure functions on a structure that the
 * caller locks.
 *
 *	REGISTERS --want_channel--> TO_CHANNEL --finish, drained--> CHANNEL
 *	    ^                           |                            |   |
 *	    |<------want_registers, lost+            want_registers--+   |lost
 *	    |                                              |             |
 *	    |<--finish, nothing in flight---------- TO_REGISTERS --lost->|
 *	    |                                                            v
 *	    +<--finish, nothing in flight------------------------------ LOST
 *
 * In the states between the two, data commands are held: the caller gives them
 * back to whoever sent them, and they come again. So no command that changes or
 * flushes data begins on one path before those that came earlier have ended on
 * the other.
 *
 * A command on the channel has a slot, from vsc_ide_path_submit() to exactly one
 * of vsc_ide_path_answer(), vsc_ide_path_unsend() and vsc_ide_path_take_back().
 */
#ifndef VSC_IDE_PATH_H
#define VSC_IDE_PATH_H

#include <linux/types.h>

/* Commands of a disk under way, as many as libata has tags for */
#define VSC_IDE_DEPTH	32U

enum vsc_ide_state {
	VSC_IDE_REGISTERS,
	VSC_IDE_TO_CHANNEL,
	VSC_IDE_CHANNEL,
	VSC_IDE_TO_REGISTERS,
	VSC_IDE_LOST,
};

/**
 * enum vsc_ide_kind - what a command does
 * @VSC_IDE_OTHER: only the registers can do it
 * @VSC_IDE_READ: reads blocks
 * @VSC_IDE_WRITE: writes blocks
 * @VSC_IDE_FLUSH: empties the write cache
 * @VSC_IDE_TRIM: gives blocks back
 */
enum vsc_ide_kind {
	VSC_IDE_OTHER,
	VSC_IDE_READ,
	VSC_IDE_WRITE,
	VSC_IDE_FLUSH,
	VSC_IDE_TRIM,
};

/**
 * enum vsc_ide_route - where a command goes
 * @VSC_IDE_BY_REGISTERS: to libata; vsc_ide_path_entered() when it is there
 * @VSC_IDE_BY_CHANNEL: it has a slot
 * @VSC_IDE_HOLD: nowhere yet
 */
enum vsc_ide_route {
	VSC_IDE_BY_REGISTERS,
	VSC_IDE_BY_CHANNEL,
	VSC_IDE_HOLD,
};

/**
 * struct vsc_ide_slot - a command on the channel
 * @id: transaction id; 0: the slot is free
 * @cookie: the caller's
 * @kind: what it does
 */
struct vsc_ide_slot {
	u64 id;
	void *cookie;
	enum vsc_ide_kind kind;
};

/**
 * struct vsc_ide_counts - what happened so far
 * @registers: commands sent by the registers, re-issued ones included
 * @channel: commands sent over the channel
 * @held: how often a command was held
 * @cut_overs: times the channel was taken
 * @cut_backs: times it was left
 * @reissues: commands that the channel did not bring to an end
 * @strangers: answers to what was not in flight
 */
struct vsc_ide_counts {
	u64 registers;
	u64 channel;
	u64 held;
	u64 cut_overs;
	u64 cut_backs;
	u64 reissues;
	u64 strangers;
};

/**
 * struct vsc_ide_path - the state of a disk
 * @state: see above
 * @entering: commands on their way into libata, not yet seen there
 * @inflight: slots in use
 * @seq: tells apart the commands that use one slot after another
 * @slots: commands on the channel, by tag
 * @counts: what happened so far
 */
struct vsc_ide_path {
	enum vsc_ide_state state;
	unsigned int entering;
	unsigned int inflight;
	u32 seq;
	struct vsc_ide_slot slots[VSC_IDE_DEPTH];
	struct vsc_ide_counts counts;
};

void vsc_ide_path_init(struct vsc_ide_path *path);

/* Commands */
enum vsc_ide_route vsc_ide_path_submit(struct vsc_ide_path *path, enum vsc_ide_kind kind,
				       bool fits, unsigned int tag, void *cookie, u64 *id);
void vsc_ide_path_enter(struct vsc_ide_path *path);
void vsc_ide_path_entered(struct vsc_ide_path *path, bool taken);
void vsc_ide_path_unsend(struct vsc_ide_path *path, u64 id);
const struct vsc_ide_slot *vsc_ide_path_find(const struct vsc_ide_path *path, u64 id);
bool vsc_ide_path_has(const struct vsc_ide_path *path, unsigned int tag, const void *cookie);
void *vsc_ide_path_answer(struct vsc_ide_path *path, u64 id, bool ended);
void *vsc_ide_path_take_back(struct vsc_ide_path *path);

/* Changes of the path */
bool vsc_ide_path_want_channel(struct vsc_ide_path *path);
bool vsc_ide_path_want_registers(struct vsc_ide_path *path);
bool vsc_ide_path_lost(struct vsc_ide_path *path);
bool vsc_ide_path_drained(const struct vsc_ide_path *path, bool registers_busy);
bool vsc_ide_path_finish(struct vsc_ide_path *path, bool registers_busy);
const char *vsc_ide_path_state_name(enum vsc_ide_state state);

#endif /* VSC_IDE_PATH_H */
