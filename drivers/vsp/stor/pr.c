// SPDX-License-Identifier: GPL-2.0-only
/*
 * Persistent reservations kept in memory, for devices that cannot keep them.
 * Follows SPC-4 5.13, 6.15 and 6.16. A nexus is a logical unit: one path from
 * a guest's controller to a block device.
 *
 * They last as long as a logical unit on the device is enabled; nothing is
 * kept over power loss, and the capabilities say so.
 */
#include <kunit/visibility.h>
#include <linux/bitops.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "scsi.h"

enum {
	TYPE_WRITE_EXCLUSIVE		= 1,
	TYPE_EXCLUSIVE_ACCESS		= 3,
	TYPE_WRITE_EXCLUSIVE_REG_ONLY	= 5,
	TYPE_EXCLUSIVE_ACCESS_REG_ONLY	= 6,
	TYPE_WRITE_EXCLUSIVE_ALL_REG	= 7,
	TYPE_EXCLUSIVE_ACCESS_ALL_REG	= 8,
};

static bool type_valid(u8 type)
{
	return type == TYPE_WRITE_EXCLUSIVE || type == TYPE_EXCLUSIVE_ACCESS ||
	       (type >= TYPE_WRITE_EXCLUSIVE_REG_ONLY &&
		type <= TYPE_EXCLUSIVE_ACCESS_ALL_REG);
}

static bool type_all_registrants(u8 type)
{
	return type == TYPE_WRITE_EXCLUSIVE_ALL_REG ||
	       type == TYPE_EXCLUSIVE_ACCESS_ALL_REG;
}

/* registrants other than the holder have access, too */
static bool type_registrants(u8 type)
{
	return type >= TYPE_WRITE_EXCLUSIVE_REG_ONLY;
}

/**
 * vsp_stor_pr_init - reservations of a device that has none
 * @pr: to initialise
 */
void vsp_stor_pr_init(struct vsp_stor_pr *pr)
{
	spin_lock_init(&pr->lock);
	INIT_LIST_HEAD(&pr->nexuses);
	pr->generation = 0;
	pr->holder = NULL;
	pr->type = 0;
}
EXPORT_SYMBOL_IF_KUNIT(vsp_stor_pr_init);

/**
 * vsp_stor_pr_attach - add a path to a device
 * @pr: reservations of the device
 * @nexus: the path; its address and ua are set
 */
void vsp_stor_pr_attach(struct vsp_stor_pr *pr, struct vsp_stor_pr_nexus *nexus)
{
	nexus->key = 0;
	nexus->registered = false;
	nexus->drain = false;
	spin_lock(&pr->lock);
	list_add_tail(&nexus->node, &pr->nexuses);
	nexus->pr = pr;
	spin_unlock(&pr->lock);
}
EXPORT_SYMBOL_IF_KUNIT(vsp_stor_pr_attach);

static bool holds(const struct vsp_stor_pr *pr,
		  const struct vsp_stor_pr_nexus *nexus)
{
	lockdep_assert_held(&pr->lock);
	if (!pr->type || !nexus->registered)
		return false;
	return type_all_registrants(pr->type) || pr->holder == nexus;
}

static void set_reservation(struct vsp_stor_pr *pr,
			    struct vsp_stor_pr_nexus *holder, u8 type)
{
	lockdep_assert_held(&pr->lock);
	pr->holder = type_all_registrants(type) ? NULL : holder;
	WRITE_ONCE(pr->type, type);
}

static void attention(struct vsp_stor_pr *pr, struct vsp_stor_pr_nexus *except,
		      enum vsp_stor_ua ua)
{
	struct vsp_stor_pr_nexus *n;

	lockdep_assert_held(&pr->lock);
	list_for_each_entry(n, &pr->nexuses, node)
		if (n != except && n->registered)
			set_bit(ua, n->ua);
}

static bool any_registered(struct vsp_stor_pr *pr)
{
	struct vsp_stor_pr_nexus *n;

	lockdep_assert_held(&pr->lock);
	list_for_each_entry(n, &pr->nexuses, node)
		if (n->registered)
			return true;
	return false;
}

/* @nexus gives up the reservation it holds. */
static void release(struct vsp_stor_pr *pr, struct vsp_stor_pr_nexus *nexus)
{
	u8 type = pr->type;

	lockdep_assert_held(&pr->lock);
	set_reservation(pr, NULL, 0);
	if (type_registrants(type))
		attention(pr, nexus, VSP_STOR_UA_PR_RELEASED);
}

