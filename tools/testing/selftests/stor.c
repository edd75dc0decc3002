// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest's half of the storage protocol, and the disks behind it.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "config.h"
#include "stor.h"
#include "tap.h"

#define NULLB	"/sys/kernel/config/nullb"

void disk_create(const char *name, const char *opts)
{
	char list[256], path[128], *word, *save;

	if (access(NULLB, F_OK))
		tap_skip("null_blk is not loaded");
	EXPECT_OK(config_mkdir(NULLB "/%s", name));
	snprintf(list, sizeof(list), "%s", opts);
	for (word = strtok_r(list, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		char *value = strchr(word, '=');

		*value++ = 0;
		snprintf(path, sizeof(path), NULLB "/%s/%s", name, word);
		EXPECT_OK(config_write(path, "%s", value));
	}
	snprintf(path, sizeof(path), NULLB "/%s/power", name);
	EXPECT_OK(config_write(path, "1"));
}

void fill(u8 *p, u32 len, u32 tag)
{
	u32 i;

	for (i = 0; i < len; i += 4) {
		tag = tag * 1664525 + 1013904223;
		memcpy(p + i, &tag, len - i < 4 ? len - i : 4);
	}
}

static int disk_open(const char *name, int flags)
{
	char path[64];

	snprintf(path, sizeof(path), "/dev/%s", name);
	return EXPECT_OK(open(path, flags | O_DIRECT | O_CLOEXEC));
}

void disk_read(const char *name, u64 offset, void *buf, u32 len)
{
	void *aligned = aligned_alloc(4096, len);
	int fd = disk_open(name, O_RDONLY);

	EXPECT_EQ(pread(fd, aligned, len, offset), len);
	memcpy(buf, aligned, len);
	close(fd);
	free(aligned);
}

void disk_write(const char *name, u64 offset, const void *buf, u32 len)
{
	void *aligned = aligned_alloc(4096, len);
	int fd = disk_open(name, O_RDWR);

	memcpy(aligned, buf, len);
	EXPECT_EQ(pwrite(fd, aligned, len, offset), len);
	close(fd);
	free(aligned);
}

void ctrl_create(const char *partition, const char *dev)
{
	if (!config_has_module("vsp_stor"))
		tap_skip("vsp_stor is not loaded");
	EXPECT_OK(config_mkdir("%s/%s", partition, dev));
}

void ctrl_enable(const char *partition, const char *dev)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s/enable", partition, dev);
	EXPECT_OK(config_write(path, "1"));
}

int lun_set(const char *partition, const char *dev, unsigned int lun,
	    const char *attr, const char *value)
{
	char path[160];

	snprintf(path, sizeof(path), "%s/%s/lun.%u/%s", partition, dev, lun, attr);
	return config_write(path, "%s", value);
}

void lun_create(const char *partition, const char *dev, unsigned int lun,
		const char *disk)
{
	char path[64];

	snprintf(path, sizeof(path), "/dev/%s", disk);
	EXPECT_OK(config_mkdir("%s/%s/lun.%u", partition, dev, lun));
	EXPECT_OK(lun_set(partition, dev, lun, "device", path));
	EXPECT_OK(lun_set(partition, dev, lun, "enable", "1"));
}

struct guest *stor_guest_in(const char *partition, const char *disk)
{
	struct guest *g;

	config_partition(partition);
	ctrl_create(partition, "scsi.0");
	if (disk)
		lun_create(partition, "scsi.0", 0, disk);
	ctrl_enable(partition, "scsi.0");
	g = guest_create(partition);
	bus_connect(g, VMB_VERSION_5_3);
	return g;
}

struct guest *stor_guest(const char *disk)
{
	return stor_guest_in(PARTITION, disk);
}

void stor_open(struct stor *s, struct guest *g, const struct vmb_msg_offer *offer,
	       unsigned int pages)
{
	memset(s, 0, sizeof(*s));
	chan_open(&s->ch, g, offer, pages, 0);
	s->packet_len = VMB_STOR_PACKET_BYTES_V1;
}

static void finish(struct stor_cmd *cmd, const struct vmb_stor_packet *pkt)
{
	cmd->status = le32_to_cpu(pkt->status);
	cmd->srb = pkt->srb;
	cmd->done = true;
}

static void take(struct stor *s, const struct vmb_packet *in)
{
	struct vmb_stor_packet pkt = {};
	u32 slot = in->trans_id % STOR_PENDING;
	struct stor_cmd *cmd;

	EXPECT(in->len >= s->packet_len && in->len <= sizeof(pkt));
	memcpy(&pkt, in->data, in->len);
	if (in->type == VMB_PKT_INBAND) {
		EXPECT_EQ(le32_to_cpu(pkt.operation), VMB_STOR_OP_ENUMERATE_BUS);
		s->nr_enumerate++;
		return;
	}
	EXPECT_EQ(in->type, VMB_PKT_COMPLETION);
	EXPECT_EQ(le32_to_cpu(pkt.operation), VMB_STOR_OP_COMPLETE_IO);
	cmd = s->pending[slot];
	/* each is answered once */
	if (!cmd || cmd->id != in->trans_id)
		tap_fail(__FILE__, __LINE__, "an answer to %#llx, which was not asked",
			 (unsigned long long)in->trans_id);
	s->pending[slot] = NULL;
	s->nr_pending--;
	finish(cmd, &pkt);
}

