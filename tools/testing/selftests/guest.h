/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A process that is VMM and guest at once: it owns the memory, is the thread of
 * its virtual processors, makes their hypercalls, and drives the rings.
 *
 * The calling thread is VP 0. Further VPs have threads of their own, which do
 * what guest_vp_run() tells them.
 */
#ifndef GUEST_H
#define GUEST_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <linux/types.h>
#include <linux/vmb.h>
#include <asm/byteorder.h>
#include <vmb/proto/bus.h>
#include <vmb/ring.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define GUEST_VPS	8
#define GUEST_STASH	4096
#define GUEST_RELIDS	2048
/* gpa of the first byte; below it there is none */
#define GUEST_RAM	0x100000ULL
#define GUEST_RAM_SIZE	(64ULL << 20)
/* how long an answer may take, in ms */
#define GUEST_PATIENCE	20000

struct guest;

/**
 * struct guest_vp - a virtual processor
 * @guest: its guest
 * @index: its number
 * @sint: eventfd of its SINT
 * @eom: eventfd of its EOM
 * @simp: GPA of its message page
 * @siefp: GPA of its event flags page
 * @thread: runs it, unless it is VP 0
 */
struct guest_vp {
	struct guest *guest;
	u32 index;
	int sint;
	int eom;
	u64 simp;
	u64 siefp;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t cond;
	void (*fn)(struct guest_vp *vp, void *arg);
	void *arg;
	bool busy;
};

struct guest_msg {
	u32 type;
	u32 len;
	u8 payload[VMB_MSG_PAYLOAD_MAX];
};

struct guest {
	int fd;
	int memfd;
	u8 *ram;
	u64 ram_used;
	u64 post_gpa;
	unsigned int nr_vps;
	struct guest_vp vp[GUEST_VPS];
	/* takes messages */
	unsigned int msg_vp;
	u32 msg_conn;
	u32 version;
	u64 int_page;
	u32 next_gpadl;
	struct guest_msg stash[GUEST_STASH];
	unsigned int nr_stash;
	/* eventfd by relid, 0 for the shared one; -1 */
	int signal[GUEST_RELIDS];
	unsigned int nr_drops;
	/* offers come and go by themselves: a record may be old when it is read */
	bool racing;
};

/* The system calls, with the size filled in */
int vmb_bind(int fd, const char *name);
int vmb_mem_add(int fd, u64 gpa, u64 len, void *hva, u32 flags);
int vmb_mem_remove(int fd, u64 gpa, u64 len);
int vmb_vp_add(int fd, u32 vp, int sint, int eom);
int vmb_synic(int fd, u32 vp, u64 scontrol, u64 simp, u64 siefp);
int vmb_hcall(int fd, u32 vp, u64 input, u64 param, u64 *result);
int vmb_signal_fd(int fd, u32 connection_id, int event);
int vmb_reset(int fd);
int vmb_open(void);

/* The machine */
struct guest *guest_create(const char *partition);
void guest_destroy(struct guest *g);
struct guest_vp *guest_add_vp(struct guest *g);
void guest_vp_run(struct guest_vp *vp, void (*fn)(struct guest_vp *vp, void *arg),
		  void *arg);
void guest_vp_start(struct guest_vp *vp, void (*fn)(struct guest_vp *vp, void *arg),
		    void *arg);
void guest_vp_wait(struct guest_vp *vp);
void guest_synic_on(struct guest_vp *vp);
void guest_vp_end_thread(struct guest_vp *vp);
void guest_vp_new_thread(struct guest_vp *vp);
u64 guest_alloc(struct guest *g, unsigned int pages);
void *guest_ptr(struct guest *g, u64 gpa);
u64 guest_gpa(struct guest *g, const void *p);
u64 guest_now_ms(void);

/* What the VMM does about records */
void guest_service(struct guest *g);

/* Hypercalls of VP 0; HV_STATUS is returned */
u16 guest_post_raw(struct guest *g, u32 connection_id, u32 type, const void *msg,
		   u32 len);
u16 guest_post(struct guest *g, const void *msg, u32 len);
u16 guest_signal_hcall(struct guest *g, u32 connection_id);
void guest_signal(struct guest *g, u32 relid);
bool guest_has_signal(struct guest *g, u32 relid);

/* Messages from the host */
struct vmb_hv_message *guest_slot(struct guest_vp *vp);
bool guest_free_slot(struct guest_vp *vp);
bool guest_take(struct guest *g, struct guest_msg *msg, int timeout_ms);
bool guest_next(struct guest *g, struct guest_msg *msg);
bool guest_find(struct guest *g, u32 type, void *buf, u32 len);
void guest_wait(struct guest *g, u32 type, void *buf, u32 len);
void guest_expect_silence(struct guest *g);
void guest_drain(struct guest *g);
bool guest_wait_sint(struct guest_vp *vp, int timeout_ms);
bool guest_test_flag(struct guest_vp *vp, u32 flag);
bool guest_clear_flag(struct guest_vp *vp, u32 flag);

#endif /* GUEST_H */