static void unregister(struct vsp_stor_pr *pr, struct vsp_stor_pr_nexus *nexus)
{
	bool held = holds(pr, nexus);

	lockdep_assert_held(&pr->lock);
	nexus->registered = false;
	nexus->key = 0;
	/* a reservation of all registrants ends with the last of them */
	if (held && (!type_all_registrants(pr->type) || !any_registered(pr)))
		release(pr, nexus);
}

/**
 * vsp_stor_pr_detach - remove a path; its registration ends
 * @nexus: the path
 */
void vsp_stor_pr_detach(struct vsp_stor_pr_nexus *nexus)
{
	struct vsp_stor_pr *pr = nexus->pr;

	spin_lock(&pr->lock);
	if (nexus->registered) {
		unregister(pr, nexus);
		pr->generation++;
	}
	list_del(&nexus->node);
	nexus->pr = NULL;
	spin_unlock(&pr->lock);
}
EXPORT_SYMBOL_IF_KUNIT(vsp_stor_pr_detach);

/**
 * vsp_stor_pr_allows - may a command go on
 * @nexus: where it comes from
 * @cmd_flags: %VSP_STOR_CMD_PR_READ, %VSP_STOR_CMD_PR_WRITE or neither
 *
 * Return: whether there is no reservation conflict.
 */
bool vsp_stor_pr_allows(struct vsp_stor_pr_nexus *nexus, u8 cmd_flags)
{
	struct vsp_stor_pr *pr = nexus->pr;
	bool ok;

	if (!(cmd_flags & (VSP_STOR_CMD_PR_READ | VSP_STOR_CMD_PR_WRITE)))
		return true;
	if (!READ_ONCE(pr->type))
		return true;

	spin_lock(&pr->lock);
	switch (pr->type) {
	case TYPE_WRITE_EXCLUSIVE:
		ok = holds(pr, nexus) || !(cmd_flags & VSP_STOR_CMD_PR_WRITE);
		break;
	case TYPE_EXCLUSIVE_ACCESS:
		ok = holds(pr, nexus);
		break;
	case TYPE_WRITE_EXCLUSIVE_REG_ONLY:
	case TYPE_WRITE_EXCLUSIVE_ALL_REG:
		ok = nexus->registered || !(cmd_flags & VSP_STOR_CMD_PR_WRITE);
		break;
	case TYPE_EXCLUSIVE_ACCESS_REG_ONLY:
	case TYPE_EXCLUSIVE_ACCESS_ALL_REG:
		ok = nexus->registered;
		break;
	default:
		ok = true;
		break;
	}
	spin_unlock(&pr->lock);
	return ok;
}
EXPORT_SYMBOL_IF_KUNIT(vsp_stor_pr_allows);

/**
 * vsp_stor_pr_check_out - validate a PERSISTENT RESERVE OUT
 * @cdb: the command
 * @list: its parameter list
 * @len: bytes of it
 *
 * What is validated does not depend on who keeps the reservations.
 *
 * Return: 0 or a sense code.
 */
