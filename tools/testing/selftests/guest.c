// SPDX-License-Identifier: GPL-2.0-only
/*
 * The machine: memory, virtual processors, hypercalls, messages.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"
#include "tap.h"

int shim_fail_alloc;

int vmb_open(void)
{
	return open("/dev/vmb", O_RDWR | O_CLOEXEC);
}

int vmb_bind(int fd, const char *name)
{
	struct vmb_bind bind = { .size = sizeof(bind) };

	memcpy(bind.name, name, strnlen(name, sizeof(bind.name)));
	return ioctl(fd, VMB_BIND, &bind);
}

int vmb_mem_add(int fd, u64 gpa, u64 len, void *hva, u32 flags)
{
	struct vmb_mem mem = {
		.size = sizeof(mem),
		.flags = flags,
		.gpa = gpa,
		.len = len,
		.hva = (uintptr_t)hva,
	};

	return ioctl(fd, VMB_MEM_ADD, &mem);
}

int vmb_mem_remove(int fd, u64 gpa, u64 len)
{
	struct vmb_mem mem = { .size = sizeof(mem), .gpa = gpa, .len = len };

	return ioctl(fd, VMB_MEM_REMOVE, &mem);
}

int vmb_vp_add(int fd, u32 vp, int sint, int eom)
{
	struct vmb_vp_add add = {
		.size = sizeof(add),
		.vp = vp,
		.sint_fd = sint,
		.eom_fd = eom,
	};

	return ioctl(fd, VMB_VP_ADD, &add);
}

int vmb_synic(int fd, u32 vp, u64 scontrol, u64 simp, u64 siefp)
{
	struct vmb_synic synic = {
		.size = sizeof(synic),
		.vp = vp,
		.scontrol = scontrol,
		.simp = simp,
		.siefp = siefp,
	};

	return ioctl(fd, VMB_SYNIC, &synic);
}

int vmb_hcall(int fd, u32 vp, u64 input, u64 param, u64 *result)
{
	struct vmb_hcall hcall = {
		.size = sizeof(hcall),
		.vp = vp,
		.input = input,
		.params = { param, 0 },
		.result = ~0ULL,
	};
	int ret = ioctl(fd, VMB_HCALL, &hcall);

	if (result)
		*result = hcall.result;
	return ret;
}

int vmb_signal_fd(int fd, u32 connection_id, int event)
{
	struct vmb_signal_fd sig = {
		.size = sizeof(sig),
		.connection_id = connection_id,
		.fd = event,
	};

	return ioctl(fd, VMB_SIGNAL_FD, &sig);
}

int vmb_reset(int fd)
{
	struct vmb_reset reset = { .size = sizeof(reset) };

	return ioctl(fd, VMB_RESET, &reset);
}

u64 guest_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000ULL + ts.tv_nsec / 1000000;
}

u64 guest_alloc(struct guest *g, unsigned int pages)
{
	u64 at = g->ram_used;

	g->ram_used += (u64)pages << VMB_PAGE_SHIFT;
	EXPECT(g->ram_used <= GUEST_RAM_SIZE);
	return GUEST_RAM + at;
}

void *guest_ptr(struct guest *g, u64 gpa)
{
	EXPECT(gpa >= GUEST_RAM && gpa < GUEST_RAM + GUEST_RAM_SIZE);
	return g->ram + (gpa - GUEST_RAM);
}

u64 guest_gpa(struct guest *g, const void *p)
{
	return GUEST_RAM + ((const u8 *)p - g->ram);
}

static void vp_init(struct guest *g, struct guest_vp *vp)
{
	vp->guest = g;
	vp->index = vp - g->vp;
	vp->sint = EXPECT_OK(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
	vp->eom = EXPECT_OK(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
	vp->simp = guest_alloc(g, 1);
	vp->siefp = guest_alloc(g, 1);
	pthread_mutex_init(&vp->lock, NULL);
	pthread_cond_init(&vp->cond, NULL);
}

/* in the thread of the VP */
static void vp_up(struct guest_vp *vp)
{
	EXPECT_OK(vmb_vp_add(vp->guest->fd, vp->index, vp->sint, vp->eom));
	guest_synic_on(vp);
}

void guest_synic_on(struct guest_vp *vp)
{
	EXPECT_OK(vmb_synic(vp->guest->fd, vp->index, VMB_SYNIC_ENABLE,
			    vp->simp | VMB_SYNIC_ENABLE,
			    vp->siefp | VMB_SYNIC_ENABLE));
}

