// SPDX-License-Identifier: GPL-2.0-only
#include "test.h"

static const struct vsp_net_props props = {
	.name = "net.0",
	.mac = "\x02\x00\x00\x00\x00\x01",
	.current_mac = "\x02\x00\x00\x00\x00\x02",
	.mtu = 1500,
	.speed = 10000,
	.connected = true,
	.ready = true,
	.queues = 4,
};

static struct vsp_net_change change;
static u8 answer[VSP_NET_MAX_CONTROL];

static u32 word(u32 at)
{
	__le32 w;

	memcpy(&w, answer + at, 4);
	return le32_to_cpu(w);
}

/* QUERY or SET of @oid with @len bytes; the answer's length, or an error. */
static int ask(const struct vsp_net_props *p, u32 type, u32 oid, const void *info,
	       u32 len)
{
	u8 msg[28 + 512] = {};
	__le32 *w = (__le32 *)msg;
	void *exact;
	int ret;

	w[0] = cpu_to_le32(type);
	w[1] = cpu_to_le32(28 + len);
	w[2] = cpu_to_le32(0x55);
	w[3] = cpu_to_le32(oid);
	w[4] = cpu_to_le32(len);
	w[5] = cpu_to_le32(20);
	if (len)
		memcpy(msg + 28, info, len);
	exact = exactly(msg, 28 + len);
	ret = vsp_net_control(&change, p, exact, 28 + len, answer);
	free(exact);
	return ret;
}

static const char *oid_query(void)
{
	CHECK(ask(&props, VMB_RNDIS_QUERY, VMB_OID_802_3_PERMANENT_ADDRESS, NULL, 0) == 30);
	CHECK(word(0) == (VMB_RNDIS_QUERY | VMB_RNDIS_COMPLETE) && word(4) == 30);
	CHECK(word(8) == 0x55 && word(12) == VMB_RNDIS_STATUS_SUCCESS);
	CHECK(word(16) == 6 && word(20) == 16 && !memcmp(answer + 24, props.mac, 6));
	CHECK(ask(&props, VMB_RNDIS_QUERY, VMB_OID_802_3_CURRENT_ADDRESS, NULL, 0) == 30);
	CHECK(!memcmp(answer + 24, props.current_mac, 6));
	CHECK(ask(&props, VMB_RNDIS_QUERY, VMB_OID_GEN_MAXIMUM_FRAME_SIZE, NULL, 0) == 28);
	CHECK(word(24) == 1500);
	CHECK(ask(&props, VMB_RNDIS_QUERY, VMB_OID_GEN_FRIENDLY_NAME, NULL, 0) == 24 + 12);
	CHECK(!memcmp(answer + 24, "n\0e\0t\0.\0000\0\0\0", 12));
	CHECK(ask(&props, VMB_RNDIS_QUERY, 0x4711, NULL, 0) == 24);
	CHECK(word(12) == VMB_RNDIS_STATUS_NOT_SUPPORTED && !word(16));
	return NULL;
}

/* All that are said to be supported can be asked or set. */
static const char *oid_list(void)
{
	static u8 list[VSP_NET_MAX_CONTROL];
	int len = vsp_net_oid_query(&props, VMB_OID_GEN_SUPPORTED_LIST, NULL, 0, list,
				    sizeof(list)), i;
	u8 out[VSP_NET_MAX_CONTROL];

	CHECK(len > 100 && len % 4 == 0);
	for (i = 0; i < len; i += 4) {
		__le32 oid;
		u8 zero[64] = {};

		memcpy(&oid, list + i, 4);
		CHECK(vsp_net_oid_query(&props, le32_to_cpu(oid), NULL, 0, out,
					sizeof(out)) != -EOPNOTSUPP ||
		      vsp_net_oid_set(&change, &props, le32_to_cpu(oid), zero, 64) !=
		      -EOPNOTSUPP || le32_to_cpu(oid) == VMB_OID_GEN_RNDIS_CONFIG_PARAMETER);
		/* nor is more written than fits */
		vsp_net_oid_query(&props, le32_to_cpu(oid), NULL, 0, out, 0);
	}
	return NULL;
}

