// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which way the commands of a disk take, see path.h.
 */
#include <kunit/visibility.h>
#include <linux/module.h>
#include <linux/string.h>

#include "path.h"

/* An id is the sequence number, then the slot. The uppermost bit is another's. */
#define SLOT_BITS	5
static_assert(VSC_IDE_DEPTH == 1U << SLOT_BITS);

static struct vsc_ide_slot *slot_of(struct vsc_ide_path *path, u64 id)
{
	struct vsc_ide_slot *slot = &path->slots[id % VSC_IDE_DEPTH];

	return id && slot->id == id ? slot : NULL;
}

/* Returns the cookie. */
static void *slot_free(struct vsc_ide_path *path, struct vsc_ide_slot *slot)
{
	void *cookie = slot->cookie;

	*slot = (struct vsc_ide_slot){};
	path->inflight--;
	return cookie;
}

/**
 * vsc_ide_path_init() - set up a new disk's
 * @path: set
 *
 * Context: any.
 */
void vsc_ide_path_init(struct vsc_ide_path *path)
{
	memset(path, 0, sizeof(*path));
	path->state = VSC_IDE_REGISTERS;
}
EXPORT_SYMBOL_IF_KUNIT(vsc_ide_path_init);

/**
 * vsc_ide_path_submit() - a command has come
 * @path: the disk's
 * @kind: what it does
 * @fits: the channel can carry it
 * @tag: its slot, below %VSC_IDE_DEPTH; only one command at a time has it
 * @cookie: for the slot
 * @id: if it goes by the channel, set to its transaction id, which is not 0 and
 *	has the uppermost bit clear
 *
 * While the registers are drained everything is held, since what only they can
 * do would keep them busy. Later it goes on: it does not matter to the channel.
 *
 * Context: path locked.
 * Return: where it goes.
 */
enum vsc_ide_route vsc_ide_path_submit(struct vsc_ide_path *path, enum vsc_ide_kind kind,
				       bool fits, unsigned int tag, void *cookie, u64 *id)
{
	struct vsc_ide_slot *slot;

	switch (path->state) {
	case VSC_IDE_REGISTERS:
		break;
	case VSC_IDE_TO_CHANNEL:
		path->counts.held++;
		return VSC_IDE_HOLD;
	case VSC_IDE_CHANNEL:
		if (kind == VSC_IDE_OTHER || !fits || tag >= VSC_IDE_DEPTH)
			break;
		slot = &path->slots[tag];
		if (slot->id)
			break;
		path->seq++;
		slot->id = ((u64)path->seq + 1) << SLOT_BITS | tag;
		slot->cookie = cookie;
		slot->kind = kind;
		path->inflight++;
		path->counts.channel++;
		*id = slot->id;
		return VSC_IDE_BY_CHANNEL;
	case VSC_IDE_TO_REGISTERS:
	case VSC_IDE_LOST:
		if (kind == VSC_IDE_OTHER)
			break;
		path->counts.held++;
		return VSC_IDE_HOLD;
	}
	vsc_ide_path_enter(path);
	return VSC_IDE_BY_REGISTERS;
}
EXPORT_SYMBOL_IF_KUNIT(vsc_ide_path_submit);

/**
 * vsc_ide_path_enter() - a command is about to be given to libata
 * @path: the disk's
 *
 * vsc_ide_path_submit() does it for those it sends there.
 *
 * Context: path locked.
 */
void vsc_ide_path_enter(struct vsc_ide_path *path)
{
	path->entering++;
}
EXPORT_SYMBOL_IF_KUNIT(vsc_ide_path_enter);

/**
 * vsc_ide_path_entered() - a command is libata's, or has come back from it
 * @path: the disk's
 * @taken: libata has taken it
 *
 * Context: path locked.
 */
void vsc_ide_path_entered(struct vsc_ide_path *path, bool taken)
{
	path->entering--;
	path->counts.registers += taken;
}
EXPORT_SYMBOL_IF_KUNIT(vsc_ide_path_entered);

/**
 * vsc_ide_path_unsend() - a command did not go by the channel after all
 * @path: the disk's
 * @id: its id
 *
 * Context: path locked since vsc_ide_path_submit().
 */
void vsc_ide_path_unsend(struct vsc_ide_path *path, u64 id)
{
	struct vsc_ide_slot *slot = slot_of(path, id);

	if (!slot)
		return;
	slot_free(path, slot);
	path->counts.channel--;
}
EXPORT_SYMBOL_IF_KUNIT(vsc_ide_path_unsend);

/**
 * vsc_ide_path_find() - which command has this id?
 * @path: the disk's
 * @id: what the host says
 *
 * Context: path locked.
 * Return: its slot, or NULL when none in flight has.
 */
const struct vsc_ide_slot *vsc_ide_path_find(const struct vsc_ide_path *path, u64 id)
{
	return slot_of((struct vsc_ide_path *)path, id);
}
EXPORT_SYMBOL_IF_KUNIT(vsc_ide_path_find);

/**
 * vsc_ide_path_has() - is a command on the channel?
 * @path: the disk's
 * @tag: its tag
 * @cookie: the command
 *
 * Context: path locked.
 * Return: whether.
 */
bool vsc_ide_path_has(const struct vsc_ide_path *path, unsigned int tag, const void *cookie)
{
	return tag < VSC_IDE_DEPTH && path->slots[tag].id && path->slots[tag].cookie == cookie;
}
EXPORT_SYMBOL_IF_KUNIT(vsc_ide_path_has);

/**
 * vsc_ide_path_answer() - the host has answered
 * @path: the disk's
 * @id: what it says to which
 * @ended: the command has come to its end; else it is to go by the registers
 *	now, and the caller does as after %VSC_IDE_BY_REGISTERS
 *
 * Context: path locked.
 * Return: the command's cookie; the command is the caller's. NULL when no such
 * command is in flight.
 */