static void *vp_main(void *arg)
{
	struct guest_vp *vp = arg;

	pthread_mutex_lock(&vp->lock);
	for (;;) {
		while (!vp->fn)
			pthread_cond_wait(&vp->cond, &vp->lock);
		pthread_mutex_unlock(&vp->lock);
		vp->fn(vp, vp->arg);
		pthread_mutex_lock(&vp->lock);
		vp->fn = NULL;
		vp->busy = false;
		pthread_cond_broadcast(&vp->cond);
	}
	return NULL;
}

/* Have the VP's thread call a function; does not wait for it. */
void guest_vp_start(struct guest_vp *vp, void (*fn)(struct guest_vp *vp, void *arg),
		    void *arg)
{
	pthread_mutex_lock(&vp->lock);
	EXPECT(!vp->busy);
	vp->busy = true;
	vp->arg = arg;
	vp->fn = fn;
	pthread_cond_broadcast(&vp->cond);
	pthread_mutex_unlock(&vp->lock);
}

void guest_vp_wait(struct guest_vp *vp)
{
	pthread_mutex_lock(&vp->lock);
	while (vp->busy)
		pthread_cond_wait(&vp->cond, &vp->lock);
	pthread_mutex_unlock(&vp->lock);
}

void guest_vp_run(struct guest_vp *vp, void (*fn)(struct guest_vp *vp, void *arg),
		  void *arg)
{
	guest_vp_start(vp, fn, arg);
	guest_vp_wait(vp);
}

static void leave_thread(struct guest_vp *vp, void *arg)
{
	pthread_exit(NULL);
}

/* Not of VP 0 */
void guest_vp_end_thread(struct guest_vp *vp)
{
	guest_vp_start(vp, leave_thread, NULL);
	EXPECT(!pthread_join(vp->thread, NULL));
}

/* For a VP that has none; it does nothing by itself, VMB_VP_ADD neither. */
void guest_vp_new_thread(struct guest_vp *vp)
{
	vp->fn = NULL;
	vp->busy = false;
	EXPECT(!pthread_create(&vp->thread, NULL, vp_main, vp));
}

static void vp_up_fn(struct guest_vp *vp, void *arg)
{
	vp_up(vp);
}

struct guest_vp *guest_add_vp(struct guest *g)
{
	struct guest_vp *vp = &g->vp[g->nr_vps];

	EXPECT(g->nr_vps < GUEST_VPS);
	g->nr_vps++;
	vp_init(g, vp);
	guest_vp_new_thread(vp);
	guest_vp_run(vp, vp_up_fn, NULL);
	return vp;
}

/* A bound partition, memory, and VP 0 with its SynIC enabled. */
struct guest *guest_create(const char *partition)
{
	struct guest *g = calloc(1, sizeof(*g));
	unsigned int i;

	EXPECT(g);
	for (i = 0; i < GUEST_RELIDS; i++)
		g->signal[i] = -1;
	g->next_gpadl = 0x100;
	g->fd = EXPECT_OK(vmb_open());
	EXPECT_OK(vmb_bind(g->fd, partition));

	g->memfd = EXPECT_OK(memfd_create("ram", MFD_CLOEXEC));
	EXPECT_OK(ftruncate(g->memfd, GUEST_RAM_SIZE));
	g->ram = mmap(NULL, GUEST_RAM_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
		      g->memfd, 0);
	EXPECT(g->ram != MAP_FAILED);
	EXPECT_OK(vmb_mem_add(g->fd, GUEST_RAM, GUEST_RAM_SIZE, g->ram, 0));
	g->post_gpa = guest_alloc(g, 1);

	g->nr_vps = 1;
	vp_init(g, &g->vp[0]);
	vp_up(&g->vp[0]);
	return g;
}

/* Only what a second guest in the same test would trip over. */
void guest_destroy(struct guest *g)
{
	unsigned int i;

	EXPECT_OK(close(g->fd));
	for (i = 0; i < GUEST_RELIDS; i++)
		if (g->signal[i] >= 0)
			close(g->signal[i]);
	close(g->vp[0].sint);
	close(g->vp[0].eom);
	munmap(g->ram, GUEST_RAM_SIZE);
	close(g->memfd);
	free(g);
}