static const char *oid_offload(void)
{
	u8 want[4] = { VMB_NDIS_OBJECT_OFFLOAD, 1, 112, 0 };

	CHECK(ask(&props, VMB_RNDIS_QUERY, VMB_OID_TCP_OFFLOAD_CAPABILITIES, want, 4) == 24 + 112);
	want[1] = 2;
	CHECK(ask(&props, VMB_RNDIS_QUERY, VMB_OID_TCP_OFFLOAD_CAPABILITIES, want, 4) == 24 + 144);
	want[1] = 9;
	CHECK(ask(&props, VMB_RNDIS_QUERY, VMB_OID_TCP_OFFLOAD_CAPABILITIES, want, 4) == 24 + 156);
	CHECK(answer[24] == VMB_NDIS_OBJECT_OFFLOAD && answer[25] == 3 && answer[26] == 156);
	return NULL;
}

/* Coalescing is on offer where the guest can put frames together. */
static const char *oid_rsc_offer(void)
{
	struct vsp_net_props p = props;
	u32 i;

	for (i = 0; i < 2; i++) {
		p.rsc = i;
		CHECK(ask(&p, VMB_RNDIS_QUERY, VMB_OID_TCP_OFFLOAD_CAPABILITIES, NULL, 0) ==
		      24 + 156);
		CHECK(answer[24 + 144] == i && answer[24 + 145] == i);
		CHECK(answer[24 + 146] == 0);
	}
	return NULL;
}

/* As Linux sets it: 28 bytes, or from NVSP 4 down 22, of revision 3. */
static const char *oid_rsc_set(void)
{
	u8 par[28] = { VMB_NDIS_OBJECT_DEFAULT, 3, 28 };
	u32 v4, v6, len;

	for (v4 = 0; v4 < 5; v4++)
		for (v6 = 0; v6 < 5; v6++) {
			par[22] = v4;
			par[23] = v6;
			change.rsc4 = 9;
			change.rsc6 = 9;
			ask(&props, VMB_RNDIS_SET, VMB_OID_TCP_OFFLOAD_PARAMETERS, par, 28);
			if (v4 > 2 || v6 > 2) {
				CHECK(word(12) == VMB_RNDIS_STATUS_INVALID_DATA);
				CHECK(change.action == VSP_NET_NOTHING);
				continue;
			}
			CHECK(word(12) == 0 && change.action == VSP_NET_SET_OFFLOAD);
			CHECK(change.rsc4 == v4 && change.rsc6 == v6);
		}
	/* what ends before it, or is of before it, says nothing */
	par[22] = 2;
	par[23] = 2;
	for (len = 15; len <= 28; len++) {
		par[2] = len;
		ask(&props, VMB_RNDIS_SET, VMB_OID_TCP_OFFLOAD_PARAMETERS, par, len);
		CHECK(word(12) == 0 && change.rsc4 == (len < 24 ? 0 : 2));
		CHECK(change.rsc6 == change.rsc4);
	}
	par[1] = 2;
	ask(&props, VMB_RNDIS_SET, VMB_OID_TCP_OFFLOAD_PARAMETERS, par, 28);
	CHECK(word(12) == 0 && !change.rsc4 && !change.rsc6);
	/* longer than what came */
	par[1] = 3;
	ask(&props, VMB_RNDIS_SET, VMB_OID_TCP_OFFLOAD_PARAMETERS, par, 23);
	CHECK(word(12) == VMB_RNDIS_STATUS_INVALID_DATA);
	return NULL;
}

