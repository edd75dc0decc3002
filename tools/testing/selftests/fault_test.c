// SPDX-License-Identifier: GPL-2.0-only
/*
 * Each call with each of its allocations and copies failing in turn: it fails
 * in a way that says so, or gets by without, and leaves nothing behind. Needs
 * a kernel with fault injection.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config.h"
#include "stor.h"
#include "tap.h"

#define DISK	"vmbt0"
#define FAST	"memory_backed=1 size=16"
/* no call has so many */
#define MOST	2000

static const char * const kinds[] = { "failslab", "fail_page_alloc", "fail_usercopy" };

static void prepare(void)
{
	char path[96];
	unsigned int i;

	if (access("/sys/kernel/debug/failslab", F_OK) ||
	    access("/proc/thread-self/fail-nth", F_OK))
		tap_skip("the kernel has no fault injection");
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		/* a backtrace for each would look like a complaint */
		snprintf(path, sizeof(path), "/sys/kernel/debug/%s/verbose", kinds[i]);
		EXPECT_OK(config_write(path, "0"));
		snprintf(path, sizeof(path), "/sys/kernel/debug/%s/ignore-gfp-wait", kinds[i]);
		config_write(path, "N");
		snprintf(path, sizeof(path), "/sys/kernel/debug/%s/min-order", kinds[i]);
		config_write(path, "0");
	}
}

static int nth_file(void)
{
	static int fd = -1;

	if (fd < 0)
		fd = EXPECT_OK(open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC));
	return fd;
}

static void arm(unsigned int n)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", n);

	/* what is left of the last one may hit this very write */
	if (pwrite(nth_file(), text, len, 0) != len)
		EXPECT_EQ(pwrite(nth_file(), text, len, 0), len);
}

/* Whether it has happened. Nothing fails from here on. */
static bool disarm(void)
{
	char text[16] = "";
	bool done = false;

	/* if it happens here, it has not happened before */
	if (pread(nth_file(), text, sizeof(text) - 1, 0) > 0)
		done = !strtoul(text, NULL, 10);
	arm(0);
	return done;
}

static void undo_bind(void *arg);

/*
 * @call is made with the first, the second, ... of its allocations failing,
 * until none of them does; it returns 0 or -errno. What it did is undone by
 * @undo when it returned 0, or may have been done all the same.
 */
static void sweep(const char *what, long (*call)(void *arg), void (*undo)(void *arg),
		  void *arg)
{
	unsigned int n, failed = 0;
	bool happened;
	long ret;

	for (n = 1; n < MOST; n++) {
		arm(n);
		ret = call(arg);
		happened = disarm();
		if (ret && ret != -ENOMEM && ret != -EFAULT && ret != -EAGAIN)
			tap_fail(__FILE__, __LINE__, "%s, failure %u: %s", what, n,
				 strerror(-ret));
		failed += !!ret;
		if (!ret || (ret == -EFAULT && undo == undo_bind))
			undo(arg);
		if (happened)
			continue;
		EXPECT_EQ(ret, 0);
		break;
	}
	EXPECT(n < MOST);
	EXPECT(n > 1);
	printf("# %s: %u failures, %u of them told\n", what, n - 1, failed);
}

static long result(long ret)
{
	return ret < 0 ? -errno : 0;
}

static int fd;

static long call_open(void *arg)
{
	fd = vmb_open();
	return result(fd);
}

static void undo_open(void *arg)
{
	close(fd);
}

TEST(open_fails)
{
	prepare();
	sweep("open", call_open, undo_open, NULL);
}

static void undo_bind(void *arg)
{
	close(fd);
	fd = EXPECT_OK(vmb_open());
}

static long call_bind(void *arg)
{
	return result(vmb_bind(fd, PARTITION));
}

TEST(bind_fails)
{
	prepare();
	config_partition(PARTITION);
	fd = EXPECT_OK(vmb_open());
	sweep("bind", call_bind, undo_bind, NULL);
}

static void *page;

static long call_mem_add(void *arg)
{
	return result(vmb_mem_add(fd, 0x5000, 0x1000, page, 0));
}

static long call_mem_remove(void *arg)
{
	return result(vmb_mem_remove(fd, 0x5000, 0x1000));
}

static void undo_mem_add(void *arg)
{
	EXPECT_OK(vmb_mem_remove(fd, 0x5000, 0x1000));
}

static void undo_mem_remove(void *arg)
{
	EXPECT_OK(vmb_mem_add(fd, 0x5000, 0x1000, page, 0));
}