static u32 relid_of(u32 connection_id)
{
	u32 relid = connection_id & 0xffff;

	if (connection_id == VMB_CONN_EVENT)
		return 0;
	EXPECT(relid && relid < GUEST_RELIDS);
	return relid;
}

void guest_service(struct guest *g)
{
	struct vmb_record rec[16];
	int n, i, *fd;

	for (;;) {
		n = read(g->fd, rec, sizeof(rec));
		if (n < 0 && errno == EAGAIN)
			return;
		EXPECT_OK(n);
		EXPECT(n && !(n % sizeof(rec[0])));
		for (i = 0; i < n / (int)sizeof(rec[0]); i++) {
			fd = &g->signal[relid_of(rec[i].connection_id)];
			if (rec[i].type == VMB_RECORD_ASSIGN) {
				EXPECT_EQ(*fd, -1);
				*fd = EXPECT_OK(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
				if (!vmb_signal_fd(g->fd, rec[i].connection_id, *fd))
					continue;
				EXPECT(errno == ENOENT && g->racing);
				close(*fd);
				*fd = -1;
			} else {
				EXPECT_EQ(rec[i].type, VMB_RECORD_DROP);
				if (*fd < 0 && g->racing)
					continue;
				EXPECT(*fd >= 0);
				EXPECT_OK(vmb_signal_fd(g->fd, rec[i].connection_id, -1));
				close(*fd);
				*fd = -1;
				g->nr_drops++;
			}
		}
	}
}

u16 guest_post_raw(struct guest *g, u32 connection_id, u32 type, const void *msg,
		   u32 len)
{
	struct vmb_hv_post_message *in = guest_ptr(g, g->post_gpa);
	u64 result;

	memset(in, 0, sizeof(*in));
	in->connection_id = cpu_to_le32(connection_id);
	in->message_type = cpu_to_le32(type);
	in->payload_size = cpu_to_le32(len);
	memcpy(in->payload, msg, len < sizeof(in->payload) ? len : sizeof(in->payload));
	EXPECT_OK(vmb_hcall(g->fd, 0, VMB_HCALL_POST_MESSAGE, g->post_gpa, &result));
	EXPECT(result <= 0xffff);
	guest_service(g);
	return result;
}

u16 guest_post(struct guest *g, const void *msg, u32 len)
{
	return guest_post_raw(g, g->msg_conn ?: VMB_CONN_MESSAGE,
			      VMB_MSG_TYPE_CHANNEL, msg, len);
}

u16 guest_signal_hcall(struct guest *g, u32 connection_id)
{
	u64 result;

	EXPECT_OK(vmb_hcall(g->fd, 0, VMB_HCALL_SIGNAL_EVENT | VMB_HCALL_FAST,
			    connection_id, &result));
	return result;
}

bool guest_has_signal(struct guest *g, u32 relid)
{
	return g->signal[relid] >= 0;
}

/* What KVM does for HvSignalEvent, in the thread of the VP. */
void guest_signal(struct guest *g, u32 relid)
{
	u64 one = 1;

	EXPECT(g->signal[relid] >= 0);
	EXPECT_OK(write(g->signal[relid], &one, sizeof(one)));
}

struct vmb_hv_message *guest_slot(struct guest_vp *vp)
{
	return (struct vmb_hv_message *)guest_ptr(vp->guest, vp->simp) + VMB_SINT;
}

/* What a guest does with a message it has read. True when it wrote EOM. */
bool guest_free_slot(struct guest_vp *vp)
{
	struct vmb_hv_message *slot = guest_slot(vp);
	u64 one = 1;

	__atomic_store_n(&slot->message_type, 0, __ATOMIC_RELEASE);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (!(__atomic_load_n(&slot->flags, __ATOMIC_RELAXED) & VMB_MSG_FLAG_PENDING))
		return false;
	EXPECT_OK(write(vp->eom, &one, sizeof(one)));
	return true;
}

static bool take_slot(struct guest *g, struct guest_msg *msg)
{
	struct guest_vp *vp = &g->vp[g->msg_vp];
	struct vmb_hv_message *slot = guest_slot(vp);
	u32 type = __atomic_load_n(&slot->message_type, __ATOMIC_ACQUIRE);
	const struct vmb_msg_header *hdr = (void *)msg->payload;

	if (!type)
		return false;
	EXPECT_EQ(type, VMB_MSG_TYPE_CHANNEL);
	EXPECT(!slot->sender && !slot->reserved);
	EXPECT(slot->payload_size >= sizeof(*hdr) &&
	       slot->payload_size <= sizeof(msg->payload));
	memset(msg, 0, sizeof(*msg));
	msg->len = slot->payload_size;
	memcpy(msg->payload, slot->payload, msg->len);
	msg->type = le32_to_cpu(hdr->type);
	EXPECT(!hdr->padding);
	guest_free_slot(vp);
	return true;
}

/* Any way into the kernel and back has the message page written. */
bool guest_take(struct guest *g, struct guest_msg *msg, int timeout_ms)
{
	u64 end = guest_now_ms() + timeout_ms;

	for (;;) {
		/* by the thread's way back from a system call, it is there */
		if (take_slot(g, msg))
			return true;
		if (guest_now_ms() >= end)
			return false;
		guest_wait_sint(&g->vp[g->msg_vp], end - guest_now_ms());
	}
}

/* The first message of a type that has come already; the others stay. */
bool guest_find(struct guest *g, u32 type, void *buf, u32 len)
{
	unsigned int i;

	while (g->nr_stash < GUEST_STASH &&
	       guest_take(g, &g->stash[g->nr_stash], 0))
		g->nr_stash++;
	for (i = 0; i < g->nr_stash; i++) {
		if (g->stash[i].type != type)
			continue;
		if (buf) {
			EXPECT_EQ(g->stash[i].len, len);
			memcpy(buf, g->stash[i].payload, len);
		}
		g->nr_stash--;
		memmove(&g->stash[i], &g->stash[i + 1],
			(g->nr_stash - i) * sizeof(g->stash[0]));
		return true;
	}
	return false;
}

/* The message that came first, whatever it is. */
bool guest_next(struct guest *g, struct guest_msg *msg)
{
	if (!g->nr_stash)
		return guest_take(g, msg, 0);
	*msg = g->stash[0];
	g->nr_stash--;
	memmove(&g->stash[0], &g->stash[1], g->nr_stash * sizeof(g->stash[0]));
	return true;
}

void guest_wait(struct guest *g, u32 type, void *buf, u32 len)
{
	u64 end = guest_now_ms() + GUEST_PATIENCE;

	while (!guest_find(g, type, buf, len)) {
		if (guest_now_ms() >= end)
			tap_fail(__FILE__, __LINE__, "no message of type %u came", type);
		guest_wait_sint(&g->vp[g->msg_vp], end - guest_now_ms());
	}
	guest_service(g);
}

/* Answers are there when the call that asked for them returns. */
void guest_expect_silence(struct guest *g)
{
	struct guest_msg msg;

	if (g->nr_stash)
		tap_fail(__FILE__, __LINE__, "a message of type %u nobody waited for",
			 g->stash[0].type);
	if (guest_take(g, &msg, 0))
		tap_fail(__FILE__, __LINE__, "an unexpected message of type %u",
			 msg.type);
}

void guest_drain(struct guest *g)
{
	struct guest_msg msg;

	g->nr_stash = 0;
	while (guest_take(g, &msg, 0))
		;
	guest_service(g);
}

bool guest_wait_sint(struct guest_vp *vp, int timeout_ms)
{
	struct pollfd pfd = { .fd = vp->sint, .events = POLLIN };
	u64 count;

	if (poll(&pfd, 1, timeout_ms < 0 ? 0 : timeout_ms) < 1)
		return false;
	return read(vp->sint, &count, sizeof(count)) == sizeof(count);
}

static u64 *flag_word(struct guest_vp *vp, u32 flag)
{
	u8 *page = guest_ptr(vp->guest, vp->siefp);

	return (u64 *)(page + VMB_SINT * (VMB_EVENT_FLAGS / 8)) + flag / 64;
}

bool guest_test_flag(struct guest_vp *vp, u32 flag)
{
	return __atomic_load_n(flag_word(vp, flag), __ATOMIC_ACQUIRE) >> flag % 64 & 1;
}

bool guest_clear_flag(struct guest_vp *vp, u32 flag)
{
	u64 bit = 1ULL << flag % 64;

	return __atomic_fetch_and(flag_word(vp, flag), ~bit, __ATOMIC_ACQ_REL) & bit;
}