static const char *oid_set(void)
{
	struct vsp_net_props free_props = props;
	u8 group[12] = "\x01\x00\x5e\x00\x00\x01\x33\x33\x00\x00\x00\x01";
	u8 many[65 * 6];
	__le32 filter = cpu_to_le32(9);

	CHECK(ask(&props, VMB_RNDIS_SET, VMB_OID_GEN_CURRENT_PACKET_FILTER, &filter, 4) == 16);
	CHECK(word(12) == 0 && change.action == VSP_NET_SET_FILTER && change.filter == 9);
	CHECK(ask(&props, VMB_RNDIS_SET, VMB_OID_GEN_CURRENT_PACKET_FILTER, &filter, 3) == 16);
	CHECK(word(12) == VMB_RNDIS_STATUS_INVALID_LENGTH && change.action == VSP_NET_NOTHING);
	ask(&props, VMB_RNDIS_SET, VMB_OID_802_3_MULTICAST_LIST, group, 12);
	CHECK(change.action == VSP_NET_SET_MULTICAST && change.nr == 2);
	CHECK(!memcmp(change.addr, group, 12));
	group[0] = 2;
	ask(&props, VMB_RNDIS_SET, VMB_OID_802_3_MULTICAST_LIST, group, 12);
	CHECK(word(12) == VMB_RNDIS_STATUS_INVALID_DATA);
	memset(many, 1, sizeof(many));
	ask(&props, VMB_RNDIS_SET, VMB_OID_802_3_MULTICAST_LIST, many, sizeof(many));
	CHECK(word(12) == VMB_RNDIS_STATUS_MULTICAST_FULL);
	/* another address, where that is not, and is, allowed */
	ask(&props, VMB_RNDIS_SET, VMB_OID_802_3_CURRENT_ADDRESS, "\x02\0\0\0\0\x09", 6);
	CHECK(word(12) == VMB_RNDIS_STATUS_FAILURE && change.action == VSP_NET_NOTHING);
	ask(&props, VMB_RNDIS_SET, VMB_OID_802_3_CURRENT_ADDRESS, props.mac, 6);
	CHECK(word(12) == 0 && change.action == VSP_NET_SET_MAC);
	free_props.mac_change = true;
	ask(&free_props, VMB_RNDIS_SET, VMB_OID_802_3_CURRENT_ADDRESS, "\x02\0\0\0\0\x09", 6);
	CHECK(word(12) == 0 && change.addr[0][5] == 9);
	ask(&free_props, VMB_RNDIS_SET, VMB_OID_802_3_CURRENT_ADDRESS, "\x01\0\0\0\0\x09", 6);
	CHECK(word(12) == VMB_RNDIS_STATUS_INVALID_DATA);
	return NULL;
}

/* As Linux sets its address. */
static const char *oid_parameter(void)
{
	struct vsp_net_props p = props;
	u8 par[20 + 28 + 24] = {};
	__le32 head[5] = {
		cpu_to_le32(20), cpu_to_le32(28), cpu_to_le32(2), cpu_to_le32(48),
		cpu_to_le32(24),
	};
	u32 i;

	p.mac_change = true;
	for (i = 0; i < 14; i++)
		par[20 + 2 * i] = "NetworkAddress"[i];
	for (i = 0; i < 12; i++)
		par[48 + 2 * i] = "02Ab00000017"[i];
	memcpy(par, head, 20);
	ask(&p, VMB_RNDIS_SET, VMB_OID_GEN_RNDIS_CONFIG_PARAMETER, par, sizeof(par));
	CHECK(word(12) == 0 && change.action == VSP_NET_SET_MAC);
	CHECK(!memcmp(change.addr[0], "\x02\xab\0\0\0\x17", 6));
	ask(&props, VMB_RNDIS_SET, VMB_OID_GEN_RNDIS_CONFIG_PARAMETER, par, sizeof(par));
	CHECK(word(12) == VMB_RNDIS_STATUS_FAILURE);
	par[48] = 'g';
	ask(&p, VMB_RNDIS_SET, VMB_OID_GEN_RNDIS_CONFIG_PARAMETER, par, sizeof(par));
	CHECK(word(12) == VMB_RNDIS_STATUS_INVALID_DATA);
	for (i = 0; i < 5; i++) {
		head[i] = cpu_to_le32(~0U);
		memcpy(par, head, 20);
		ask(&p, VMB_RNDIS_SET, VMB_OID_GEN_RNDIS_CONFIG_PARAMETER, par, sizeof(par));
		CHECK(word(12) && change.action == VSP_NET_NOTHING);
	}
	return NULL;
}