bool stor_reap(struct stor *s, int timeout_ms)
{
	struct vmb_packet in;

	if (!chan_recv(&s->ch, &in, timeout_ms))
		return false;
	take(s, &in);
	return true;
}

void stor_wait(struct stor *s, struct stor_cmd *cmd)
{
	while (!cmd->done)
		if (!stor_reap(s, GUEST_PATIENCE))
			tap_fail(__FILE__, __LINE__, "no answer to %#llx, CDB %02x",
				 (unsigned long long)cmd->id, cmd->cdb[0]);
}

void stor_wait_all(struct stor *s)
{
	while (s->nr_pending)
		if (!stor_reap(s, GUEST_PATIENCE))
			tap_fail(__FILE__, __LINE__, "%u answers did not come",
				 s->nr_pending);
}

static int send(struct stor *s, struct stor_cmd *cmd, const struct vmb_stor_packet *pkt,
		const void *head, u32 head_len, bool quiet)
{
	u32 id = s->next_id;
	int ret;

	while (s->pending[id % STOR_PENDING])
		id++;
	/* a cookie that uses all of its bits */
	cmd->id = (u64)id << 32 | (id ^ 0xa5a5a5a5) << 12 | id % STOR_PENDING;
	cmd->done = false;
	s->pending[id % STOR_PENDING] = cmd;
	s->nr_pending++;
	ret = chan_send(&s->ch, head ? VMB_PKT_GPA_DIRECT : VMB_PKT_INBAND,
			VMB_PKT_COMPLETION_REQUESTED, cmd->id, head, head_len, pkt,
			s->packet_len, quiet);
	if (ret) {
		s->pending[id % STOR_PENDING] = NULL;
		s->nr_pending--;
		return ret;
	}
	s->next_id = id + 1;
	return 0;
}

/* An operation other than a command; the answer replaces it. */
u32 stor_op(struct stor *s, struct vmb_stor_packet *pkt)
{
	struct stor_cmd cmd = {};

	pkt->flags = cpu_to_le32(VMB_STOR_REQUEST_COMPLETION);
	EXPECT_EQ(send(s, &cmd, pkt, NULL, 0, false), 0);
	stor_wait(s, &cmd);
	memcpy(pkt->body, &cmd.srb, sizeof(pkt->body));
	return cmd.status;
}

void stor_init(struct stor *s, u16 version)
{
	struct vmb_stor_packet pkt = { .operation = cpu_to_le32(VMB_STOR_OP_BEGIN_INIT) };

	EXPECT_EQ(stor_op(s, &pkt), VMB_STATUS_SUCCESS);
	pkt = (struct vmb_stor_packet){
		.operation = cpu_to_le32(VMB_STOR_OP_QUERY_PROTOCOL_VERSION),
		.version.major_minor = cpu_to_le16(version),
	};
	EXPECT_EQ(stor_op(s, &pkt), VMB_STATUS_SUCCESS);
	s->version = version;
	if (version >= VMB_STOR_VERSION_5_1)
		s->packet_len = VMB_STOR_PACKET_BYTES;
	pkt = (struct vmb_stor_packet){
		.operation = cpu_to_le32(VMB_STOR_OP_QUERY_PROPERTIES),
	};
	EXPECT_EQ(stor_op(s, &pkt), VMB_STATUS_SUCCESS);
	s->properties = pkt.properties;
	pkt = (struct vmb_stor_packet){ .operation = cpu_to_le32(VMB_STOR_OP_END_INIT) };
	EXPECT_EQ(stor_op(s, &pkt), VMB_STATUS_SUCCESS);
}

/* The first controller, ready for commands. */
struct stor *stor_start(struct guest *g)
{
	struct stor *s = calloc(1, sizeof(*s));
	struct vmb_msg_offer offer;

	EXPECT(s);
	EXPECT_EQ(bus_offers(g, &offer, 1), 1);
	stor_open(s, g, &offer, 17);
	stor_init(s, VMB_STOR_VERSION_6_2);
	return s;
}

