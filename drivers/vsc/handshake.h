/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The handshake of the storage protocol. How a request gets to the host, and its
 * answer back, is the driver's affair.
 */
#ifndef VSC_HANDSHAKE_H
#define VSC_HANDSHAKE_H

#include "wire.h"

struct device;

/**
 * struct vsc_handshake - a driver's half
 * @dev: for the log
 * @level: of what fails, in the log: KERN_ERR or KERN_WARNING
 * @wire: set to the version that was agreed on; to those that are tried until then
 * @ask: send @pkt, with &struct vsc_wire.packet_bytes of @wire, and wait for the
 *	answer, which replaces it. Returns 0 or an errno. May sleep
 */
struct vsc_handshake {
	struct device *dev;
	const char *level;
	struct vsc_wire *wire;
	int (*ask)(struct vsc_handshake *hs, struct vmb_stor_packet *pkt);
};

int vsc_handshake(struct vsc_handshake *hs, struct vsc_wire_properties *props);
int vsc_handshake_step(struct vsc_handshake *hs, struct vmb_stor_packet *pkt,
		       enum vmb_stor_op op);

#endif /* VSC_HANDSHAKE_H */