static const char *oid_messages(void)
{
	struct vsp_net_props p = props;
	__le32 msg[7] = {};
	u32 i;

	/* INITIALIZE, of the version there is and of another */
	msg[0] = cpu_to_le32(VMB_RNDIS_INITIALIZE);
	msg[1] = cpu_to_le32(24);
	msg[3] = cpu_to_le32(1);
	CHECK(vsp_net_control(&change, &p, msg, 24, answer) == 52);
	CHECK(change.action == VSP_NET_INITIALIZE && word(12) == 0);
	msg[3] = cpu_to_le32(2);
	CHECK(vsp_net_control(&change, &p, msg, 24, answer) == 52);
	CHECK(change.action == VSP_NET_NOTHING && word(12) == VMB_RNDIS_STATUS_BAD_VERSION);
	/* too short, by the head and in fact */
	msg[1] = cpu_to_le32(23);
	CHECK(vsp_net_control(&change, &p, msg, 24, answer) == -EBADMSG);
	msg[1] = cpu_to_le32(24);
	CHECK(vsp_net_control(&change, &p, msg, 23, answer) == -EBADMSG);
	/* those that end behind the id */
	msg[1] = cpu_to_le32(12);
	msg[2] = cpu_to_le32(3);
	msg[0] = cpu_to_le32(VMB_RNDIS_KEEPALIVE);
	CHECK(vsp_net_control(&change, &p, msg, 12, answer) == 16 && word(8) == 3);
	msg[0] = cpu_to_le32(VMB_RNDIS_RESET);
	CHECK(vsp_net_control(&change, &p, msg, 12, answer) == 16);
	CHECK(change.action == VSP_NET_RESET && word(12) == 1);
	msg[0] = cpu_to_le32(VMB_RNDIS_HALT);
	CHECK(vsp_net_control(&change, &p, msg, 12, answer) == 0);
	CHECK(change.action == VSP_NET_HALT);
	for (i = 0; i < 12; i++)
		CHECK(vsp_net_control(&change, &p, msg, i, answer) == -EBADMSG);
	msg[0] = cpu_to_le32(77);
	CHECK(vsp_net_control(&change, &p, msg, 12, answer) == -EOPNOTSUPP);
	/* nothing before INITIALIZE */
	p.ready = false;
	ask(&p, VMB_RNDIS_QUERY, VMB_OID_GEN_LINK_SPEED, NULL, 0);
	CHECK(word(12) == VMB_RNDIS_STATUS_NOT_READY);
	CHECK(vsp_net_indicate_build(answer, VMB_RNDIS_MEDIA_CONNECT) == 20);
	CHECK(word(0) == VMB_RNDIS_INDICATE_STATUS && word(4) == 20 &&
	      word(8) == VMB_RNDIS_MEDIA_CONNECT);
	return NULL;
}

static const char *oid_rss(void)
{
	u8 off[28] = { VMB_NDIS_OBJECT_RSS_PARAMETERS, 2, 28 };

	CHECK(ask(&props, VMB_RNDIS_QUERY, VMB_OID_GEN_RECEIVE_SCALE_CAPABILITIES, NULL,
		  0) == 24 + 18);
	CHECK(answer[24] == VMB_NDIS_OBJECT_RSS_CAPABILITIES && answer[26] == 18);
	/* queues, entries */
	CHECK(word(36) == 4 && answer[40] == 128 && !answer[41]);
	off[4] = VMB_NDIS_RSS_DISABLE;
	ask(&props, VMB_RNDIS_SET, VMB_OID_GEN_RECEIVE_SCALE_PARAMETERS, off, 28);
	CHECK(word(12) == 0 && change.action == VSP_NET_SET_RSS && !change.rss.on);
	ask(&props, VMB_RNDIS_SET, VMB_OID_GEN_RECEIVE_SCALE_PARAMETERS, off, 27);
	CHECK(word(12) == VMB_RNDIS_STATUS_INVALID_LENGTH && change.action == VSP_NET_NOTHING);
	off[4] = VMB_NDIS_RSS_KEY_UNCHANGED | VMB_NDIS_RSS_HASH_UNCHANGED;
	ask(&props, VMB_RNDIS_SET, VMB_OID_GEN_RECEIVE_SCALE_PARAMETERS, off, 28);
	CHECK(word(12) == VMB_RNDIS_STATUS_INVALID_DATA && change.action == VSP_NET_NOTHING);
	return NULL;
}

const struct test oid_tests[] = {
	{ "oid-query", oid_query },
	{ "oid-list", oid_list },
	{ "oid-offload", oid_offload },
	{ "oid-rsc-offer", oid_rsc_offer },
	{ "oid-rsc-set", oid_rsc_set },
	{ "oid-set", oid_set },
	{ "oid-parameter", oid_parameter },
	{ "oid-messages", oid_messages },
	{ "oid-rss", oid_rss },
	{}
};