int stor_submit(struct stor *s, struct stor_cmd *cmd, bool quiet)
{
	u64 head[2 + STOR_MAX_DATA / VMB_PAGE_SIZE + 1];
	struct vmb_stor_packet pkt = {
		.operation = cpu_to_le32(VMB_STOR_OP_EXECUTE_SRB),
		.flags = cpu_to_le32(VMB_STOR_REQUEST_COMPLETION),
		.srb = {
			.lun = cmd->lun,
			.cdb_length = cmd->cdb_len,
			.sense_length = s->version >= VMB_STOR_VERSION_5_1 ?
				VMB_STOR_SENSE_BYTES : VMB_STOR_SENSE_BYTES_V1,
			.data_in = cmd->write ? VMB_STOR_DATA_OUT : VMB_STOR_DATA_IN,
			.data_transfer_length = cpu_to_le32(cmd->claim ?: cmd->len),
		},
	};
	u32 offset = cmd->gpa % VMB_PAGE_SIZE, nr, i;
	__le32 *word = (__le32 *)head;

	pkt.srb.length = cpu_to_le16(s->packet_len - VMB_STOR_PACKET_HEAD);
	memcpy(pkt.srb.cdb, cmd->cdb, sizeof(cmd->cdb));
	if (!cmd->len)
		return send(s, cmd, &pkt, NULL, 0, quiet);

	nr = (offset + cmd->len + VMB_PAGE_SIZE - 1) / VMB_PAGE_SIZE;
	EXPECT(2 + nr <= ARRAY_SIZE(head));
	word[0] = 0;
	word[1] = cpu_to_le32(1);
	word[2] = cpu_to_le32(cmd->len);
	word[3] = cpu_to_le32(offset);
	for (i = 0; i < nr; i++)
		head[2 + i] = cmd->pfns ? cmd->pfns[i] :
			      cpu_to_le64(cmd->gpa / VMB_PAGE_SIZE + i);
	return send(s, cmd, &pkt, head, 8 * (2 + nr), quiet);
}

void stor_exec(struct stor *s, struct stor_cmd *cmd)
{
	EXPECT_EQ(stor_submit(s, cmd, false), 0);
	stor_wait(s, cmd);
}

void stor_clear_ua(struct stor *s, u8 lun)
{
	struct stor_cmd cmd;
	int i;

	for (i = 0; i < 8; i++) {
		cmd_tur(&cmd, lun);
		stor_exec(s, &cmd);
		if (cmd_ok(&cmd))
			return;
	}
	EXPECT_GOOD(&cmd);
}

/* A sub-channel of @s, in the version that @s agreed on. */
void stor_sub_channel(struct stor *sub, const struct stor *s,
		      const struct vmb_msg_offer *offer, unsigned int vp)
{
	memset(sub, 0, sizeof(*sub));
	chan_open(&sub->ch, s->ch.g, offer, s->ch.pages, vp);
	sub->version = s->version;
	sub->packet_len = s->packet_len;
}

void cmd_tur(struct stor_cmd *cmd, u8 lun)
{
	memset(cmd, 0, sizeof(*cmd));
	cmd->lun = lun;
	cmd->cdb_len = 6;
}

/* READ(16) and WRITE(16) */
void cmd_rw(struct stor_cmd *cmd, bool write, u64 lba, u32 blocks, u64 gpa,
	    u32 block_size)
{
	memset(cmd, 0, sizeof(*cmd));
	cmd->cdb_len = 16;
	cmd->cdb[0] = write ? 0x8a : 0x88;
	lba = htobe64(lba);
	memcpy(cmd->cdb + 2, &lba, 8);
	cmd->len = blocks * block_size;
	blocks = htobe32(blocks);
	memcpy(cmd->cdb + 10, &blocks, 4);
	cmd->write = write;
	cmd->gpa = gpa;
}

bool cmd_ok(const struct stor_cmd *cmd)
{
	return cmd->done && cmd->status == VMB_STATUS_SUCCESS &&
	       (cmd->srb.srb_status & VMB_STOR_SRB_CODE_MASK) == VMB_STOR_SRB_SUCCESS &&
	       !cmd->srb.scsi_status;
}

u32 cmd_sense(const struct stor_cmd *cmd)
{
	const u8 *sense = cmd->srb.sense;

	if (!cmd->done || cmd->srb.scsi_status != 2 ||
	    !(cmd->srb.srb_status & VMB_STOR_SRB_AUTOSENSE_VALID) ||
	    cmd->srb.sense_length < 14)
		return 0;
	return (u32)(sense[2] & 0xf) << 16 | (u32)sense[12] << 8 | sense[13];
}

void stor_expect(const char *file, int line, const struct stor_cmd *cmd, u32 sense)
{
	if (sense ? cmd_sense(cmd) == sense : cmd_ok(cmd))
		return;
	tap_fail(file, line,
		 "CDB %02x: NT status %#x, SRB status %#x, SCSI status %#x, sense %06x; wanted %06x",
		 cmd->cdb[0], cmd->status, cmd->srb.srb_status, cmd->srb.scsi_status,
		 cmd_sense(cmd), sense);
}