int vsp_stor_pr_check_out(const u8 *cdb, const u8 *list, u32 len)
{
	u8 sa = cdb[1] & 0x1f, scope = cdb[2] >> 4, type = cdb[2] & 0x0f;

	if (len != VSP_STOR_PR_OUT_BYTES)
		return VSP_STOR_BAD_LIST_LEN;
	switch (sa) {
	case VSP_STOR_PR_REGISTER:
	case VSP_STOR_PR_REGISTER_IGNORE:
		/* other ports, and surviving power loss: not served */
		if (list[20] & 0x0d)
			return VSP_STOR_BAD_PARAM(20);
		break;
	case VSP_STOR_PR_RESERVE:
		if (!type_valid(type))
			return VSP_STOR_BAD_CDB(2);
		fallthrough;
	case VSP_STOR_PR_RELEASE:
		if (scope)
			return VSP_STOR_BAD_CDB(2);
		break;
	case VSP_STOR_PR_CLEAR:
	case VSP_STOR_PR_PREEMPT:
	case VSP_STOR_PR_PREEMPT_ABORT:
		break;
	default:
		return VSP_STOR_BAD_CDB(1);
	}
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(vsp_stor_pr_check_out);

static int pr_register(struct vsp_stor_pr *pr, struct vsp_stor_pr_nexus *nexus,
		       u64 key, u64 sark, bool ignore)
{
	lockdep_assert_held(&pr->lock);
	if (!ignore && key != nexus->key)
		return VSP_STOR_PR_CONFLICT;
	if (!nexus->registered && !sark)
		return 0;
	if (sark) {
		nexus->registered = true;
		nexus->key = sark;
	} else {
		unregister(pr, nexus);
	}
	pr->generation++;
	return 0;
}

static int pr_reserve(struct vsp_stor_pr *pr, struct vsp_stor_pr_nexus *nexus,
		      u8 type)
{
	lockdep_assert_held(&pr->lock);
	if (pr->type)
		return holds(pr, nexus) && pr->type == type ?
			0 : VSP_STOR_PR_CONFLICT;
	set_reservation(pr, nexus, type);
	return 0;
}

static int pr_release(struct vsp_stor_pr *pr, struct vsp_stor_pr_nexus *nexus,
		      u8 type)
{
	lockdep_assert_held(&pr->lock);
	if (!holds(pr, nexus))
		return 0;
	if (pr->type != type)
		return VSP_STOR_BAD_RELEASE;
	release(pr, nexus);
	return 0;
}

static int pr_clear(struct vsp_stor_pr *pr, struct vsp_stor_pr_nexus *nexus)
{
	struct vsp_stor_pr_nexus *n;

	lockdep_assert_held(&pr->lock);
	attention(pr, nexus, VSP_STOR_UA_PR_PREEMPTED);
	list_for_each_entry(n, &pr->nexuses, node) {
		n->registered = false;
		n->key = 0;
	}
	set_reservation(pr, NULL, 0);
	pr->generation++;
	return 0;
}

static int pr_preempt(struct vsp_stor_pr *pr, struct vsp_stor_pr_nexus *nexus,
		      u64 sark, u8 scope, u8 type, bool abort)
{
	bool all = pr->type && type_all_registrants(pr->type);
	u8 old_type = pr->type;
	struct vsp_stor_pr_nexus *n;
	bool take, found = false;

	lockdep_assert_held(&pr->lock);
	if (!sark && !all)
		return VSP_STOR_BAD_PARAM(8);

	/* is it the reservation that is preempted, or registrations only */
	take = all ? !sark :
		old_type && pr->holder->key == sark;
	if (take && (scope || !type_valid(type)))
		return VSP_STOR_BAD_CDB(2);

	list_for_each_entry(n, &pr->nexuses, node) {
		if (!n->registered || (sark && n->key != sark))
			continue;
		found = true;
		if (n == nexus)
			continue;
		n->registered = false;
		n->key = 0;
		if (abort)
			n->drain = true;
		set_bit(VSP_STOR_UA_PR_REG_PREEMPTED, n->ua);
	}
	if (!found)
		return VSP_STOR_PR_CONFLICT;

	if (take) {
		set_reservation(pr, nexus, type);
		if (type_registrants(old_type) && old_type != type)
			attention(pr, nexus, VSP_STOR_UA_PR_RELEASED);
	}
	pr->generation++;
	return 0;
}

/**
 * vsp_stor_pr_out - carry out PERSISTENT RESERVE OUT
 * @nexus: where it comes from
 * @cdb: the command
 * @list: its parameter list
 * @len: bytes of it
 *
 * After PREEMPT AND ABORT, the caller waits for the commands of the nexuses
 * that are marked &vsp_stor_pr_nexus.drain.
 *
 * Return: 0, %VSP_STOR_PR_CONFLICT or a sense code.
 */
int vsp_stor_pr_out(struct vsp_stor_pr_nexus *nexus, const u8 *cdb,
		    const u8 *list, u32 len)
{
	u8 sa = cdb[1] & 0x1f, scope = cdb[2] >> 4, type = cdb[2] & 0x0f;
	struct vsp_stor_pr *pr = nexus->pr;
	u64 key, sark;
	int ret;

	ret = vsp_stor_pr_check_out(cdb, list, len);
	if (ret)
		return ret;
	key = get_unaligned_be64(list);
	sark = get_unaligned_be64(list + 8);

	spin_lock(&pr->lock);
	if (sa == VSP_STOR_PR_REGISTER || sa == VSP_STOR_PR_REGISTER_IGNORE) {
		ret = pr_register(pr, nexus, key, sark,
				  sa == VSP_STOR_PR_REGISTER_IGNORE);
		goto unlock;
	}

	/* all else is for registrants, and they say which one they are */
	ret = VSP_STOR_PR_CONFLICT;
	if (!nexus->registered || nexus->key != key)
		goto unlock;
	switch (sa) {
	case VSP_STOR_PR_RESERVE:
		ret = pr_reserve(pr, nexus, type);
		break;
	case VSP_STOR_PR_RELEASE:
		ret = pr_release(pr, nexus, type);
		break;
	case VSP_STOR_PR_CLEAR:
		ret = pr_clear(pr, nexus);
		break;
	default:
		ret = pr_preempt(pr, nexus, sark, scope, type,
				 sa == VSP_STOR_PR_PREEMPT_ABORT);
		break;
	}
unlock:
	spin_unlock(&pr->lock);
	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(vsp_stor_pr_out);

static u32 read_keys(struct vsp_stor_pr *pr, u8 *buf, u32 size)
{
	struct vsp_stor_pr_nexus *n;
	u32 len = 8;

	lockdep_assert_held(&pr->lock);
	list_for_each_entry(n, &pr->nexuses, node) {
		if (!n->registered)
			continue;
		if (len + 8 <= size)
			put_unaligned_be64(n->key, buf + len);
		len += 8;
	}
	return len;
}

static u32 read_reservation(struct vsp_stor_pr *pr, u8 *buf)
{
	lockdep_assert_held(&pr->lock);
	if (!pr->type)
		return 8;
	memset(buf + 8, 0, 16);
	if (pr->holder)
		put_unaligned_be64(pr->holder->key, buf + 8);
	buf[21] = pr->type;
	return 24;
}

static u32 read_full_status(struct vsp_stor_pr *pr, u8 *buf, u32 size)
{
	struct vsp_stor_pr_nexus *n;
	u32 len = 8;

	lockdep_assert_held(&pr->lock);
	list_for_each_entry(n, &pr->nexuses, node) {
		u8 *desc = buf + len;

		if (!n->registered)
			continue;
		len += 48;
		if (len > size)
			continue;
		memset(desc, 0, 48);
		put_unaligned_be64(n->key, desc);
		if (holds(pr, n)) {
			desc[12] = 0x01;
			desc[13] = pr->type;
		}
		put_unaligned_be16(1, desc + 18);
		put_unaligned_be32(24, desc + 20);
		/* there is no form for VMBus; this one takes an address */
		desc[24] = 0x06;
		put_unaligned_be64(n->address, desc + 28);
	}
	return len;
}

/**
 * vsp_stor_pr_capabilities - data of REPORT CAPABILITIES
 * @buf: at least 8 bytes
 *
 * Return: length.
 */
int vsp_stor_pr_capabilities(u8 *buf)
{
	memset(buf, 0, 8);
	put_unaligned_be16(8, buf);
	buf[3] = 0x80;			/* the mask of types is valid */
	buf[4] = 0xea;
	buf[5] = 0x01;
	return 8;
}
EXPORT_SYMBOL_IF_KUNIT(vsp_stor_pr_capabilities);

/**
 * vsp_stor_pr_in - data of PERSISTENT RESERVE IN
 * @nexus: where it comes from
 * @cdb: the command
 * @buf: filled
 * @size: bytes of @buf, at least 32
 *
 * Return: length, at most @size; or a sense code.
 */
int vsp_stor_pr_in(struct vsp_stor_pr_nexus *nexus, const u8 *cdb, u8 *buf,
		   u32 size)
{
	struct vsp_stor_pr *pr = nexus->pr;
	u32 len;

	if ((cdb[1] & 0x1f) == VSP_STOR_PR_REPORT_CAPABILITIES)
		return vsp_stor_pr_capabilities(buf);

	spin_lock(&pr->lock);
	switch (cdb[1] & 0x1f) {
	case VSP_STOR_PR_READ_KEYS:
		len = read_keys(pr, buf, size);
		break;
	case VSP_STOR_PR_READ_RESERVATION:
		len = read_reservation(pr, buf);
		break;
	case VSP_STOR_PR_READ_FULL_STATUS:
		len = read_full_status(pr, buf, size);
		break;
	default:
		spin_unlock(&pr->lock);
		return VSP_STOR_BAD_CDB(1);
	}
	put_unaligned_be32(pr->generation, buf);
	/* tells of all there is, even where it does not fit */
	put_unaligned_be32(len - 8, buf + 4);
	spin_unlock(&pr->lock);
	return min(len, size);
}
EXPORT_SYMBOL_IF_KUNIT(vsp_stor_pr_in);