TEST(memory_fails)
{
	prepare();
	page = mmap(NULL, 0x1000, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	config_partition(PARTITION);
	fd = EXPECT_OK(vmb_open());
	EXPECT_OK(vmb_bind(fd, PARTITION));
	EXPECT_OK(vmb_mem_add(fd, 0x8000, 0x1000, page, 0));
	sweep("MEM_ADD", call_mem_add, undo_mem_add, NULL);
	undo_mem_remove(NULL);
	sweep("MEM_REMOVE", call_mem_remove, undo_mem_remove, NULL);
}

static int events[2];

static long call_vp_add(void *arg)
{
	return result(vmb_vp_add(fd, 0, events[0], events[1]));
}

static void undo_vp_add(void *arg)
{
	close(fd);
	fd = EXPECT_OK(vmb_open());
	EXPECT_OK(vmb_bind(fd, PARTITION));
}

TEST_LIMIT(vp_add_fails, 300)
{
	prepare();
	config_partition(PARTITION);
	fd = EXPECT_OK(vmb_open());
	EXPECT_OK(vmb_bind(fd, PARTITION));
	events[0] = EXPECT_OK(eventfd(0, EFD_CLOEXEC));
	events[1] = EXPECT_OK(eventfd(0, EFD_CLOEXEC));
	sweep("VP_ADD", call_vp_add, undo_vp_add, NULL);
}

static long call_synic(void *arg)
{
	struct guest_vp *vp = arg;

	return result(vmb_synic(vp->guest->fd, 0, 1, vp->simp | 1, vp->siefp | 1));
}

static void undo_synic(void *arg)
{
	struct guest_vp *vp = arg;

	EXPECT_OK(vmb_synic(vp->guest->fd, 0, 0, 0, 0));
}

TEST(synic_fails)
{
	struct guest *g;

	prepare();
	config_partition(PARTITION);
	g = guest_create(PARTITION);
	undo_synic(&g->vp[0]);
	sweep("SYNIC", call_synic, undo_synic, &g->vp[0]);
}

static int event;

static long call_signal_fd(void *arg)
{
	struct guest *g = arg;

	return result(vmb_signal_fd(g->fd, VMB_CONN_EVENT, event));
}

static void undo_signal_fd(void *arg)
{
	struct guest *g = arg;

	EXPECT_OK(vmb_signal_fd(g->fd, VMB_CONN_EVENT, -1));
}

TEST(signal_fd_fails)
{
	struct guest *g;

	prepare();
	config_partition(PARTITION);
	g = guest_create(PARTITION);
	bus_connect(g, VMB_VERSION_0_13);
	event = g->signal[0];
	undo_signal_fd(g);
	sweep("SIGNAL_FD", call_signal_fd, undo_signal_fd, g);
}

/*
 * One message, in whatever way it fails: the hypercall tells the VMM or the
 * guest, or the guest gets no answer, or one that says so.
 */
struct post {
	struct guest *g;
	u8 msg[VMB_MSG_PAYLOAD_MAX];
	u32 len;
	u64 status;
};

static long call_post(void *arg)
{
	struct post *p = arg;
	struct vmb_hv_post_message *in = guest_ptr(p->g, p->g->post_gpa);

	memset(in, 0, sizeof(*in));
	in->connection_id = cpu_to_le32(VMB_CONN_MESSAGE);
	in->message_type = cpu_to_le32(VMB_MSG_TYPE_CHANNEL);
	in->payload_size = cpu_to_le32(p->len);
	memcpy(in->payload, p->msg, p->len);
	return result(vmb_hcall(p->g->fd, 0, VMB_HCALL_POST_MESSAGE, p->g->post_gpa,
				&p->status));
}

/* one record waits; a read that fails must leave it there */
static long call_read(void *arg)
{
	struct post *p = arg;
	struct vmb_record rec;

	return result(read(p->g->fd, &rec, sizeof(rec)));
}

static void undo_read(void *arg)
{
	struct post *p = arg;

	/* another one: that it is not wanted any more */
	EXPECT_OK(vmb_reset(p->g->fd));
	EXPECT_EQ(call_read(p), 0);
	guest_slot(&p->g->vp[0])->message_type = 0;
	guest_synic_on(&p->g->vp[0]);
	EXPECT_EQ(call_post(p), 0);
}

static void fresh_connection(struct guest *g)
{
	g->racing = true;
	guest_drain(g);
	bus_connect(g, VMB_VERSION_5_3);
	guest_service(g);
}

static void sweep_post(const char *what, struct post *p, void (*before)(struct guest *g))
{
	unsigned int n, dropped = 0;
	bool happened;
	long ret;

	for (n = 1; n < MOST; n++) {
		fresh_connection(p->g);
		if (before)
			before(p->g);
		arm(n);
		ret = call_post(p);
		happened = disarm();
		if (ret && ret != -EFAULT && ret != -ENOMEM)
			tap_fail(__FILE__, __LINE__, "%s, failure %u: %s", what, n,
				 strerror(-ret));
		dropped += ret || p->status;
		guest_service(p->g);
		guest_drain(p->g);
		if (!happened)
			break;
	}
	EXPECT_EQ(ret, 0);
	EXPECT_EQ(p->status, VMB_HV_SUCCESS);
	EXPECT(n > 1 && n < MOST);
	printf("# %s: %u failures, %u of them told\n", what, n - 1, dropped);
}

static struct guest *guest_with_controller(void)
{
	struct guest *g;

	prepare();
	config_partition(PARTITION);
	ctrl_create(PARTITION, "scsi.0");
	ctrl_enable(PARTITION, "scsi.0");
	g = guest_create(PARTITION);
	g->int_page = guest_alloc(g, 1);
	return g;
}

TEST_LIMIT(contact_fails, 300)
{
	struct guest *g = guest_with_controller();
	struct post p = { .g = g, .len = sizeof(struct vmb_msg_initiate_contact) };
	struct vmb_msg_initiate_contact *m = (void *)p.msg;

	m->hdr.type = cpu_to_le32(VMB_MSG_INITIATE_CONTACT);
	m->version = cpu_to_le32(VMB_VERSION_0_13);
	m->interrupt_page = cpu_to_le64(g->int_page);
	sweep_post("INITIATE_CONTACT", &p, NULL);
	EXPECT_OK(vmb_reset(g->fd));
	guest_service(g);
	EXPECT_EQ(call_post(&p), 0);
	sweep("read", call_read, undo_read, &p);
}

TEST_LIMIT(offers_fail, 300)
{
	struct guest *g = guest_with_controller();
	struct post p = { .g = g, .len = sizeof(struct vmb_msg_header) };

	*(__le32 *)p.msg = cpu_to_le32(VMB_MSG_REQUEST_OFFERS);
	sweep_post("REQUEST_OFFERS", &p, NULL);
	*(__le32 *)p.msg = cpu_to_le32(VMB_MSG_UNLOAD);
	sweep_post("UNLOAD", &p, NULL);
}

static u64 ring_gpa;

static void before_gpadl(struct guest *g)
{
	struct vmb_msg_offer offer;

	EXPECT_EQ(bus_offers(g, &offer, 1), 1);
	EXPECT_EQ(offer.relid, 1);
}

static void before_open(struct guest *g)
{
	before_gpadl(g);
	EXPECT_EQ(bus_gpadl_create(g, 1, 1, ring_gpa, 6), VMB_STATUS_SUCCESS);
	memset(guest_ptr(g, ring_gpa), 0, 6 * VMB_PAGE_SIZE);
}

TEST_LIMIT(gpadl_and_open_fail, 300)
{
	struct guest *g = guest_with_controller();
	struct {
		struct vmb_msg_gpadl_header m;
		u64 list[7];
	} __packed head = {
		.m.hdr.type = cpu_to_le32(VMB_MSG_GPADL_HEADER),
		.m.relid = cpu_to_le32(1),
		.m.gpadl = cpu_to_le32(1),
		.m.range_buflen = cpu_to_le16(56),
		.m.range_count = cpu_to_le16(1),
		.list = { 6 * VMB_PAGE_SIZE },
	};
	struct vmb_msg_open open = {
		.hdr.type = cpu_to_le32(VMB_MSG_OPEN),
		.relid = cpu_to_le32(1),
		.ring_gpadl = cpu_to_le32(1),
		.downstream_page = cpu_to_le32(3),
	};
	struct post p = { .g = g, .len = sizeof(head) };
	int i;

	ring_gpa = guest_alloc(g, 6);
	for (i = 0; i < 6; i++)
		head.list[1 + i] = (ring_gpa >> VMB_PAGE_SHIFT) + i;
	memcpy(p.msg, &head, sizeof(head));
	sweep_post("GPADL_HEADER", &p, before_gpadl);
	memcpy(p.msg, &open, sizeof(open));
	p.len = sizeof(open);
	sweep_post("OPEN", &p, before_open);
}

/* A packet that was taken is answered, whatever fails. */
static void sweep_command(const char *what, struct stor *s, struct stor_cmd *proto)
{
	unsigned int n, failed = 0;
	struct stor_cmd cmd;
	bool happened;
	u64 one = 1;
	long ret;

	for (n = 1; n < MOST; n++) {
		cmd = *proto;
		EXPECT_EQ(stor_submit(s, &cmd, true), 0);
		arm(n);
		/* is polled on its way back */
		ret = write(s->ch.g->signal[s->ch.relid], &one, sizeof(one));
		happened = disarm();
		if (ret < 0)
			guest_signal(s->ch.g, s->ch.relid);
		stor_wait(s, &cmd);
		failed += !cmd_ok(&cmd);
		if (!happened)
			break;
	}
	EXPECT_GOOD(&cmd);
	EXPECT(n > 1 && n < MOST);
	printf("# %s: %u failures, %u of them told\n", what, n - 1, failed);
}

TEST_LIMIT(commands_fail, 300)
{
	struct stor_cmd cmd;
	struct guest *g;
	struct stor *s;
	u64 gpa;
	int i;

	prepare();
	disk_create(DISK, FAST " discard=1");
	s = stor_start(stor_guest(DISK));
	stor_clear_ua(s, 0);
	g = s->ch.g;
	gpa = guest_alloc(g, 256);
	for (i = 0; i < 2; i++) {
		cmd_rw(&cmd, i, 0, 8, gpa, 512);
		sweep_command(i ? "WRITE" : "READ", s, &cmd);
		cmd_rw(&cmd, i, 0, 2000, gpa + 4, 512);
		sweep_command(i ? "WRITE, unaligned" : "READ, unaligned", s, &cmd);
	}
	cmd = (struct stor_cmd){ .cdb = { 0x12, 0, 0, 0, 96 }, .cdb_len = 6, .len = 96,
				 .gpa = gpa };
	sweep_command("INQUIRY", s, &cmd);
	cmd = (struct stor_cmd){ .cdb = { 0x12, 1, 0x83, 0, 96 }, .cdb_len = 6, .len = 96,
				 .gpa = gpa };
	sweep_command("INQUIRY, page 83", s, &cmd);
}

static long call_partition(void *arg)
{
	return result(config_mkdir(PARTITION));
}

static void undo_partition(void *arg)
{
	EXPECT_OK(config_rmdir(PARTITION));
}

static long call_controller(void *arg)
{
	return result(config_mkdir(PARTITION "/scsi.0"));
}

static void undo_controller(void *arg)
{
	EXPECT_OK(config_rmdir(PARTITION "/scsi.0"));
}

static long call_lun(void *arg)
{
	return result(config_mkdir(PARTITION "/scsi.0/lun.0"));
}

static void undo_lun(void *arg)
{
	EXPECT_OK(config_rmdir(PARTITION "/scsi.0/lun.0"));
}

static long call_lun_enable(void *arg)
{
	return result(lun_set(PARTITION, "scsi.0", 0, "enable", "1"));
}

static void undo_lun_enable(void *arg)
{
	EXPECT_OK(lun_set(PARTITION, "scsi.0", 0, "enable", "0"));
}

static long call_enable(void *arg)
{
	return result(config_write(PARTITION "/scsi.0/enable", "1"));
}

static void undo_enable(void *arg)
{
	EXPECT_OK(config_write(PARTITION "/scsi.0/enable", "0"));
	if (arg)
		guest_drain(arg);
}

TEST_LIMIT(configuration_fails, 300)
{
	struct guest *g;

	prepare();
	disk_create(DISK, FAST);
	sweep("mkdir of a partition", call_partition, undo_partition, NULL);
	config_partition(PARTITION);
	sweep("mkdir of a controller", call_controller, undo_controller, NULL);
	ctrl_create(PARTITION, "scsi.0");
	sweep("mkdir of a LUN", call_lun, undo_lun, NULL);
	EXPECT_OK(config_mkdir(PARTITION "/scsi.0/lun.0"));
	EXPECT_OK(lun_set(PARTITION, "scsi.0", 0, "device", "/dev/" DISK));
	sweep("enable of a LUN", call_lun_enable, undo_lun_enable, NULL);
	EXPECT_OK(lun_set(PARTITION, "scsi.0", 0, "enable", "1"));
	sweep("enable of a controller", call_enable, undo_enable, NULL);
	/* with a guest that hears of it */
	g = guest_create(PARTITION);
	g->racing = true;
	bus_connect(g, VMB_VERSION_5_3);
	EXPECT_EQ(bus_offers(g, NULL, 0), 0);
	sweep("enable of a controller for a guest", call_enable, undo_enable, g);
}
