// SPDX-License-Identifier: GPL-2.0-only
/*
 * REPORT SUPPORTED OPERATION CODES, from the table that commands are looked up
 * in. Follows SPC-4 6.35.
 */
#include <kunit/visibility.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "scsi.h"

static bool served(const struct vsp_stor_cmd *cmd, bool thin)
{
	return thin || !(cmd->flags & VSP_STOR_CMD_THIN);
}

static int report_all(const struct vsp_stor_cmd *table, unsigned int nr,
		      bool thin, bool rctd, u8 *buf, u32 size)
{
	u32 each = rctd ? 20 : 8, len = 4;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		const struct vsp_stor_cmd *cmd = &table[i];
		u8 *desc = buf + len;

		if (!served(cmd, thin))
			continue;
		if (len + each > size)
			break;
		memset(desc, 0, each);
		desc[0] = cmd->opcode;
		if (cmd->flags & VSP_STOR_CMD_SA) {
			put_unaligned_be16(cmd->sa, desc + 2);
			desc[5] |= 0x01;
		}
		put_unaligned_be16(cmd->len, desc + 6);
		if (rctd) {
			desc[5] |= 0x02;
			/* no timeouts to tell */
			put_unaligned_be16(10, desc + 8);
		}
		len += each;
	}
	put_unaligned_be32(len - 4, buf);
	return len;
}

static int report_one(const struct vsp_stor_cmd *cmd, bool rctd, u8 *buf)
{
	u32 len = 4;

	memset(buf, 0, 32);
	if (!cmd) {
		buf[1] = 0x01;
		return len;
	}
	buf[1] = 0x03 | (rctd ? 0x80 : 0);
	put_unaligned_be16(cmd->len, buf + 2);
	buf[4] = cmd->opcode;
	memcpy(buf + 5, cmd->usage, cmd->len - 1);
	if (cmd->flags & VSP_STOR_CMD_SA)
		buf[5] |= cmd->sa;
	len += cmd->len;
	if (rctd) {
		put_unaligned_be16(10, buf + len);
		len += 12;
	}
	return len;
}

/**
 * vsp_stor_report_opcodes - data of REPORT SUPPORTED OPERATION CODES
 * @table: the commands
 * @nr: how many
 * @thin: those of thin units, too
 * @cdb: which are asked for
 * @buf: filled
 * @size: bytes of @buf, at least 32
 *
 * Return: length, or a sense code.
 */
int vsp_stor_report_opcodes(const struct vsp_stor_cmd *table, unsigned int nr,
			    bool thin, const u8 *cdb, u8 *buf, u32 size)
{
	u8 options = cdb[2] & 0x07, opcode = cdb[3];
	u16 sa = get_unaligned_be16(cdb + 4);
	const struct vsp_stor_cmd *found = NULL;
	bool rctd = cdb[2] & 0x80, known = false, has_sa = false;
	unsigned int i;

	if (options == 0)
		return report_all(table, nr, thin, rctd, buf, size);
	if (options > 3)
		return VSP_STOR_BAD_CDB(2);

	for (i = 0; i < nr; i++) {
		const struct vsp_stor_cmd *cmd = &table[i];

		if (cmd->opcode != opcode || !served(cmd, thin))
			continue;
		known = true;
		has_sa = cmd->flags & VSP_STOR_CMD_SA;
		if (!has_sa || cmd->sa == sa)
			found = cmd;
	}

	/* 1 is for commands without service actions, 2 for those with */
	if (known && ((options == 1 && has_sa) || (options == 2 && !has_sa)))
		return VSP_STOR_BAD_CDB(4);
	if (options == 3 && found && !has_sa && sa)
		found = NULL;
	return report_one(found, rctd, buf);
}
EXPORT_SYMBOL_IF_KUNIT(vsp_stor_report_opcodes);