void *vsc_ide_path_answer(struct vsc_ide_path *path, u64 id, bool ended)
{
	struct vsc_ide_slot *slot = slot_of(path, id);

	if (!slot) {
		path->counts.strangers++;
		return NULL;
	}
	if (!ended) {
		path->counts.reissues++;
		vsc_ide_path_enter(path);
	}
	return slot_free(path, slot);
}
EXPORT_SYMBOL_IF_KUNIT(vsc_ide_path_answer);

/**
 * vsc_ide_path_take_back() - take a command that the host will not answer
 * @path: the disk's; the channel is closed
 *
 * Each is returned once; an answer that comes later finds it no more.
 *
 * Context: path locked.
 * Return: a command's cookie, or NULL when nothing is in flight any more.
 */
void *vsc_ide_path_take_back(struct vsc_ide_path *path)
{
	unsigned int i;

	for (i = 0; path->inflight && i < VSC_IDE_DEPTH; i++) {
		if (!path->slots[i].id)
			continue;
		path->counts.reissues++;
		return slot_free(path, &path->slots[i]);
	}
	return NULL;
}
EXPORT_SYMBOL_IF_KUNIT(vsc_ide_path_take_back);

/**
 * vsc_ide_path_want_channel() - begin to move to the channel
 * @path: the disk's
 *
 * Context: path locked.
 * Return: true if it has begun; false if there is no moving from where it is.
 */
bool vsc_ide_path_want_channel(struct vsc_ide_path *path)
{
	if (path->state != VSC_IDE_REGISTERS)
		return false;
	path->state = VSC_IDE_TO_CHANNEL;
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(vsc_ide_path_want_channel);

/**
 * vsc_ide_path_want_registers() - begin to move to the registers
 * @path: the disk's
 *
 * A move to the channel that has only begun is given up.
 *
 * Context: path locked.
 * Return: true if vsc_ide_path_finish() is still to come; false if the path is
 * on the registers, or the channel is lost anyway.
 */
bool vsc_ide_path_want_registers(struct vsc_ide_path *path)
{
	switch (path->state) {
	case VSC_IDE_TO_CHANNEL:
		path->state = VSC_IDE_REGISTERS;
		return false;
	case VSC_IDE_CHANNEL:
		path->state = VSC_IDE_TO_REGISTERS;
		return true;
	case VSC_IDE_TO_REGISTERS:
		return true;
	default:
		return false;
	}
}
EXPORT_SYMBOL_IF_KUNIT(vsc_ide_path_want_registers);

/**
 * vsc_ide_path_lost() - the host answers no more, or must not be believed
 * @path: the disk's
 *
 * What is in flight stays so until the channel is closed, since the host may
 * still use its memory. Then come vsc_ide_path_take_back() and
 * vsc_ide_path_finish().
 *
 * Context: path locked.
 * Return: true if they are to come; false if the path is on the registers.
 */
bool vsc_ide_path_lost(struct vsc_ide_path *path)
{
	switch (path->state) {
	case VSC_IDE_REGISTERS:
		return false;
	case VSC_IDE_TO_CHANNEL:
		path->state = VSC_IDE_REGISTERS;
		return false;
	default:
		path->state = VSC_IDE_LOST;
		return true;
	}
}
EXPORT_SYMBOL_IF_KUNIT(vsc_ide_path_lost);

/**
 * vsc_ide_path_drained() - has everything ended on the path that is left?
 * @path: the disk's
 * @registers_busy: libata has a command of the disk. Looked at before the path
 *	was locked, and still so unless a command enters
 *
 * Context: path locked.
 * Return: whether vsc_ide_path_finish() would do something.
 */
bool vsc_ide_path_drained(const struct vsc_ide_path *path, bool registers_busy)
{
	switch (path->state) {
	case VSC_IDE_TO_CHANNEL:
		return !path->entering && !registers_busy;
	case VSC_IDE_TO_REGISTERS:
	case VSC_IDE_LOST:
		return !path->inflight;
	default:
		return false;
	}
}
EXPORT_SYMBOL_IF_KUNIT(vsc_ide_path_drained);

/**
 * vsc_ide_path_finish() - end a move, if what was to be drained is
 * @path: the disk's
 * @registers_busy: see vsc_ide_path_drained()
 *
 * Context: path locked.
 * Return: true if the path is the new one.
 */
bool vsc_ide_path_finish(struct vsc_ide_path *path, bool registers_busy)
{
	if (!vsc_ide_path_drained(path, registers_busy))
		return false;
	if (path->state == VSC_IDE_TO_CHANNEL) {
		path->state = VSC_IDE_CHANNEL;
		path->counts.cut_overs++;
	} else {
		path->state = VSC_IDE_REGISTERS;
		path->counts.cut_backs++;
	}
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(vsc_ide_path_finish);

/**
 * vsc_ide_path_state_name() - the name of a state, for people
 * @state: the state
 *
 * Return: a constant string.
 */
const char *vsc_ide_path_state_name(enum vsc_ide_state state)
{
	static const char * const names[] = {
		[VSC_IDE_REGISTERS]	= "registers",
		[VSC_IDE_TO_CHANNEL]	= "to-vmbus",
		[VSC_IDE_CHANNEL]	= "vmbus",
		[VSC_IDE_TO_REGISTERS]	= "to-registers",
		[VSC_IDE_LOST]		= "lost",
	};

	return names[state];
}
EXPORT_SYMBOL_IF_KUNIT(vsc_ide_path_state_name);

MODULE_DESCRIPTION("Emulated IDE controller with a fast path over VMBus");
MODULE_LICENSE("GPL");
