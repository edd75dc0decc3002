// SPDX-License-Identifier: GPL-2.0-only
/*
 * Signals: for each connection id that /dev/vmb asks for, an eventfd that KVM
 * signals when the guest calls HvSignalEvent.
 */
#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "relay.h"

/* records are handled in their order, one thread at a time */
static pthread_mutex_t vmwp_signal_lock = PTHREAD_MUTEX_INITIALIZER;

static int vmwp_signal_kvm(__u32 connection_id, int fd, bool assign)
{
	struct kvm_hyperv_eventfd ev = {
		.conn_id = connection_id,
		.fd = fd,
		.flags = assign ? 0 : KVM_HYPERV_EVENTFD_DEASSIGN,
	};

	return vmwp_ioctl(vmwp.vm_fd, KVM_HYPERV_EVENTFD, &ev);
}

static int vmwp_signal_vmb(__u32 connection_id, int fd)
{
	struct vmb_signal_fd sig = {
		.size = sizeof(sig),
		.connection_id = connection_id,
		.fd = fd,
	};

	return vmwp_ioctl(vmwp.vmb_fd, VMB_SIGNAL_FD, &sig);
}

/*
 * Nothing here is fatal: without an eventfd, HvSignalEvent exits to us and we
 * pass it on by VMB_HCALL.
 */
static void vmwp_signal_assign(__u32 connection_id)
{
	int fd, ret;

	fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (fd < 0) {
		vmwp_err_guest("connection %u: no eventfd: %s: signals are slow",
			       connection_id, strerror(errno));
		return;
	}

	/* the listener first: KVM would signal to nobody */
	ret = vmwp_signal_vmb(connection_id, fd);
	if (ret) {
		/* ENOENT: not wanted any more, a record will say so */
		if (ret != -ENOENT)
			vmwp_err_guest("connection %u: /dev/vmb takes no eventfd: %s",
				       connection_id, strerror(-ret));
		goto close_fd;
	}
	ret = vmwp_signal_kvm(connection_id, fd, true);
	if (ret) {
		vmwp_err_guest("connection %u: KVM takes no eventfd: %s: signals are slow",
			       connection_id, strerror(-ret));
		vmwp_signal_vmb(connection_id, -1);
		goto close_fd;
	}
	vmwp_trace("connection %u: eventfd assigned", connection_id);
close_fd:
	/* both ends hold on to the eventfd itself */
	close(fd);
}

static void vmwp_signal_drop(__u32 connection_id)
{
	int ret;

	/* ENOENT: assigning failed, or never came about */
	ret = vmwp_signal_kvm(connection_id, -1, false);
	if (ret && ret != -ENOENT)
		vmwp_err_guest("connection %u: KVM keeps the eventfd: %s",
			       connection_id, strerror(-ret));
	ret = vmwp_signal_vmb(connection_id, -1);
	if (ret && ret != -ENOENT)
		vmwp_err_guest("connection %u: /dev/vmb keeps the eventfd: %s",
			       connection_id, strerror(-ret));
	vmwp_trace("connection %u: eventfd dropped", connection_id);
}

/**
 * vmwp_signal_drain - do what the records of /dev/vmb ask for
 *
 * All records made before the call are handled when it returns, whichever
 * thread handled them.
 */
void vmwp_signal_drain(void)
{
	struct vmb_record recs[32];
	int saved = errno;
	ssize_t len, i;

	pthread_mutex_lock(&vmwp_signal_lock);
	for (;;) {
		len = read(vmwp.vmb_fd, recs, sizeof(recs));
		if (len < 0 && errno == EINTR)
			continue;
		if (len < (ssize_t)sizeof(recs[0]))
			break;
		for (i = 0; i < len / (ssize_t)sizeof(recs[0]); i++) {
			switch (recs[i].type) {
			case VMB_RECORD_ASSIGN:
				vmwp_signal_assign(recs[i].connection_id);
				break;
			case VMB_RECORD_DROP:
				vmwp_signal_drop(recs[i].connection_id);
				break;
			default:
				vmwp_err_guest("record of unknown type %u",
					       recs[i].type);
			}
		}
	}
	if (len < 0 && errno != EAGAIN)
		vmwp_err_guest("records cannot be read: %s", strerror(errno));
	pthread_mutex_unlock(&vmwp_signal_lock);
	errno = saved;
}
