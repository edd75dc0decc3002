/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * State of the NICs, for people.
 */
#ifndef VSP_NET_DEBUGFS_H
#define VSP_NET_DEBUGFS_H

struct vsp_net_nic;

#ifdef CONFIG_DEBUG_FS
void vsp_net_debugfs_init(void);
void vsp_net_debugfs_exit(void);
void vsp_net_debugfs_add(struct vsp_net_nic *nic);
void vsp_net_debugfs_remove(struct vsp_net_nic *nic);
#else
static inline void vsp_net_debugfs_init(void) {}
static inline void vsp_net_debugfs_exit(void) {}
static inline void vsp_net_debugfs_add(struct vsp_net_nic *nic) {}
static inline void vsp_net_debugfs_remove(struct vsp_net_nic *nic) {}
#endif

#endif /* VSP_NET_DEBUGFS_H */
